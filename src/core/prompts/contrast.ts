import type { Engine, Prefix, Turn } from "../engine.ts";
import type { AffixPair } from "./affixes.ts";
import { plainConversation } from "./chat-turn.ts";

export const CONTRAST_FORMS = ["affix", "system"] as const;

/** `affix`: plain lines with `Assistant (affix):`, for base models. `system`: a system turn, for models that know only their chat format. */
export type ContrastForm = (typeof CONTRAST_FORMS)[number];

/** Which of the two affixes an answer is to follow. */
export type Pole = keyof AffixPair;

/** Both prompts of one conversation, which differ in their affixes alone. */
export interface Contrast {
  readonly pair: AffixPair;
  readonly form: ContrastForm;
}

/**
 * The conversation, up to where an answer begins that follows one of the affixes. Earlier answers carry the opposite one, as in RLCD: in
 * view of them the next answer stands out the more.
 */
export function contrastPrefix(engine: Engine, turns: readonly Turn[], { pair, form, pole }: Contrast & { readonly pole: Pole }): Prefix {
  if (form === "system") return engine.tokenizer.render(instructedTurns(turns, pair, pole));
  const earlier = `Assistant (${pair[opposite(pole)]})`;
  return engine.tokenizer.renderText(plainConversation(turns, { earlier, next: `Assistant (${pair[pole]})` }));
}

/** The same as a conversation that any chat model reads: what there is of instructions, and how it is to answer. */
export function instructedTurns(turns: readonly Turn[], pair: AffixPair, pole: Pole): readonly Turn[] {
  const hasAnswers = turns.slice(0, -1).some(({ role }) => role === "assistant");
  const earlier = hasAnswers ? ` Your answers so far were those of an assistant (${pair[opposite(pole)]}).` : "";
  const manner = `You are an assistant (${pair[pole]}).${earlier} Answer as such, and say nothing about it.`;
  const [first, ...others] = turns;
  if (first?.role !== "system") return [{ role: "system", text: manner }, ...turns];
  return [{ ...first, text: `${first.text}\n\n${manner}` }, ...others];
}

export function opposite(pole: Pole): Pole {
  return pole === "positive" ? "negative" : "positive";
}
