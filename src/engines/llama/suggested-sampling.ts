import { RULES } from "../../core/check-options.ts";
import type { SuggestedSampling } from "../../core/options.ts";

/** By its name in `general.sampling` of a GGUF's metadata, the option that it is a default of. Mirostat and the order of samplers have no counterpart. */
const OPTION_BY_KEY = {
  temp: "temperature",
  top_k: "topK",
  top_p: "topP",
  min_p: "minP",
  xtc_probability: "xtcProbability",
  xtc_threshold: "xtcThreshold",
  penalty_last_n: "penaltyLastN",
  penalty_repeat: "repetitionPenalty",
} as const satisfies Readonly<Record<string, keyof SuggestedSampling>>;

/** How a model's file says that it is to be sampled from. What could not be said as an option, such as a `top_k` of 0 for all tokens, is left out. */
export function suggestedSampling(general: object): SuggestedSampling | undefined {
  const given: unknown = Reflect.get(general, "sampling");
  if (typeof given !== "object" || given === null) return undefined;
  const known = Object.entries(OPTION_BY_KEY).map(([key, option]): [string, unknown] => [option, rounded(Reflect.get(given, key))]);
  const usable = known.filter(([option, value]) => value !== undefined && RULES[option]?.isMet(value) === true);
  return usable.length === 0 ? undefined : Object.fromEntries(usable);
}

/** Files hold numbers of 32 bits: what was written as 0.6 reads as 0.6000000238418579. */
function rounded(value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(7)) : value;
}
