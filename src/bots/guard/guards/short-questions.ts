import type { Guard } from "../guarded.ts";
import { cleaned } from "../normalise.ts";

/** Characters of a question at most, as people see it. */
const LONGEST = 2000;

/** Refuses what is too long before anything is computed, and what says nothing. */
export const shortQuestions: Guard = async (incoming, next) => {
  const text = cleaned(incoming.said.at(-1)?.text ?? "");
  if (text === "") return { kind: "refuse", reason: "long", line: "What would you like to know? Write it behind my name." };
  if (text.length > LONGEST)
    return { kind: "refuse", reason: "long", line: `That is longer than I can read. Please ask in at most ${LONGEST} characters.` };
  return await next(incoming);
};
