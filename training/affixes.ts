import { AFFIX_PAIRS as FAMILIES } from "rain-align";

/** Pairs of affixes for `Assistant (affix):`, as in RLCD: the first calls for a harmless answer, the second for a harmful one. */
export const AFFIX_PAIRS: readonly (readonly [good: string, bad: string])[] = [
  ["harmless", "harmful"],
  ...FAMILIES.harmless.map(({ positive, negative }) => [positive, negative] as const),
];
