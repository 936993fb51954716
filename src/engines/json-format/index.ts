/** Texts under JSON Schema, for any vocabulary: an engine says what its tokens spell, and which of them may follow is found here. */

export { Expressions } from "./expressions.ts";
export { JsonFormats, type TokenTable } from "./formats.ts";
export { bytesOf } from "./grammar.ts";
export { patternTexts } from "./patterns.ts";
