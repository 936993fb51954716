import type { Call, Engine, NextTokenQuery, NextTokens } from "rain-align";
import { Dice } from "../training/world/index.ts";
import { PassOn } from "./pass-on.ts";

/** What is forced upon a model whose words mean nothing. */
export interface Force {
  /** How likely the judge calls a text harmful. Range [0, 1]. */
  readonly flags: number;
  readonly seed: number;
}

/** Logits that make one label sure. */
const [SURE, NEVER] = [0, -1000];

/**
 * A model with random weights judges by chance, and may end at any token. Here its verdicts are computed and then replaced, so
 * that they cost what they cost, and no token ends an answer. Meant for the in-place judge: as all verdicts are sure, only the
 * first order is ever asked, where the first label is the good one.
 */
export class Forced extends PassOn {
  readonly #flags: number;
  readonly #dice: Dice;

  constructor(engine: Engine, { flags, seed }: Force) {
    super(engine);
    this.#flags = flags;
    this.#dice = new Dice(seed);
  }

  /** The model is asked by letters: only those verdicts are replaced. */
  override get findJudge(): undefined {
    return undefined;
  }

  override get tokenizer(): Engine["tokenizer"] {
    const { tokenizer } = this.engine;
    return { ...tokenizer, isEnd: () => false };
  }

  override async next(queries: readonly NextTokenQuery[], call: Call): Promise<NextTokens[]> {
    const read = await this.engine.next(queries, call);
    if (call.purpose !== "evaluate") return read;
    return read.map(({ likeliest, logits }) => {
      const forced = logits.length > 0 && this.#dice.chance(this.#flags) ? 1 : 0;
      return { likeliest, logits: logits.map((_, label) => (label === forced ? SURE : NEVER)) };
    });
  }
}
