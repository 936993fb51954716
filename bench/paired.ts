/** Adaptive mode against plain decoding, in interleaved pairs of the same seed. */
import { type Engine, Meter, prime, type RainOptions, type Turn } from "rain-align";
import { Forced } from "./forced.ts";
import { countsOf, identicalShare, median, RATIOS, type Row, spreadOf } from "./row.ts";
import { type Run, run } from "./run.ts";

export interface Pair {
  readonly plain: Run;
  readonly adaptive: Run;
}

export interface Pairing {
  readonly pairs: number;
  readonly turns: (pair: number) => readonly Turn[];
  readonly options?: RainOptions;
  /** Forces the judge's verdicts: this share of them flags. Left out: the model judges, and ends its answers itself. */
  readonly flags?: number;
  /** Decodes plainly, where another number of threads is faster at that. @default the same engine */
  readonly plain?: Engine;
}

/** The first pair warms up and is not counted. Who goes first alternates, and the prompt is read before either starts. */
export async function measurePairs(engine: Engine, pairing: Pairing): Promise<Pair[]> {
  const { pairs, turns, options, flags, plain: plainEngine = engine } = pairing;
  const measured: Pair[] = [];
  for (let pair = -1; pair < pairs; pair++) {
    const seed = pair + 100;
    const question = turns(Math.max(0, pair));
    const runWith = (by: Engine, mode: "vanilla" | "adaptive") =>
      run(flags === undefined ? by : new Forced(by, { flags, seed }), question, { ...options, mode, seed });
    for (const one of new Set([engine, plainEngine]))
      await prime(one, [one.tokenizer.render(question)], { purpose: "prompt", meter: new Meter() });
    const earlier = pair % 2 === 0 ? await runWith(plainEngine, "vanilla") : undefined;
    const adaptive = await runWith(engine, "adaptive");
    const plain = earlier ?? (await runWith(plainEngine, "vanilla"));
    if (pair >= 0) measured.push({ plain, adaptive });
  }
  return measured;
}

/** @throws {RangeError} when there are no pairs */
export function rowOf(name: string, pairs: readonly Pair[]): Row {
  if (pairs.length === 0) throw new RangeError(`Expected at least one pair for \`${name}\`, got none`);
  const runs = pairs.map(({ adaptive }) => adaptive);
  const plainRuns = pairs.map(({ plain }) => plain);
  return {
    name,
    mode: "adaptive",
    compares: RATIOS.price,
    pairs: pairs.length,
    ...spreadOf(pairs.map(({ plain, adaptive }) => adaptive.milliseconds / plain.milliseconds)),
    ...countsOf(runs),
    identical: identicalShare(runs, plainRuns),
    firstRelease: median(pairs.map(({ plain, adaptive }) => adaptive.first.milliseconds / (plain.milliseconds / plain.tokens.length))),
    firstReleaseTokens: Math.max(...runs.map(({ first }) => first.drawnBehind)),
  };
}
