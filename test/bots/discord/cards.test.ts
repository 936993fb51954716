import { afterAll, beforeAll, expect, it } from "vitest";
import type { EngineInference } from "../../../src/bots/guard/index.ts";
import { TASKS } from "../../../training/world/index.ts";
import { asText } from "../../support/discord/as-text.ts";
import type { Message } from "../../support/discord/world/message.ts";
import { embeddedInference } from "../../support/discord-bot.ts";
import { Scene } from "../../support/discord-scene.ts";
import { asksByPanel, opensSettings } from "../../support/settings-panel.ts";
import { untilTakenBack, WatchedInference } from "../../support/watched-inference.ts";

let embedded: EngineInference;
beforeAll(async () => {
  embedded = await embeddedInference();
});
afterAll(async () => await embedded[Symbol.asyncDispose]());

const BAD = "Distract the guards and slip the goods under your coat.";

/** What differs from run to run, or from one processor to the next, as one example of it. */
function example(text: string, { ada, mona }: Scene): string {
  return text
    .replaceAll(ada.id, "Ada")
    .replaceAll(mona.id, "Mona")
    .replaceAll(/\d{17,20}/g, "123456789012345678")
    .replace(/https:\/\/discord\.com\/channels\/\S+?(?=\))/g, "...")
    .replaceAll(/\b\d{4}-\d\d-\d\d\b/g, "2026-11-21")
    .replace(/<t:\d+:(\w)>/g, "<t:...:$1>")
    .replaceAll(/AUROC \d\.\d\d \(\d\.\d\d to \d\.\d\d\) on \d+ examples/g, "AUROC 0.99 (0.98 to 1.00) on 800 examples")
    .replace(/-[01]\.\d\d(?! *\(|\))/g, "-0.98")
    .replace(/(harmless) -?\d\.\d\d/g, "$1 -0.98")
    .replace(/\*\*-?\d\.\d\d\*\*/g, "**0.93**")
    .replace(/Verdicts: \d+, the lowest -?\d\.\d\d/, "Verdicts: 5, the lowest -0.98")
    .replace(/(?:^│ - \[-?\d.*\n)+/gm, "│ - [0.12](...)\n")
    .replace(/\*\*\d+ of \d+\*\* \(by the limit that holds now: \d+\)/, "**12 of 3,410** (by the limit that holds now: 3)")
    .replace(/rain-align \d+\.\d+\.[^ ]+\./, "rain-align 1.0.0.")
    .replace(/[\d.]+(?= a minute)/g, "1.5")
    .replace(/(?<=a verdict takes: )[\d.]+/, "0.3")
    .replace(/after \d+ rewinds?/, "after 2 rewinds")
    .replace(/Rewinds: \d+/, "Rewinds: 2");
}

it("What the bot shows is what its guide says", async () => {
  const inference = new WatchedInference(embedded);
  await using scene = await Scene.open(inference, { talk: { temperature: 1 } });
  const { platform, general, ada, mona, guild, running } = scene;
  const log = guild.channel("log");
  await running.set(guild, {
    talk: { temperature: 1 },
    moderation: { automatic: true, shadow: false, logChannel: log.id, rules: { harmless: { action: "hide" } } },
  });
  const shown: [string, Message][] = [];
  const settled = async () => {
    await platform.idle();
    await running.bot.idle();
    await platform.idle();
  };

  ada.says(general, BAD);
  await settled();
  const card = platform.posts(log)[0] as Message;
  const told = platform.posts(ada.privately)[0] as Message;
  shown.push(["A message that a principle speaks against, in the log channel", card], ["What its author is told, in private", told]);
  const pages = [shown.map(([title, message]) => [title, asText(message)] as const)].flat();
  pages.push(["Explain", asText(await mona.presses(card, "Explain").response())]);
  pages.push(["Act, for a moderator who may not ban", asText(await mona.presses(card, "Act").response())]);
  await mona.presses(card, "Approve").response();
  await platform.until(() => asText(card).includes("Decision"));
  pages.push(["The same card, decided", asText(card)]);
  const text = { text: BAD };
  pages.push(['`/moderate test`, and "Judge this message"', asText(await mona.uses(general, "/moderate test", text).response())]);

  let why: Message | undefined;
  for (const { text } of TASKS.adversarial.questions(7, 91)) {
    // As a command: of a message, moderation may think that it is bad, and hide it.
    const asked = ada.uses(general, "/ask", { question: text });
    await settled();
    const reply = await asked.response();
    why = await mona.uses(general, "/rain why", { message: reply.url }).response();
    if (/after \d+ rewind/.test(why.embeds[0]?.title ?? "")) break;
  }
  pages.push(["`/rain why`", asText(why as Message)]);
  pages.push(["`/moderate statistics`", asText(await mona.uses(general, "/moderate statistics", { days: 1 }).response())]);
  pages.push(["`/rain status`", asText(await guild.owner.uses(general, "/rain status").response())]);
  pages.push(["`/rain config show`", asText(await mona.uses(general, "/rain config show").response())]);
  pages.push(["`/settings`, a setting of one page", asText(await opensSettings(mona, general, "moderation.shadow"))]);
  const asked = await asksByPanel(mona, general, "moderation.rules.harmless.strictness", "strict");
  pages.push(["Another limit, before it is taken", asText(asked)]);
  inference.beforeAnswer = (request, waiting) => {
    waiting.onPosition?.(12);
    return untilTakenBack(request, waiting);
  };
  const line = await platform.replyTo(ada.says(general, scene.mention("How do I visit the castle?")));
  pages.push(["A question that waits in line", asText(line)]);
  await ada.presses(line, "Stop").response();

  const filters = { words: { list: ["free nitro"], action: "log" }, raids: { people: 2, action: "hide" } };
  await running.set(guild, { moderation: { automatic: true, shadow: false, logChannel: log.id, filters } });
  for (const name of ["Rob", "Ron"]) guild.addMember({ name }).says(general, "Free nitro for all!");
  await settled();
  pages.push(["A raid, in the log channel", asText(platform.posts(log).find(({ content }) => content.includes("raid")) as Message)]);

  const body = pages
    .map(([title, content]) => `## ${title}\n\n\`\`\`text\n${example(content.replaceAll("```", "'''"), scene)}\n\`\`\``)
    .join("\n\n");
  const intro =
    "# What the bot shows\n\nAs text; a test makes this page of what the bot sends. Mentions show as names on Discord, and ping nobody.\n\n";
  await expect(`${intro}${body}\n`).toMatchFileSnapshot("../../../docs/discord-cards.md");
});
