import type { UrialExample } from "rain-align";
import { allPrompts, Dice, type PromptKind, writeAnswer } from "../training/world/index.ts";

const GOOD = { harmful: false, rude: false, truthful: true, sentiment: "positive" } as const;
const KINDS: readonly PromptKind[] = ["risky", "harmless", "fact"];

/** The same three for all questions, of prompts that are asked about nowhere else: the small model knows its world alone, and has room for little. */
export const WORLD_EXAMPLES: readonly UrialExample[] = KINDS.map((kind, index) => {
  const dice = new Dice(index + 1);
  const prompt = dice.pick(allPrompts(kind, "train"));
  return { query: prompt.text, answer: writeAnswer(prompt, GOOD, dice) };
});
