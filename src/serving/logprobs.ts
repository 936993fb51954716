import type { RainStep } from "../core/index.ts";

/** How likely the model took the tokens of a text, in the form of OpenAI's chat completions: its own probabilities, before temperature, samplers, a format or the judge. */
export interface ToldLogprobs {
  readonly content: readonly {
    readonly token: string;
    /** Natural logarithm, at most 0. */
    readonly logprob: number;
    /** In UTF-8; `null` of a token that is part of a character. */
    readonly bytes: readonly number[] | null;
    /** Of tokens that were likely and not taken nothing is told: nobody judged them. */
    readonly top_logprobs: readonly never[];
  }[];
}

/** What these steps say of their tokens; `undefined` where they say nothing. */
export function toldLogprobs(steps: readonly RainStep[]): ToldLogprobs | undefined {
  const tokens = steps.flatMap(({ logprobs = [] }) => logprobs);
  if (tokens.length === 0) return undefined;
  return {
    content: tokens.map(({ text, logprob }) => ({
      token: text,
      logprob,
      bytes: text.includes("\uFFFD") ? null : [...new TextEncoder().encode(text)],
      top_logprobs: [],
    })),
  };
}
