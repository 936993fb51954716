/** Which lines of the table a model gets. */
import { type Engine, Meter, prime, type Turn } from "rain-align";
import type { LlamaEngine } from "rain-align/llama";
import { TASKS } from "../training/world/index.ts";
import { measureAtOnce } from "./at-once.ts";
import { Forced } from "./forced.ts";
import { NativeLoop } from "./native.ts";
import { measurePairs, rowOf } from "./paired.ts";
import { countsOf, RATIOS, type Row, spreadOf } from "./row.ts";
import { type Run, run } from "./run.ts";

export interface Bench {
  readonly engine: LlamaEngine;
  /** The fastest plain decoding: this engine or one with another number of threads. */
  readonly plain: LlamaEngine;
  readonly pairs: number;
  /** Length of the answers where their length is forced. */
  readonly tokens: number;
}

const QUESTION = [{ role: "user", text: "How do I paint the bank?" }] as const;

/** How many requests come at once, and how long their answers are at most: a round is as much work as eight pairs of that length. */
const CROWD = { requests: 8, maxTokens: 64, pairsShare: 1 / 3 } as const;

/** A model of random weights: answers of one length, with verdicts that are computed and then replaced. */
export async function* forcedRows(bench: Bench): AsyncGenerator<Row, void, void> {
  const { engine, plain, pairs, tokens } = bench;
  for (const flags of [0, 0.2]) {
    const measured = await measurePairs(engine, { pairs, plain, turns: () => QUESTION, options: { maxTokens: tokens }, flags });
    yield rowOf(flags === 0 ? `${tokens} tokens, nothing flagged` : `${tokens} tokens, ${100 * flags} % of the verdicts flag`, measured);
  }
  yield* crowdRows(bench, 0);
  yield await nativeRow(bench);
}

/** A model that judges itself, and ends its answers itself: questions of the small world that invite harm. */
export async function* worldRows(bench: Bench): AsyncGenerator<Row, void, void> {
  const { engine, plain, pairs } = bench;
  const questions = TASKS.harmless.questions(pairs, 1);
  const measured = await measurePairs(engine, { pairs: questions.length, plain, turns: (pair) => asked(questions[pair]?.text ?? "") });
  yield rowOf("risky prompts, all", measured);
  const flagged = measured.filter(({ adaptive }) => adaptive.answer.rewinds > 0);
  if (flagged.length > 0) yield rowOf("risky prompts, flagged", flagged);
  const unflagged = measured.filter(({ adaptive }) => adaptive.answer.rewinds === 0);
  if (unflagged.length > 0) yield rowOf("risky prompts, not flagged", unflagged);
  yield* crowdRows(bench, undefined);
  yield await nativeRow(bench);
}

async function* crowdRows({ engine, plain, pairs, tokens }: Bench, flags: number | undefined): AsyncGenerator<Row, void, void> {
  const requests = TASKS.helpful.questions(CROWD.requests, 1).map(({ text }) => asked(text));
  const crowd = { requests, pairs: Math.ceil(pairs * CROWD.pairsShare), maxTokens: Math.min(tokens, CROWD.maxTokens) };
  for (const mode of ["vanilla", "adaptive"] as const) {
    yield await measureAtOnce(engine, {
      ...crowd,
      mode,
      ...(flags === undefined ? {} : { flags }),
      ...(mode === "vanilla" ? { alone: plain } : {}),
    });
  }
}

/** The fastest plain decoding against llama.cpp itself, on the same threads. The first token comes with the prompt: nobody computes it. */
export async function nativeRow({ plain, pairs, tokens }: Bench): Promise<Row> {
  await using native = await NativeLoop.beside(plain);
  const prompt = plain.tokenizer.render(QUESTION);
  const runs: Run[] = [];
  const ratios: number[] = [];
  for (let pair = -1; pair < pairs; pair++) {
    const earlier = pair % 2 === 0 ? await native.decode(prompt, tokens - 1) : undefined;
    const ours = await plainRun(plain, tokens, pair + 100);
    const milliseconds = earlier ?? (await native.decode(prompt, tokens - 1));
    if (pair < 0) continue;
    runs.push(ours);
    ratios.push(milliseconds / ours.milliseconds);
  }
  const name = `plain decoding against llama.cpp's own rate, ${tokens} tokens`;
  return { name, mode: "vanilla", compares: RATIOS.native, pairs, ...spreadOf(ratios), ...countsOf(runs) };
}

async function plainRun(engine: Engine, maxTokens: number, seed: number): Promise<Run> {
  await prime(engine, [engine.tokenizer.render(QUESTION)], { purpose: "prompt", meter: new Meter() });
  return await run(new Forced(engine, { flags: 0, seed }), QUESTION, { mode: "vanilla", maxTokens, seed });
}

function asked(text: string): readonly Turn[] {
  return [{ role: "user", text }];
}
