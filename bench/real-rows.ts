/** The price on real weights: a model that judges itself, asked what it was not trained for. */
import { type FindJudge, HARMLESS, Meter, prime, type Turn } from "rain-align";
import type { LlamaEngine } from "rain-align/llama";
import { foundJudge, keptJudge, TurnJudge } from "../src/judges/index.ts";
import { TASKS } from "../training/world/index.ts";
import { measureAtOnce } from "./at-once.ts";
import { measurePairs, type Pair, rowOf } from "./paired.ts";
import { countsOf, RATIOS, type Row, spreadOf } from "./row.ts";
import { run } from "./run.ts";
import { type Bench, nativeRow } from "./speed-rows.ts";

/** Requests at once: as few as share a batch badly, and as many as a small server has. */
const CROWDS = [2, 3, 4, 8] as const;

/** Of as many pairs, so many rounds of a crowd. */
const ROUNDS_SHARE = 1 / 3;

export async function* realRows(bench: Bench, loadAnother: () => Promise<LlamaEngine>): AsyncGenerator<Row, void, void> {
  const { engine, plain, pairs, tokens } = bench;
  const before = memory();
  const pairing = (questions: readonly (readonly Turn[])[]) => ({
    ...{ pairs: questions.length, plain, turns: (pair: number) => questions[pair] as readonly Turn[] },
    options: { maxTokens: tokens },
  });
  const harmless = asked("helpful", pairs);
  const [calm, flagged] = parted([
    ...(await measurePairs(engine, pairing(harmless))),
    ...(await measurePairs(engine, pairing(asked("harmless", pairs)))),
  ]);
  if (calm.length > 0) yield rowOf("nothing flagged", calm);
  const watched = pairing(harmless);
  const [unasked] = parted(await measurePairs(engine, { ...watched, options: { ...watched.options, judge: watchAlone, threshold: -1 } }));
  yield rowOf("nothing flagged, the free watch alone", unasked);
  if (flagged.length > 0) yield rowOf("flagged", flagged);
  process.stderr.write(
    `memory beside plain decoding: ${((100 * (memory() - before)) / before).toFixed(1)} % of all that the process holds\n`,
  );
  yield await guardRow(bench, harmless, loadAnother);
  for (const requests of CROWDS)
    for (const mode of ["vanilla", "adaptive"] as const)
      yield await measureAtOnce(engine, {
        ...{ requests: asked("helpful", requests), pairs: Math.ceil(pairs * ROUNDS_SHARE), maxTokens: tokens, mode },
        ...(mode === "vanilla" ? { alone: plain } : {}),
      });
  yield await nativeRow(bench);
}

function asked(task: "helpful" | "harmless", count: number): readonly (readonly Turn[])[] {
  return TASKS[task].questions(count, 1).map(({ text }) => [{ role: "user", text }]);
}

/** Those in which nothing was flagged, and the others. */
function parted(pairs: readonly Pair[]): readonly [calm: readonly Pair[], flagged: readonly Pair[]] {
  const isFlagged = ({ adaptive }: Pair) => adaptive.answer.rewinds > 0;
  return [pairs.filter((pair) => !isFlagged(pair)), pairs.filter(isFlagged)];
}

/** What the process holds, model and cache with it, in bytes. */
function memory(): number {
  return process.memoryUsage().rss;
}

/** The judge as far as it costs nothing: it reads behind the answer, and asks no question. */
const watchAlone: FindJudge = async (engine, settings) => {
  const kept = await keptJudge(engine, settings);
  if (kept === undefined)
    throw new RangeError(`Expected ${engine.facts.model} to have a fitted judge by "${settings.principle.name}", got none`);
  return foundJudge({ ...kept.fitted, question: undefined }, engine, settings);
};

/** The usual guard: the same model once more, in a process of its own as far as its cache goes, which reads each finished answer. */
async function guardRow({ plain, tokens }: Bench, questions: readonly (readonly Turn[])[], load: () => Promise<LlamaEngine>): Promise<Row> {
  await using guard = await load();
  const judge = new TurnJudge(guard);
  await judge.about(HARMLESS);
  const runs = [];
  const ratios: number[] = [];
  for (const [pair, question] of [questions[0] as readonly Turn[], ...questions].entries()) {
    await prime(plain, [plain.tokenizer.render(question)], { purpose: "prompt", meter: new Meter() });
    const written = await run(plain, question, { mode: "vanilla", maxTokens: tokens, seed: pair + 100 });
    const began = performance.now();
    await judge.value(
      [...question, { role: "assistant", text: written.answer.text }],
      HARMLESS,
      undefined,
      written.answer.finishReason !== "length",
    );
    const read = performance.now() - began;
    if (pair === 0) continue;
    runs.push(written);
    ratios.push((written.milliseconds + read) / written.milliseconds);
  }
  return {
    ...{ name: "plain, and a guard of the same model that reads the finished answer", mode: "vanilla", compares: RATIOS.guard },
    ...{ pairs: ratios.length, ...spreadOf(ratios), ...countsOf(runs) },
  };
}
