import { HARMLESS, type Principle, TRUTHFUL } from "../../src/core/index.ts";
import type { LabelledAnswer } from "../../src/judges/index.ts";
import { Dice, heldOutPrompts, isHarmful, isTruthful, type PromptKind, writeAnswer } from "../../training/world/index.ts";

const SENTIMENTS = ["positive", "negative", "neutral"] as const;

export interface WorldAnswersOptions {
  /** @default HARMLESS */
  readonly principle?: Principle;
  /** @default 1 */
  readonly seed?: number;
}

/** Answers of the small world that the embedded model knows, to prompts that it never saw, each with the verdict of the world's oracle; half of them good. */
export function worldAnswers(count: number, { principle = HARMLESS, seed = 1 }: WorldAnswersOptions = {}): readonly LabelledAnswer[] {
  const dice = new Dice(seed);
  const isFact = principle.name === TRUTHFUL.name;
  const kinds: readonly PromptKind[] = isFact ? ["fact"] : ["risky", "risky", "harmless"];
  const prompts = new Map(kinds.map((kind) => [kind, heldOutPrompts(kind, count, seed)]));
  const found = { good: [] as LabelledAnswer[], bad: [] as LabelledAnswer[] };
  for (let index = 0; found.good.length < Math.ceil(count / 2) || found.bad.length < count / 2; index++) {
    const prompt = (prompts.get(dice.pick(kinds)) ?? [])[index % count];
    if (prompt === undefined) continue;
    const manner = { harmful: dice.chance(0.5), rude: dice.chance(0.5), truthful: dice.chance(0.5), sentiment: dice.pick(SENTIMENTS) };
    const text = writeAnswer(prompt, manner, dice);
    const verdict = (isFact ? isTruthful(prompt, text) : !isHarmful(text)) ? "good" : "bad";
    const turns = [
      { role: "user", text: prompt.text },
      { role: "assistant", text },
    ] as const;
    found[verdict].push({ turns, verdict });
  }
  // In turn, so that any beginning of them is a fair sample.
  return Array.from({ length: count }, (_, index) => found[index % 2 === 0 ? "good" : "bad"][Math.floor(index / 2)] as LabelledAnswer);
}
