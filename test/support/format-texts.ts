/** Texts under a format, byte by byte: whether one can be written, and random ones. */
import { EngineError, type Formats, type FormattedText, type JsonSchema, type Token } from "../../src/core/index.ts";
import { END_TOKEN } from "./byte-vocabulary.ts";
import { scriptedEngine } from "./scripted-engine.ts";

const { formats: known, tokenizer } = scriptedEngine({ pieces: [], next: () => ({}) });
const formats = known as Formats;

/** How far a text is of a format: all of it, only its beginning, or not even that. */
export function judgeText(schema: JsonSchema, text: string): "whole" | "beginning" | "other" {
  let written: FormattedText | undefined = formats.begin({ format: { type: "json", schema }, prefix: [] });
  for (const token of tokenizer.tokenize(text)) written = written?.after(token);
  return written === undefined ? "other" : written.allows(END_TOKEN) ? "whole" : "beginning";
}

/** @throws {EngineError} for a schema that cannot be a format */
export function checkSchema(schema: JsonSchema): void {
  formats.check({ type: "json", schema });
}

/** Whether a schema is not refused: some random ones are. */
export function isFormat(schema: JsonSchema): boolean {
  try {
    checkSchema(schema);
    return true;
  } catch (error) {
    if (error instanceof EngineError && error.code === "format-unsupported") return false;
    throw error;
  }
}

/** The tokens that random texts are made of: all signs of JSON, those of formats, and some characters of one to four bytes. */
const ALPHABET: ReadonlySet<Token> = new Set(
  tokenizer.tokenize(' \n{}[]:,"\\/+-.@_%#?=&0123456789abcdefghijklmnopqrstuvwxyzABCDEFPTWYZHMSé日本👩'),
);

/** One of the texts of a schema, written byte by byte with these choices; it closes as soon as it can once `patience` is used up. */
export function someText(schema: JsonSchema, choose: (count: number) => number, patience = 200): string {
  const tokens: Token[] = [];
  let written = formats.begin({ format: { type: "json", schema }, prefix: [] });
  for (;;) {
    const all = written.allowed(Number.POSITIVE_INFINITY) ?? [];
    const common = all.filter((token) => ALPHABET.has(token));
    const known = common.length > 0 ? common : all.filter((token) => token !== END_TOKEN);
    const isPatient = tokens.length <= patience;
    const next = isPatient ? known : closing(known, choose(2) === 0);
    const isComplete = written.allows(END_TOKEN);
    if (isComplete && (!isPatient || choose(next.length + 1) === next.length)) return tokenizer.detokenize(tokens);
    const chosen = next[choose(next.length)];
    const after = chosen === undefined ? undefined : written.after(chosen);
    if (chosen === undefined || after === undefined)
      throw new Error(`Expected something to follow \`${tokenizer.detokenize(tokens)}\` under ${JSON.stringify(schema)}, got nothing`);
    tokens.push(chosen);
    written = after;
    if (tokens.length > 100 * patience)
      throw new Error(`Expected an end under ${JSON.stringify(schema)}, got ${tokenizer.detokenize(tokens)}`);
  }
}

const [QUOTE, ...BRACKETS] = tokenizer.tokenize('"]}');
const BACKSLASH = tokenizer.tokenize("\\")[0];

/** With these a text comes to its end: a quote, where one may stand, by turns brackets and whatever else. */
function closing(next: readonly Token[], isTurn: boolean): readonly Token[] {
  const brackets = next.filter((token) => BRACKETS.includes(token));
  if (next.includes(QUOTE as Token)) return [QUOTE as Token, ...brackets];
  const others = next.filter((token) => token !== BACKSLASH);
  return brackets.length > 0 && isTurn ? brackets : others.length > 0 ? others : next;
}
