/** Many requests at once on one engine, against the same requests one after another. */
import { type Engine, Meter, type Mode, prime, type Turn } from "rain-align";
import { Forced } from "./forced.ts";
import { countsOf, identicalShare, RATIOS, type Row, spreadOf, sum } from "./row.ts";
import { type Run, run } from "./run.ts";

export interface Crowd {
  readonly pairs: number;
  readonly mode: Row["mode"];
  /** What is asked, each at the same time as the others. */
  readonly requests: readonly (readonly Turn[])[];
  readonly maxTokens: number;
  /** Forces the judge's verdicts: this share of them flags. Left out: the model judges, and ends its answers itself. */
  readonly flags?: number;
  /** Answers one at a time, where another number of threads is faster at that. @default the same engine */
  readonly alone?: Engine;
}

/** All requests of one round, and how long they took together. */
interface Round {
  readonly runs: readonly Run[];
  readonly milliseconds: number;
}

/** The first pair of rounds warms up and is not counted. Who goes first alternates, and all prompts are read before either starts. */
export async function measureAtOnce(engine: Engine, crowd: Crowd): Promise<Row> {
  const { pairs, mode, requests, alone: aloneEngine = engine } = crowd;
  const measured: { readonly together: Round; readonly alone: Round }[] = [];
  for (let pair = -1; pair < pairs; pair++) {
    const isAloneFirst = pair % 2 === 0;
    const earlier = isAloneFirst ? await oneByOne(aloneEngine, crowd, pair) : undefined;
    const together = await allAtOnce(engine, crowd, pair);
    const alone = earlier ?? (await oneByOne(aloneEngine, crowd, pair));
    if (pair >= 0) measured.push({ together, alone });
  }
  const runs = measured.flatMap(({ together }) => together.runs);
  const others = measured.flatMap(({ alone }) => alone.runs);
  return {
    name: `${requests.length} requests at once against 1 at a time, ${crowd.maxTokens} tokens, ${mode === "vanilla" ? "plain" : mode}`,
    mode,
    compares: RATIOS.throughput,
    pairs,
    ...spreadOf(measured.map(({ together, alone }) => tokensPerSecond(together) / tokensPerSecond(alone))),
    ...countsOf(runs),
    identical: identicalShare(runs, others),
  };
}

async function allAtOnce(engine: Engine, crowd: Crowd, pair: number): Promise<Round> {
  await primeAll(engine, crowd);
  const started = performance.now();
  const runs = await Promise.all(crowd.requests.map((_, index) => runOne(engine, crowd, { pair, index })));
  return { runs, milliseconds: performance.now() - started };
}

async function oneByOne(engine: Engine, crowd: Crowd, pair: number): Promise<Round> {
  await primeAll(engine, crowd);
  const started = performance.now();
  const runs: Run[] = [];
  for (const index of crowd.requests.keys()) runs.push(await runOne(engine, crowd, { pair, index }));
  return { runs, milliseconds: performance.now() - started };
}

async function primeAll(engine: Engine, { requests }: Crowd): Promise<void> {
  const prompts = requests.map((turns) => engine.tokenizer.render(turns));
  await prime(engine, prompts, { purpose: "prompt", meter: new Meter() });
}

async function runOne(engine: Engine, crowd: Crowd, { pair, index }: { readonly pair: number; readonly index: number }): Promise<Run> {
  const { mode, requests, maxTokens, flags } = crowd;
  const seed = 100 + (pair + 1) * requests.length + index;
  const by = flags === undefined ? engine : new Forced(engine, { flags, seed });
  return await run(by, requests[index] as readonly Turn[], { mode: mode satisfies Mode, seed, maxTokens });
}

function tokensPerSecond({ runs, milliseconds }: Round): number {
  return sum(runs, ({ tokens }) => tokens.length) / (milliseconds / 1000);
}
