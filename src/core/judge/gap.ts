import type { Engine, Prefix, Token } from "../engine/engine.ts";

/**
 * What belongs between a conversation and an answer that was written behind another prefix than this one: an answer that began on a line of
 * its own lacks the space that belongs behind `Assistant:`.
 */
export function gapBefore(answer: readonly Token[], conversation: Prefix, engine: Engine): readonly Token[] {
  const isAfterColon = engine.detokenize(conversation.slice(-1)).endsWith(":");
  const start = engine.detokenize(answer.slice(0, 1), conversation);
  return !isAfterColon || start === "" || /^\s/.test(start) ? [] : engine.tokenize(" ");
}
