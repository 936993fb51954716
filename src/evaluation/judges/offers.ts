import { ORDERS } from "../../core/index.ts";
import { type LetteredOptions, lettered, principleOptions } from "../../judges/index.ts";
import type { Case } from "./case-judge.ts";

const GRADES = [
  { wording: "very much so", value: 1 },
  { wording: "mostly", value: 0.5 },
  { wording: "half and half", value: 0 },
  { wording: "hardly", value: -0.5 },
  { wording: "not at all", value: -1 },
] as const;

/** What a judge that answers in words may choose from: the same options in two orders, as models favour a letter. */
export function offers({ principle, isGraded }: Pick<Case, "principle" | "isGraded">): readonly LetteredOptions[] {
  if (isGraded) return [lettered(GRADES), lettered(GRADES.toReversed())];
  return ORDERS.map((order) => principleOptions(principle, order));
}
