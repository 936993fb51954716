/** What computed tokens were for. `prompt` is the first reading of a conversation or of a judge's preamble. */
export type Purpose = "prompt" | "draft" | "expand" | "simulate" | "evaluate";

export const PURPOSES = ["prompt", "draft", "expand", "simulate", "evaluate"] as const satisfies readonly Purpose[];

/** What was spent on one purpose. */
export interface Spent {
  /** Tokens computed. A token found in the cache costs nothing and is not counted. */
  tokens: number;
  /** Decode calls, one after another. A batch is one call. */
  calls: number;
}

/** Cost per emitted token, those of a thought included: the figures that papers and benchmarks compare. */
export interface Cost {
  /** Forward tokens per emitted token. Plain decoding: 1. The first reading of the prompt is not in it. */
  readonly fpe: number;
  /** Sequential decode calls per emitted token. Plain decoding: 1. */
  readonly spe: number;
  /** Evaluations (values the judge gave) per emitted token. */
  readonly epe: number;
}

/** Counts one request's work where it is done, in the engine, so that cost never depends on a clock. */
export class Meter {
  readonly spent: Readonly<Record<Purpose, Spent>> = {
    prompt: { tokens: 0, calls: 0 },
    draft: { tokens: 0, calls: 0 },
    expand: { tokens: 0, calls: 0 },
    simulate: { tokens: 0, calls: 0 },
    evaluate: { tokens: 0, calls: 0 },
  };
  /** Values the judge gave; both option orders of one text are one evaluation. */
  evaluations = 0;
  /** Tokens of the answer, its end token included. */
  emitted = 0;
  /** Tokens of the thought behind which the answer stands, marks included. None of them is emitted. */
  thoughtTokens = 0;

  /** Called by engines: this many tokens were computed for `purpose`, in this many decode calls. */
  record(purpose: Purpose, tokens: number, calls: number): void {
    this.spent[purpose].tokens += tokens;
    this.spent[purpose].calls += calls;
  }

  /** Enters what another meter counted, for work that was done in parts. */
  add({ spent, evaluations, emitted, thoughtTokens }: Meter): void {
    for (const purpose of PURPOSES) this.record(purpose, spent[purpose].tokens, spent[purpose].calls);
    this.evaluations += evaluations;
    this.emitted += emitted;
    this.thoughtTokens += thoughtTokens;
  }

  /** Tokens computed for everything but the first reading of the prompt. */
  get forward(): number {
    return PURPOSES.reduce((sum, purpose) => sum + (purpose === "prompt" ? 0 : this.spent[purpose].tokens), 0);
  }

  get cost(): Cost {
    const calls = PURPOSES.reduce((sum, purpose) => sum + (purpose === "prompt" ? 0 : this.spent[purpose].calls), 0);
    const emitted = Math.max(1, this.emitted + this.thoughtTokens);
    return { fpe: this.forward / emitted, spe: calls / emitted, epe: this.evaluations / emitted };
  }
}
