/** Adaptive mode against plain decoding of the same engine, in interleaved pairs of the same seed. */
import { type Engine, Meter, type RainAnswer, type RainOptions, rain, type Token, type Turn } from "rain-align";
import { Dice } from "../src/evaluation/world/index.ts";
import { Forced } from "./forced.ts";

/** One answer, with what it took. */
interface Run {
  readonly answer: RainAnswer;
  readonly tokens: readonly Token[];
  readonly milliseconds: number;
  /** Until the first step was released. */
  readonly firstMilliseconds: number;
  /** Summed over the tokens: how many were written behind each one before it was released. */
  readonly waited: number;
}

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
}

/** What the pairs have in common, in a line of a table. */
export interface Row {
  readonly name: string;
  readonly mode: "adaptive";
  readonly pairs: number;
  /** Wall time over that of plain decoding, an answer: the median, its 95 % interval (bootstrap), and the 95th percentile of the pairs. */
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  readonly p95: number;
  readonly fpe: number;
  readonly spe: number;
  readonly epe: number;
  /** Tokens that were drawn in vain, per emitted token. */
  readonly waste: number;
  /** Tokens written behind a token before it is released, on average. */
  readonly heldBack: number;
  /** Time to the first release, in units of a token's time in plain decoding: the median. */
  readonly firstRelease: number;
  /** Share of the answers that are token for token the plain ones. */
  readonly identical: number;
}

/** The first pair warms up and is not counted. Who goes first alternates, and the prompt is read before either starts. */
export async function measurePairs(engine: Engine, { pairs, turns, options, flags }: Pairing): Promise<Pair[]> {
  const measured: Pair[] = [];
  for (let pair = -1; pair < pairs; pair++) {
    const seed = pair + 100;
    const question = turns(Math.max(0, pair));
    const runWith = (mode: "vanilla" | "adaptive") =>
      run(flags === undefined ? engine : new Forced(engine, { flags, seed }), question, { ...options, mode, seed });
    await engine.prime([engine.render(question)], { purpose: "prompt", meter: new Meter() });
    if (pair % 2 === 0) {
      const plain = await runWith("vanilla");
      measured.push({ plain, adaptive: await runWith("adaptive") });
    } else {
      const adaptive = await runWith("adaptive");
      const plain = await runWith("vanilla");
      if (pair >= 0) measured.push({ plain, adaptive });
    }
  }
  return measured;
}

async function run(engine: Engine, turns: readonly Turn[], options: RainOptions): Promise<Run> {
  const started = performance.now();
  const tokens: Token[] = [];
  let firstMilliseconds: number | undefined;
  let waited = 0;
  const steps = rain(engine, turns, options);
  for (;;) {
    const next = await steps.next();
    const milliseconds = performance.now() - started;
    if (next.done) return { answer: next.value, tokens, milliseconds, firstMilliseconds: firstMilliseconds ?? milliseconds, waited };
    firstMilliseconds ??= milliseconds;
    const { length } = next.value.tokens;
    waited += (length * (length - 1)) / 2;
    tokens.push(...next.value.tokens);
  }
}

/** @throws {RangeError} when there are no pairs */
export function rowOf(name: string, pairs: readonly Pair[]): Row {
  if (pairs.length === 0) throw new RangeError(`Expected at least one pair for \`${name}\`, got none`);
  const ratios = pairs.map(({ plain, adaptive }) => adaptive.milliseconds / plain.milliseconds);
  const runs = pairs.map(({ adaptive }) => adaptive);
  // A refusal emits nothing: where all answers are refused, cost per emitted token is cost per token at least.
  const emitted = Math.max(
    1,
    sum(runs, ({ answer }) => answer.meter.emitted),
  );
  const [low, high] = medianInterval(ratios);
  return {
    name,
    mode: "adaptive",
    pairs: pairs.length,
    ratio: quantile(ratios, 0.5),
    low,
    high,
    p95: quantile(ratios, 0.95),
    fpe: sum(runs, ({ answer }) => answer.meter.forward) / emitted,
    spe: sum(runs, ({ answer }) => answer.cost.spe * Math.max(1, answer.meter.emitted)) / emitted,
    epe: sum(runs, ({ answer }) => answer.meter.evaluations) / emitted,
    waste: sum(runs, ({ answer }) => answer.discarded) / emitted,
    heldBack: sum(runs, ({ waited }) => waited) / emitted,
    firstRelease: quantile(pairs.map(firstRelease), 0.5),
    identical: sum(pairs, ({ plain, adaptive }) => (plain.tokens.join(" ") === adaptive.tokens.join(" ") ? 1 : 0)) / pairs.length,
  };
}

function firstRelease({ plain, adaptive }: Pair): number {
  return adaptive.firstMilliseconds / (plain.milliseconds / plain.tokens.length);
}

function sum<Item>(items: readonly Item[], amountOf: (item: Item) => number): number {
  return items.reduce((total, item) => total + amountOf(item), 0);
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((left, right) => left - right)[Math.round(share * (values.length - 1))] as number;
}

const RESAMPLES = 1000;

/** Where the median lies with 95 % confidence, by bootstrap. */
function medianInterval(values: readonly number[]): [low: number, high: number] {
  const dice = new Dice(1);
  const medians = Array.from({ length: RESAMPLES }, () =>
    quantile(
      values.map(() => dice.pick(values)),
      0.5,
    ),
  );
  return [quantile(medians, 0.025), quantile(medians, 0.975)];
}
