import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { belowLimit, hundredthsOf, type Inference, isLow, limitFor, valuesBy } from "../../../src/bots/guard/index.ts";
import type { Message } from "../../support/discord/world/message.ts";
import { Scene } from "../../support/discord-scene.ts";
import { asksByPanel } from "../../support/settings-panel.ts";
import { FIT, STEADY, verdictOf } from "../../support/steady-inference.ts";

/** Its verdict on a message is the number that the message ends with. */
function reading(judge = FIT): Inference {
  const valueIn = (text = "") => Number(/-?[\d.]+$/.exec(text)?.[0] ?? 1);
  return {
    ...STEADY,
    judge: async ({ turns, principles }) => principles.map(() => verdictOf(valueIn(turns.at(-1)?.text), judge)),
    judges: async ({ principles }) => principles.map(() => judge),
  };
}

const RULES = { harmless: { strictness: "lenient", action: "log" } };

async function judging(
  values: readonly number[],
  inference = reading(),
): Promise<{ readonly scene: Scene; readonly messages: readonly Message[] }> {
  const scene = await Scene.open(inference);
  await scene.running.set(scene.guild, { moderation: { automatic: true, rules: RULES, logChannel: scene.guild.channel("log").id } });
  return { scene, messages: await say(scene, values) };
}

async function say(scene: Scene, values: readonly number[]): Promise<readonly Message[]> {
  const messages = values.map((value) => scene.ada.says(scene.general, `Good morning ${value}`));
  await scene.settled();
  return messages;
}

const STRICTER = { key: "moderation.rules.harmless.strictness", value: "strict" };

async function stricter({ mona, general }: Scene, { key, value } = STRICTER): Promise<Message> {
  return await asksByPanel(mona, general, key, value);
}

function textOf({ content, embeds }: Message): string {
  return [content, embeds[0]?.title, embeds[0]?.description].join("\n");
}

async function versionIn({ running, guild }: Scene): Promise<number> {
  return (await running.store.settings(guild.id)).version;
}

