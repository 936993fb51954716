import type { JsonSchema } from "../../src/core/engine.ts";
import { compileSchema } from "../../src/engines/json-format/compile-schema.ts";
import { bytesOf } from "../../src/engines/json-format/grammar.ts";
import { Written } from "../../src/engines/json-format/written.ts";

/** How far a text is of a format: all of it, only its beginning, or not even that. */
export function judgeText(schema: JsonSchema, text: string): "whole" | "beginning" | "other" {
  let written: Written | undefined = Written.nothing(compileSchema(schema));
  for (const byte of bytesOf(text)) written = written?.after(byte.charCodeAt(0));
  return written === undefined ? "other" : written.isComplete ? "whole" : "beginning";
}

/** The bytes that random texts are made of: all signs of JSON, and some characters of one to four bytes. */
const BYTES = [...new Set(bytesOf(' \n{}[]:,"\\/+-.0123456789abcdefghijklmnopqrstuvwxyzDEé日本👩'))].map((character) =>
  character.charCodeAt(0),
);

/** One of the texts of a schema, written byte by byte with these choices; it closes as soon as it can once `patience` is used up. */
export function someText(schema: JsonSchema, choose: (count: number) => number, patience = 200): string {
  let written: Written = Written.nothing(compileSchema(schema));
  let text = "";
  for (;;) {
    const next = BYTES.flatMap((byte) => {
      const after = written.after(byte);
      return after === undefined ? [] : [{ byte, after }];
    });
    const isOver = written.isComplete && (text.length > patience || choose(next.length + 1) === next.length);
    if (isOver) return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(text, (byte) => byte.charCodeAt(0)));
    const chosen = text.length > patience ? shortest(next) : next[choose(next.length)];
    if (chosen === undefined) throw new Error(`Expected something to follow ${JSON.stringify(text)}, got nothing`);
    text += String.fromCharCode(chosen.byte);
    written = chosen.after;
  }
}

/** Closing signs first, a string's before all others, which may stand in it: so a text comes to its end. */
function shortest<Step extends { readonly byte: number }>(steps: readonly Step[]): Step | undefined {
  const closing = [...'"]}0e'].map((sign) => steps.find(({ byte }) => byte === sign.charCodeAt(0)));
  return closing.find((step) => step !== undefined) ?? steps[0];
}
