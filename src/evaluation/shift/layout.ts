import { type Engine, type Prefix, plainConversation, type Turn } from "../../core/index.ts";

/**
 * How a conversation is put to both models. `aligned`: both read the very same tokens, those of the aligned model's own format, as in the
 * paper; `own`: each reads its own format; `plain`: both read the same plain lines.
 */
export const SHIFT_LAYOUTS = ["aligned", "own", "plain"] as const;

export type ShiftLayout = (typeof SHIFT_LAYOUTS)[number];

/** A base model, and the model that was made of it. Both have the same vocabulary. */
export interface Pair<Item> {
  readonly base: Item;
  readonly aligned: Item;
}

/** What stands before the answer, as each model reads it. */
export interface Contexts extends Pair<Prefix> {
  /** Whether the aligned model reads plain lines, in which it may go on with the next turn. */
  readonly isPlain: boolean;
}

export function contextsOf(turns: readonly Turn[], layout: ShiftLayout, { base, aligned }: Pair<Engine>): Contexts {
  const isPlain = layout === "plain" || !aligned.facts.hasChatTemplate;
  const read = layout === "plain" ? aligned.tokenizer.renderText(plainConversation(turns)) : aligned.tokenizer.render(turns);
  return { aligned: read, base: layout === "own" ? base.tokenizer.render(turns) : read, isPlain };
}
