import { type Call, type Engine, engineSimulator, type NextTokenQuery, type NextTokens, type Simulation } from "rain-align";
/** What it saves to write both answers of a preference pair in one batch: the same simulator, and the same in two runs, one for each side. */
import { heldOutPrompts } from "../training/world/index.ts";
import { Forced } from "./forced.ts";
import { PassOn } from "./pass-on.ts";
import { type Spread, spreadOf } from "./row.ts";

export interface SidesRow extends Spread {
  /** What `ratio` compares. */
  readonly compares: string;
  readonly prompts: number;
  /** Share of the prompts whose two texts are the same either way. */
  readonly identical: number;
}

export interface Sides {
  /** How many rounds are timed. */
  readonly pairs: number;
  /** Prompts that are answered at once in each round, either way. */
  readonly atOnce: number;
  /** Of an answer, at most. */
  readonly tokens: number;
  /** Random weights: nothing but `tokens` ends an answer. */
  readonly isForced: boolean;
}

/** Rounds that are not counted. */
const WARM_UP = 2;

/** Both sides at once over one after the other: same prompts and seeds, prompts read before either starts, taken by turns. */
export async function sidesRow(engine: Engine, { pairs, atOnce, tokens, isForced }: Sides): Promise<SidesRow> {
  const by = isForced ? new Forced(engine, { flags: 0, seed: 1 }) : engine;
  const prompts = heldOutPrompts("risky", (pairs + WARM_UP) * atOnce, 1);
  const ratios: number[] = [];
  let same = 0;
  for (let round = 0; round < pairs + WARM_UP; round++) {
    const asked = prompts.slice(round * atOnce, (round + 1) * atOnce);
    const simulations = asked.map(({ text }, place): Simulation => {
      return { turns: [{ role: "user", text }], pair: AFFIXES, seed: round * atOnce + place };
    });
    await timed(engine, simulations, 1);
    const apart = () => timed(new OneByOne(by), simulations, tokens);
    const earlier = round % 2 === 0 ? await apart() : undefined;
    const together = await timed(by, simulations, tokens);
    const separate = earlier ?? (await apart());
    if (round < WARM_UP) continue;
    ratios.push(together.milliseconds / separate.milliseconds);
    same += together.texts.filter((text, place) => text === separate.texts[place]).length;
  }
  const compares = `wall time, ${atOnce} prompts at once, both sides in one batch over one after the other`;
  return { compares, prompts: pairs * atOnce, ...spreadOf(ratios), identical: same / (pairs * atOnce) };
}

const AFFIXES = { positive: "harmless, helpful", negative: "harmful, unhelpful" } as const;

async function timed(engine: Engine, simulations: readonly Simulation[], maxTokens: number) {
  const simulator = engineSimulator(engine, { maxTokens });
  const started = performance.now();
  const answers = await Promise.all(simulations.map((simulation) => simulator.simulate(simulation)));
  return { milliseconds: performance.now() - started, texts: answers.map((sides) => JSON.stringify(sides)) };
}

/** Computes what it is asked for together one by one. */
class OneByOne extends PassOn {
  override async next(queries: readonly NextTokenQuery[], call: Call): Promise<NextTokens[]> {
    const read: NextTokens[] = [];
    for (const one of queries) read.push(...(await this.engine.next([one], call)));
    return read;
  }
}