describe("Another limit", () => {
  it("is shown on the server's own last week, with the messages, and changes nothing before it is confirmed", async () => {
    const { scene, messages } = await judging([0.9, 0.29, 0.3, -0.2, -0.7, 0.8]);
    await using _ = scene;
    const shown = await stricter(scene);
    expect(shown.isEphemeral).toBe(true);
    const text = textOf(shown);
    expect(text).toContain("Nothing is changed before you confirm it");
    expect(text).toContain(
      "By `harmless` messages below 0.30 would be flagged (now: messages below -0.60). In the last 7 days that would have been **3 of 6** (by the limit that holds now: 1).",
    );
    const links = [...text.matchAll(/^- \[(\S+)\]\((\S+)\)$/gm)].map(([, value, link]) => [value, link]);
    expect(links).toEqual([
      ["0.29", messages[1]?.url],
      ["-0.20", messages[3]?.url],
      ["-0.70", messages[4]?.url],
    ]);
    expect(await versionIn(scene)).toBe(2);
    const answer = await scene.mona.presses(shown, "Confirm").response();
    expect(answer.content).toBe("`moderation.rules.harmless.strictness` is `strict` now (version 3).");
    // The panel is there again, where it was left.
    expect(answer.embeds[0]?.title).toBe("Settings: moderation.rules.harmless");
    const [flagged] = await say(scene, [0.1]);
    expect((await scene.running.store.pendingReviews(scene.guild.id, 9)).at(-1)).toMatchObject({ message: flagged?.id });
  });

  it("may be none: what would have been flagged stays unflagged", async () => {
    const { scene } = await judging([0.9, -0.7]);
    await using _ = scene;
    const text = textOf(await stricter(scene, { ...STRICTER, value: "off" }));
    expect(text).toContain("By `harmless` none would be flagged (now: messages below -0.60).");
    expect(text).toContain("**0 of 2** (by the limit that holds now: 1)");
    expect(text).not.toContain("](");
  });

  it("is left by Cancel", async () => {
    const { scene } = await judging([0.9]);
    await using _ = scene;
    const answer = await scene.mona.presses(await stricter(scene), "Cancel").response();
    expect([answer.content, answer.embeds[0]?.title, await versionIn(scene)]).toEqual([
      "Nothing was changed.",
      "Settings: moderation.rules.harmless",
      2,
    ]);
  });

  it("may be a number, which is exact to the hundredth", async () => {
    const { scene } = await judging([0.29, 0.3, 0.31]);
    await using _ = scene;
    const limit = (value: string) => stricter(scene, { key: "moderation.rules.harmless.limit", value });
    expect(textOf(await limit("0.3"))).toContain("**1 of 3**");
    expect((await limit("0.305")).content).toContain("a number from -1 to 1 with at most two decimals");
    await scene.mona.presses(await limit("0.31"), "Confirm").response();
    await say(scene, [0.305]);
    expect(await scene.running.store.pendingReviews(scene.guild.id, 9)).toHaveLength(1);
    // With strictness and limit, the limit counts.
    expect(textOf(await stricter(scene))).toContain("is `strict` now (version 4)");
  });

  it.each([
    ["an imported file", "/rain config import"],
    ["a restored version", "/rain config restore"],
  ] as const)("is shown in the same way where it comes with %s", async (_name, command) => {
    const { scene } = await judging([0.2]);
    await using _ = scene;
    const { running, guild, mona, general } = scene;
    const content = Buffer.from("moderation:\n  rules:\n    harmless:\n      strictness: strict\n");
    const options = command.endsWith("import") ? { file: { name: "rain.yaml", contentType: "text/yaml", content } } : { version: 1 };
    const shown = await mona.uses(general, command, options).response();
    expect(textOf(shown)).toMatch(/\*\*[01] of 1\*\*/);
    expect(await versionIn(scene)).toBe(2);
    await mona.presses(shown, "Confirm").response();
    expect((await running.store.settings(guild.id)).settings.moderation.rules["harmless"]?.strictness).toMatch(/strict|medium/);
  });

  it("has no figure where nothing was judged, and none by another judge or another version of it, which is said", async () => {
    const judge = { ...FIT };
    const { scene } = await judging([], reading(judge));
    await using _ = scene;
    expect(textOf(await stricter(scene))).toContain("In the last 7 days none was judged by it, so I cannot say");
    await say(scene, [0.2, 0.9]);
    Object.assign(judge, { version: "fitted anew" });
    const text = textOf(await stricter(scene));
    expect(text).toContain("2 messages were judged in the last 7 days by another judge, or another version of it");
    expect(text).not.toMatch(/\*\*|\]\(/);
    await say(scene, [0.1]);
    const both = textOf(await stricter(scene));
    expect(both).toContain("**1 of 1**");
    expect(both).toContain("Besides, 2 messages were judged in the last 7 days by another judge");
    expect(both.match(/\]\(/g)).toHaveLength(1);
  });

  it("has no figure where it is not known which judge works", async () => {
    const inference = { ...reading(), judges: () => Promise.reject(new Error("no memory")) };
    const { scene } = await judging([0.2], inference);
    await using _ = scene;
    expect(textOf(await stricter(scene))).toContain("It is not known yet which judge works");
  });

  it("counts seven days, and no message to which an exception's limit applies", async () => {
    const { scene } = await judging([0.2]);
    await using _ = scene;
    const { platform, running, guild } = scene;
    platform.advance(7 * 86_400_000);
    await running.set(guild, {
      moderation: { automatic: true, rules: RULES },
      exceptions: { [guild.channel("other").id]: { strictness: "medium" } },
    });
    scene.ada.says(guild.channel("other"), "Good morning 0.1");
    await say(scene, [0.15, 0.95]);
    expect(textOf(await stricter(scene))).toContain("**1 of 2**");
    const exception = await stricter(scene, { key: `exceptions.${guild.channel("other").id}.strictness`, value: "strict" });
    expect(textOf(exception)).toContain("Of channels and roles with limits of their own I cannot say");
    expect(await versionIn(scene)).toBe(3);
  });

  it("leads to no message of who opted out, and who wants it has theirs forgotten", async () => {
    const { scene, messages } = await judging([0.2]);
    await using _ = scene;
    const { bob, general, ada } = scene;
    await bob.uses(general, "/privacy opt-out").response();
    bob.says(general, "Good morning 0.1");
    await scene.settled();
    const text = textOf(await stricter(scene));
    expect(text).toContain("**2 of 2**");
    expect([...text.matchAll(/\]\((\S+)\)/g)].map(([, link]) => link)).toEqual([messages[0]?.url]);
    await ada.uses(general, "/privacy delete").response();
    expect(textOf(await stricter(scene))).not.toContain("](");
  });

  it("is for who may manage the server, and whoever else presses its buttons, or forges them, changes nothing", async () => {
    const { scene } = await judging([0.2]);
    await using _ = scene;
    const { mona, bob, guild, general, platform } = scene;
    const shown = await stricter(scene);
    const [row] = shown.components as unknown as [{ components: { custom_id: string }[] }];
    const id = row.components[0]?.custom_id ?? "";
    const public_ = mona.says(general, "Look here.");
    const second = platform.addGuild({ channels: ["general"], members: ["Zoe"] });
    await platform.idle();
    const elsewhere = second.owner.says(second.channel("general"), "Hello.");
    for (const press of [
      bob.forges(public_, id),
      guild.owner.forges(public_, id),
      second.owner.forges(elsewhere, id),
      mona.forges(public_, "limits:confirm:1"),
      mona.forges(public_, "limits:confirm:__proto__"),
      mona.forges(public_, id.replace("confirm", "constructor")),
    ]) {
      await press.acknowledged();
      await scene.settled();
    }
    expect([await versionIn(scene), (await scene.running.store.settings(second.id)).version]).toEqual([2, 0]);
    // Who lost the permission meanwhile changes nothing either.
    const { roles } = guild.memberOf(mona);
    const held = [...roles];
    roles.clear();
    expect((await mona.presses(shown, "Confirm").response()).content).toBe("Only who may manage the server may do that.");
    for (const role of held) roles.add(role);
    expect(await versionIn(scene)).toBe(2);
    await mona.forges(public_, id).acknowledged();
    await scene.settled();
    expect(await versionIn(scene)).toBe(3);
    await mona.forges(public_, id).acknowledged();
    await scene.settled();
    expect(await versionIn(scene)).toBe(3);
  });

  it("is not taken where others decided something meanwhile, or a quarter of an hour later", async () => {
    const { scene } = await judging([0.2]);
    await using _ = scene;
    const { mona, platform, running, guild } = scene;
    const stale = await stricter(scene);
    await running.set(guild, { moderation: { automatic: true, rules: RULES }, retentionDays: 9 });
    expect((await mona.presses(stale, "Confirm").response()).content).toContain(
      "Nothing was changed: the settings were, since you saw them.",
    );
    expect(await versionIn(scene)).toBe(3);
    const late = await stricter(scene);
    platform.advance(15 * 60_000);
    expect((await mona.presses(late, "Confirm").response()).content).toContain("nothing was");
    expect(await versionIn(scene)).toBe(3);
  });
});

