/** What stands between a prompt and the text of the answer: a thought with its marks, or what a model writes in the place of one. */
import type { Engine, Prefix, Thinking, Token, Tokenizer, Turn } from "./engine.ts";

/** Whether the last turn is an answer that something was said of already. */
export function isBegun(turns: readonly Turn[]): boolean {
  const last = turns.at(-1);
  return last?.role === "assistant" && (last.opening === undefined || last.text !== "" || (last.calls ?? []).length > 0);
}

/** The turns, so put that the model answers them without a thought. An answer that is begun already, be it by a thought, is left as it is. */
export function answeredAtOnce(turns: readonly Turn[], { facts: { thinking } }: Pick<Engine, "facts">): readonly Turn[] {
  if (thinking === undefined || turns.at(-1)?.role === "assistant") return turns;
  const asked = turns.map((turn, index) => (index === 0 ? { ...turn, thinks: false as const } : turn));
  return openedBy(asked, thinking.unasked);
}

/** The turns, with an answer that has no text yet behind this opening. */
export function openedBy(turns: readonly Turn[], opening: readonly Token[]): readonly Turn[] {
  return [...turns, { role: "assistant", text: "", opening }];
}

/** For another model, whose tokens are others: the turns without what one has read in front of its answer. */
export function withoutOpening(turns: readonly Turn[]): readonly Turn[] {
  if (!isBegun(turns) && turns.at(-1)?.role === "assistant") return turns.slice(0, -1);
  return turns.map(({ opening: _, thinks: __, ...turn }) => turn);
}

/** What `Tokenizer.render` gives for turns of which the last has an opening. `render`: the same for turns without one. */
export function renderOpened(
  turns: readonly Turn[],
  opening: readonly Token[],
  tokenizer: Pick<Tokenizer, "render" | "tokenize">,
): Token[] {
  const before = turns.slice(0, -1);
  const { opening: _, ...last } = turns.at(-1) as Turn;
  const opened = [...tokenizer.render(before), ...opening, ...(last.text === "" ? [] : tokenizer.tokenize(last.text))];
  if (last.isCalling !== true && (last.calls ?? []).length === 0) return opened;
  const speaking = tokenizer.render([...before, { role: last.role, text: last.text }]);
  const calling = tokenizer.render([...before, last]);
  const parting = speaking.findIndex((token, index) => token !== calling[index]);
  const shared = parting < 0 ? speaking.length : parting;
  // Some write in front of a text what they do not write in front of a call.
  return [...withoutEnd(opened, speaking.slice(shared)), ...calling.slice(shared)];
}

function withoutEnd(tokens: Prefix, end: Prefix): Prefix {
  const start = tokens.length - end.length;
  return end.every((token, index) => token === tokens[start + index]) ? tokens.slice(0, start) : tokens;
}

/** Tokens that say by themselves that a thought begins or ends. Marks that are plain text have none. */
export function markTokens({ facts: { thinking }, tokenizer }: Pick<Engine, "facts" | "tokenizer">): readonly Token[] {
  if (thinking === undefined) return [];
  return [thinking.open, thinking.close].flatMap((mark) => markToken(mark, tokenizer) ?? []);
}

/** The token of a mark that stands for all of it: the only one, or the first that reads as nothing. */
export function markToken(mark: readonly Token[], tokenizer: Pick<Tokenizer, "detokenize">): Token | undefined {
  return mark.length === 1 ? mark[0] : mark.find((token) => tokenizer.detokenize([token]) === "");
}

/** A mark as the model's vocabulary spells it: special tokens by their names. */
export function spelled(tokens: readonly Token[], tokenizer: Pick<Tokenizer, "detokenize" | "nameOf">, after?: Prefix): string {
  return tokens
    .map((token, index) => {
      const before = [...(after ?? []).slice(-1), ...tokens.slice(Math.max(0, index - 4), index)];
      return tokenizer.detokenize([token], before) || tokenizer.nameOf(token);
    })
    .join("");
}

/** How the marks of a model read. */
export function spelledMarks({ open, preamble = [], close, header }: Thinking, tokenizer: Pick<Tokenizer, "detokenize" | "nameOf">) {
  const read = (mark: readonly Token[]) => spelled(mark, tokenizer).trim();
  return { open: read(open), preamble: read(preamble), close: read(close), header: read(header) };
}
