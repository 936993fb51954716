import type { PreferencePair } from "../../pairs/index.ts";
import { type Rate, wilson } from "../statistics.ts";

/** What there is to say of a file of preference pairs. */
export interface PairSummary {
  readonly pairs: number;
  /** Share of the pairs, of those that were judged, whose better-judged answer has the positive affix. `undefined`: none was. */
  readonly agreement: Rate | undefined;
  /** Means, in characters. */
  readonly lengths: { readonly prompt: number; readonly chosen: number; readonly rejected: number };
}

export function summarise(pairs: readonly PreferencePair[]): PairSummary {
  const judged = pairs.flatMap(({ metadata }) => (metadata.values === undefined ? [] : [metadata.values]));
  const agreeing = judged.filter(({ positive, negative }) => positive > negative).length;
  const lengthOf = (part: "prompt" | "chosen" | "rejected") =>
    mean(pairs.map((pair) => pair[part].reduce((sum, { content }) => sum + content.length, 0)));
  return {
    pairs: pairs.length,
    agreement: judged.length === 0 ? undefined : wilson(agreeing, judged.length),
    lengths: { prompt: lengthOf("prompt"), chosen: lengthOf("chosen"), rejected: lengthOf("rejected") },
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
