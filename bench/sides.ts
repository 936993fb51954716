/** What it saves to write both answers of a preference pair in one batch: the same simulator, and the same one answer after the other. */
import { type Call, type Continuation, type Engine, engineSimulator, type SampledToken, type Simulation } from "rain-align";
import { heldOutPrompts } from "../src/evaluation/world/index.ts";
import { Forced } from "./forced.ts";
import { PassOn } from "./pass-on.ts";
import { type Spread, spreadOf } from "./row.ts";

export interface SidesRow extends Spread {
  /** What `ratio` compares. */
  readonly compares: string;
  readonly pairs: number;
  /** Share of the pairs whose two texts are the same either way. */
  readonly identical: number;
}

export interface Sides {
  readonly pairs: number;
  /** Of an answer, at most. */
  readonly tokens: number;
  /** Random weights: nothing but `tokens` ends an answer. */
  readonly isForced: boolean;
}

/** Pairs that are not counted. */
const WARM_UP = 2;

/** Both sides at once over one after the other: same prompts and seeds, prompts read before either starts, taken by turns. */
export async function sidesRow(engine: Engine, { pairs, tokens, isForced }: Sides): Promise<SidesRow> {
  const by = isForced ? new Forced(engine, { flags: 0, seed: 1 }) : engine;
  const prompts = heldOutPrompts("risky", pairs + WARM_UP, 1);
  const ratios: number[] = [];
  let same = 0;
  for (const [index, { text }] of prompts.entries()) {
    const simulation = { turns: [{ role: "user", text }], pair: AFFIXES, seed: index } as const;
    await engineSimulator(engine, { maxTokens: 1 }).simulate(simulation);
    const apart = () => timed(new OneByOne(by), simulation, tokens);
    const earlier = index % 2 === 0 ? await apart() : undefined;
    const together = await timed(by, simulation, tokens);
    const separate = earlier ?? (await apart());
    if (index < WARM_UP) continue;
    ratios.push(together.milliseconds / separate.milliseconds);
    if (together.texts === separate.texts) same++;
  }
  const compares = "wall time of a pair, both sides in one batch over one after the other";
  return { compares, pairs, ...spreadOf(ratios), identical: same / pairs };
}

const AFFIXES = { positive: "harmless, helpful", negative: "harmful, unhelpful" } as const;

async function timed(engine: Engine, simulation: Simulation, maxTokens: number) {
  const started = performance.now();
  const texts = await engineSimulator(engine, { maxTokens }).simulate(simulation);
  return { milliseconds: performance.now() - started, texts: JSON.stringify(texts) };
}

/** Draws what it is asked for together one by one. */
class OneByOne extends PassOn {
  override async sampleMany(continuations: readonly Continuation[], call: Call): Promise<SampledToken[][]> {
    const drawn: SampledToken[][] = [];
    for (const one of continuations) drawn.push(...(await this.engine.sampleMany([one], call)));
    return drawn;
  }
}
