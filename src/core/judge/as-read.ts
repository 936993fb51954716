import type { Engine, Prefix, Token } from "../engine.ts";

/**
 * An answer as it reads behind this conversation, when it was written behind another prefix: one that began on a line of its own lacks the space
 * that belongs behind `Assistant:`. It gets it as part of its first word, in the tokens that a model has always seen there: to most, ` It` is
 * one token and another one than `It`, and behind a space alone they judge worse. All other tokens stay as they were drawn.
 */
export function asRead(answer: readonly Token[], conversation: Prefix, engine: Engine): readonly Token[] {
  const isAfterColon = engine.tokenizer.detokenize(conversation.slice(-1)).endsWith(":");
  const start = engine.tokenizer.detokenize(answer.slice(0, 1), conversation);
  if (!isAfterColon || start === "" || /^\s/.test(start)) return answer;
  const length = firstWord(answer, conversation, engine);
  const word = engine.tokenizer.detokenize(answer.slice(0, length), conversation);
  const gap = engine.tokenizer.tokenize(" ");
  const spaced = engine.tokenizer.tokenize(` ${word}`);
  // Half a character has no text; and there is room for a gap, and for no more.
  const isFit = !word.includes("\uFFFD") && spaced.length <= gap.length + length;
  return isFit ? [...spaced, ...answer.slice(length)] : [...gap, ...answer];
}

/** How many tokens it is long. */
function firstWord(answer: readonly Token[], conversation: Prefix, engine: Engine): number {
  const end = answer.findIndex((token, index) => {
    const text = engine.tokenizer.detokenize([token], [...conversation, ...answer.slice(0, index)]);
    return index > 0 && (text === "" || /^\s/.test(text));
  });
  return end < 0 ? answer.length : end;
}
