/**
 * How long people wait for the bot on Discord: from a message to its vetted answer, with the embedded model, the real client and a
 * Discord of our own on loopback, in one process.
 *
 *   npm run bench:discord -- [--json] [--questions N] [--messages N] [--at-once N] [--model FILE]
 *   npm run bench:discord -- --flood N [--json]
 *
 * `--questions` are asked by one person, one after another, and as many by twenty people at once, each of whom asks again when answered.
 * `--flood`: instead, so many messages of fifty people within a minute, one in five of them for filters; what became of them.
 * `--messages` are what memory is watched over. `--at-once` answers are written at once; so small a model gains nothing from a batch.
 */
import { parseArgs } from "node:util";
import { localInference } from "../test/support/discord-bot.ts";
import { heldOutPrompts } from "../training/world/index.ts";
import { wholeNumber } from "./arguments.ts";
import { flood } from "./discord-flood.ts";
import { BusyGuild } from "./discord-guild.ts";
import { memoryOver } from "./discord-memory.ts";
import { quantile } from "./discord-quantile.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    questions: { type: "string", default: "600" },
    messages: { type: "string", default: "2000" },
    flood: { type: "string" },
    "at-once": { type: "string", default: "1" },
    model: { type: "string", default: "embedded" },
  },
});
const count = wholeNumber("questions", values.questions);
const messages = wholeNumber("messages", values.messages);

const kinds = ["harmless", "risky", "fact", "review"] as const;
const questions = kinds.flatMap((kind) => heldOutPrompts(kind, Math.ceil(Math.max(count, 100) / kinds.length), 61).map(({ text }) => text));

await using inference = await localInference(values.model, { concurrency: wholeNumber("at-once", values["at-once"]) });
if (values.flood !== undefined) {
  console.log(JSON.stringify(await flood(inference, wholeNumber("flood", values.flood)), undefined, values.json ? 2 : undefined));
  process.exit();
}
const rows = [];
for (const people of [1, 20]) {
  await using guild = await BusyGuild.open(inference, people);
  await guild.ask(questions.slice(0, 2 * people));
  const asked = await guild.ask(Array.from({ length: count }, (_, index) => questions[index % questions.length] as string));
  const seconds = asked.map((one) => one.seconds);
  const signs = asked.map((one) => one.signSeconds);
  const own = asked.map((one) => one.ownMs);
  rows.push({
    people,
    n: asked.length,
    medianSeconds: quantile(seconds, 0.5),
    p95Seconds: quantile(seconds, 0.95),
    signMedianSeconds: quantile(signs, 0.5),
    signP95Seconds: quantile(signs, 0.95),
    signMaxSeconds: Math.max(...signs),
    ownMedianMs: quantile(own, 0.5),
    ownP95Ms: quantile(own, 0.95),
    leaks: guild.leaks,
  });
}
const memory = await memoryOver(inference, { messages, questions });

if (values.json) console.log(JSON.stringify({ rows, memory }));
else {
  console.log(
    "| people at once | n | first sign, median | p95 | longest | answer, median | p95 | bot's own share, median | p95 | leaks |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
  );
  for (const {
    people,
    n,
    medianSeconds,
    p95Seconds,
    signMedianSeconds,
    signP95Seconds,
    signMaxSeconds,
    ownMedianMs,
    ownP95Ms,
    leaks,
  } of rows) {
    const seconds = [signMedianSeconds, signP95Seconds, signMaxSeconds, medianSeconds, p95Seconds].map((one) => `${one.toFixed(2)} s`);
    console.log(`| ${people} | ${n} | ${seconds.join(" | ")} | ${ownMedianMs.toFixed(1)} ms | ${ownP95Ms.toFixed(1)} ms | ${leaks} |`);
  }
  const { heapRatio, residentRatio } = memory;
  console.log(
    `\nOver ${messages} messages (last tenth against the second): heap x ${heapRatio.toFixed(3)}, resident x ${residentRatio.toFixed(3)}`,
  );
}
process.exit();
