/** Texts under JSON Schema, for any vocabulary: an engine says what its tokens spell, and which of them may follow is found here. */
export { JsonFormats, type TokenTable } from "./formats.ts";
export { bytesOf } from "./grammar.ts";
