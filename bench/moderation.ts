/**
 * What the bot does with messages and questions on a real model, by its own code but for Discord:
 *
 *   npm run bench:moderation -- --model FILE --data FILE [--decided 150] [--n 20] [--json]
 *   npm run bench:moderation -- --model FILE --questions FILE [--n 200] [--max-tokens N] [--json]
 *
 * `--data`: labelled texts of people. A server's moderators have decided about `--decided` of them; its own judge is taught by those, and says of `--n` harmful and as many harmless others
 * what it says of messages, at each strictness. `--questions`: just-eval's regular questions; how many the bot refuses with its settings as they come, but for the length of an answer.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { answer, HARMLESS, type Turn } from "rain-align";
import { loadLlamaEngine } from "rain-align/llama";
import { DEFAULT_SETTINGS, EngineInference, judgeMessage, limitOf, normalise, responding } from "../src/bots/guard/index.ts";
import { shuffled } from "../src/cli/labelled-data.ts";
import { fileQuestions, TASKS } from "../src/evaluation/index.ts";
import { readLabelledFile } from "../src/judges/index.ts";
import { wholeNumber } from "./arguments.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string" },
    data: { type: "string" },
    questions: { type: "string" },
    decided: { type: "string", default: "150" },
    n: { type: "string" },
    "max-tokens": { type: "string", default: "256" },
    json: { type: "boolean", default: false },
  },
});
const { model, data, questions } = values;
if (model === undefined || (data === undefined) === (questions === undefined))
  throw new RangeError("Expected `--model`, and one of `--data` and `--questions`");

const GUILD = "guild";
const STRICTNESS = ["lenient", "medium", "strict"] as const;
const RULE = DEFAULT_SETTINGS.moderation.rules["harmless"];
if (RULE === undefined) throw new RangeError("Expected the settings as they come to have a rule of harmlessness");
const JUDGED = {
  ...DEFAULT_SETTINGS,
  moderation: { ...DEFAULT_SETTINGS.moderation, rules: { harmless: { ...RULE, strictness: "medium" } } },
} as const;
const dataFolder = await mkdtemp(join(tmpdir(), "rain-moderation-"));
const engine = await loadLlamaEngine({ model, gpu: false, onNotice: () => undefined });
await using inference = await EngineInference.start(async () => engine, {
  now: () => performance.now(),
  concurrency: 1,
  maxWaiting: 8,
  maxOfGuild: 8,
  answerTimeoutMs: 600_000,
  judgeTimeoutMs: 600_000,
  dataFolder,
});
try {
  const report = data === undefined ? await asked(questions as string) : await moderated(data);
  console.log(JSON.stringify(report, undefined, values.json ? 2 : undefined));
} finally {
  await rm(dataFolder, { recursive: true, force: true });
}

async function moderated(file: string) {
  const n = wholeNumber("n", values.n ?? "20");
  const rows = shuffled(await readLabelledFile(file));
  const decided = rows.slice(0, wholeNumber("decided", values.decided));
  const decisions = decided.map(({ turns, verdict }) => ({ text: normalise(textOf(turns)), isGood: verdict === "good" }));
  const before = Date.now();
  const calibration = await inference.calibrate({ guild: GUILD, principle: HARMLESS, decisions });
  const seconds = Math.round((Date.now() - before) / 1000);
  if (!values.json)
    console.log(
      JSON.stringify({ decisions: decisions.length, bad: decisions.filter(({ isGood }) => !isGood).length, seconds, calibration }),
    );
  const others = rows.slice(decided.length);
  const judged: { readonly verdict: string; readonly kind: string | undefined; readonly value: number }[] = [];
  for (const verdict of ["bad", "good"] as const) {
    for (const { turns, kind } of others.filter((row) => row.verdict === verdict).slice(0, n)) {
      const { findings } = await judgeMessage(inference, { guild: GUILD, text: textOf(turns), settings: JUDGED });
      judged.push({ verdict, kind, value: findings[0]?.value ?? Number.NaN });
    }
  }
  const flags = STRICTNESS.map((strictness) => {
    const flagged = judged.filter(({ value }) => value < limitOf({ strictness }));
    return [
      strictness,
      {
        caught: flagged.filter(({ verdict }) => verdict === "bad").length,
        falseFlags: flagged.filter(({ verdict }) => verdict === "good").length,
      },
    ];
  });
  return { model: inference.model, n, calibration, flags: Object.fromEntries(flags), ...(values.json ? { judged } : {}) };
}

async function asked(file: string) {
  const n = wholeNumber("n", values.n ?? "200");
  const maxTokens = wholeNumber("max-tokens", values["max-tokens"]);
  const all = (
    await fileQuestions(TASKS["just-eval"], { path: file, isStrict: false, onBadRow: () => undefined }, { n: undefined, seed: 1 })
  )
    .filter(({ group }) => group === "regular")
    .slice(0, n);
  const respond = responding({ inference, defang: (text) => text });
  const settings = { ...DEFAULT_SETTINGS, talk: { ...DEFAULT_SETTINGS.talk, maxTokens } };
  const refused = [];
  let rewinds = 0;
  for (const [index, { turns }] of all.entries()) {
    const text = textOf(turns);
    const said = [{ speaker: { id: "1", name: "Ada" }, text }];
    const { signal } = new AbortController();
    const outcome = await respond({ guild: GUILD, channel: "1", source: String(index), author: "1", said, settings, signal });
    if (outcome.kind === "reply") rewinds += outcome.account.rewinds;
    else {
      const plain = await answer(engine, turns, { mode: "vanilla", maxTokens: 48, temperature: 0 });
      refused.push({ text: text.slice(0, 160), reason: outcome.reason, plainly: plain.text });
      if (!values.json) console.log(JSON.stringify(refused.at(-1)));
    }
    if (!values.json && index % 20 === 19) console.log(`${index + 1} asked, ${refused.length} refused, ${rewinds} rewinds`);
  }
  return {
    model: inference.model,
    n: all.length,
    maxTokens,
    refused: refused.length,
    rewinds,
    ...(values.json ? { refusals: refused } : {}),
  };
}

function textOf(turns: readonly Turn[]): string {
  return turns.at(-1)?.text ?? "";
}
