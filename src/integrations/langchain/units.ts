import { AIMessageChunk } from "@langchain/core/messages";
import type { Principle } from "../../core/index.ts";
import { type Draft, draftOf, isPlain, releasedPart, textOf } from "./draft.ts";

/** A part of a draft that is judged, and released or left, as one. */
export interface Unit {
  /** The text that it adds to the answer. */
  readonly text: string;
  /** What is released when it is accepted. */
  readonly chunk: AIMessageChunk;
  /** The whole draft, in its last unit; with what it cost and its tool calls. */
  readonly draft: Draft | undefined;
}

/** How a draft is read. */
export interface UnitReading {
  readonly isBySentence: boolean;
  /** The text that the draft goes on with; where that ends in white space, the draft's own beginning is not doubled. */
  readonly behind: string;
  /** By which it is going to be judged. */
  readonly principle: Principle;
}

/**
 * A draft as units: its sentences, as soon as each is whole, and the rest of it; or all of it at once. Sentences come early only
 * while there is nothing but text.
 *
 * @throws {JudgeError} when there is something in the draft that nobody can judge
 */
export async function* unitsOf(
  chunks: AsyncIterable<AIMessageChunk>,
  { isBySentence, behind, principle }: UnitReading,
): AsyncGenerator<Unit, void, void> {
  let whole = new AIMessageChunk("");
  let told = 0;
  for await (const chunk of chunks) {
    whole = whole.concat(chunk);
    if (!isBySentence || !isPlain(whole)) continue;
    for (const text of wholeSentences(goneOn(textOf(whole.content), behind).slice(told))) {
      told += text.length;
      yield { text, chunk: new AIMessageChunk(text), draft: undefined };
    }
  }
  const draft = draftOf(whole, principle);
  const text = goneOn(draft.text, behind).slice(told);
  yield { text, chunk: releasedPart(draft, text), draft };
}

function goneOn(text: string, behind: string): string {
  return /\s$/.test(behind) ? text.trimStart() : text;
}

const SENTENCES = new Intl.Segmenter("en", { granularity: "sentence" });

/**
 * The sentences of a text that is still being written: each that another one follows. What is behind them may still grow,
 * and is not among them. Joined they are the beginning of the text, white space and all.
 */
function wholeSentences(text: string): readonly string[] {
  return [...SENTENCES.segment(text)].slice(0, -1).map(({ segment }) => segment);
}