describe("Values in hundredths", () => {
  const limit = fc.integer({ min: -100, max: 100 }).map((hundredths) => hundredths / 100);
  const value = fc.oneof(fc.double({ min: -1, max: 1 }), limit);

  it("are below a limit exactly where the values are", () => {
    fc.assert(
      fc.property(value, limit, (one, below) => {
        const [said] = [{ principle: "harmless", judge: "one", hundredths: hundredthsOf(one), messages: 1 }];
        const values = valuesBy([said], { principle: "harmless", judge: "one" });
        // What is no number is flagged by every limit.
        expect(belowLimit(values, below)).toBe(one >= below ? 0 : 1);
        expect(belowLimit(values, Number.NEGATIVE_INFINITY)).toBe(0);
      }),
    );
  });

  it("are found again wherever a limit that may be set as a level, or holds, flags them", () => {
    fc.assert(
      fc.property(value, fc.option(limit, { nil: undefined }), (one, own) => {
        const rule = { strictness: "lenient", action: "log", actsFrom: 0.7, limit: own } as const;
        const flagged = [own ?? -0.6, -0.6, -0.1, 0.3].some((below) => !(one >= below));
        expect(isLow({ hundredths: hundredthsOf(one) }, rule)).toBe(flagged);
      }),
    );
  });

  it("give the highest limit that flags no more than a share of them", () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 30 }), fc.double({ min: 0, max: 1, noNaN: true }), (all, share) => {
        const counts = all.map((one) => ({ principle: "harmless", judge: "one", hundredths: hundredthsOf(one), messages: 1 }));
        const values = valuesBy(counts, { principle: "harmless", judge: "one" });
        const highest = limitFor(values, share);
        if (highest > -1) expect(belowLimit(values, highest)).toBeLessThanOrEqual(share * all.length);
        if (highest < 1) expect(belowLimit(values, highest + 0.01)).toBeGreaterThan(share * all.length);
      }),
    );
  });
});
