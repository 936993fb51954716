import { AIMessageChunk } from "@langchain/core/messages";
import { isPlain, keptFields } from "./readable.ts";
import { wholeSentences } from "./sentences.ts";

/** A part of a draft that is judged, and released or left, as one. */
export interface Unit {
  /** The text that it adds to the answer. */
  readonly text: string;
  /** What is released when it is accepted. */
  readonly chunk: AIMessageChunk;
  /** The whole draft, in its last unit; with what it cost and its tool calls. */
  readonly draft: AIMessageChunk | undefined;
}

/**
 * A draft as units: its sentences, as soon as each is whole, and the rest of it; or all of it at once. Sentences come early only
 * while there is nothing but text.
 *
 * @param behind the text that the draft goes on with; where that ends in white space, the draft's own beginning is not doubled
 */
export async function* unitsOf(
  draft: AsyncIterable<AIMessageChunk>,
  { isBySentence, behind }: { readonly isBySentence: boolean; readonly behind: string },
): AsyncGenerator<Unit, void, void> {
  let whole = new AIMessageChunk("");
  let told = 0;
  for await (const chunk of draft) {
    whole = whole.concat(chunk);
    if (!isBySentence || !isPlain(whole)) continue;
    for (const text of wholeSentences(goneOn(whole.text, behind).slice(told))) {
      told += text.length;
      yield { text, chunk: new AIMessageChunk(text), draft: undefined };
    }
  }
  const text = goneOn(whole.text, behind).slice(told);
  yield { text, chunk: lastChunk(whole, text), draft: whole };
}

function goneOn(text: string, behind: string): string {
  return /\s$/.test(behind) ? text.trimStart() : text;
}

/** What is left to release of a draft. Its usage and metadata are told once, at the very end of the answer. */
function lastChunk(whole: AIMessageChunk, text: string): AIMessageChunk {
  const { content, tool_call_chunks = [], additional_kwargs } = whole;
  return new AIMessageChunk({
    content: typeof content === "string" ? text : withText(content, whole.text === text ? undefined : text),
    tool_call_chunks,
    additional_kwargs: keptFields(additional_kwargs),
  });
}

type Blocks = Exclude<AIMessageChunk["content"], string>;

/** The same blocks, with `text`, if it is given, in place of theirs. */
function withText(blocks: Blocks, text: string | undefined): string | Blocks {
  if (text === undefined) return blocks;
  const others = blocks.filter(({ type }) => type !== "text");
  return others.length === 0 ? text : [{ type: "text", text }, ...others];
}
