import type { CallFormat, FormatPart, JsonSchema, Tool, ToolCall } from "../../core/index.ts";

/** A call in a text that a template made. All texts in it are marks that occur nowhere else. */
export interface WrittenCall {
  readonly name: string;
  /** With a mark for each text and key. */
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** From where to where a call stands. */
export interface CallPlace {
  readonly start: number;
  readonly end: number;
}

/** How a template writes calls. */
export interface TemplateCalls extends CallFormat {
  /** Where a call stands in a text. Of one that is still to be made, only where it starts is certain. */
  placeOf(call: WrittenCall, text: string): CallPlace;
}

/**
 * One way to write calls.
 *
 * @param call of `PROBE_ARGUMENTS`
 * @returns `undefined` for a text in which the call is written in another way
 */
export type CallFamily = (call: WrittenCall, text: string) => TemplateCalls | undefined;

/** Arguments in which each kind of value occurs, texts twice: between the first two stands what parts one argument from the next. */
export const PROBE_ARGUMENTS = { text: "one", more: "two", count: 5, isIt: true, part: { inner: "three" }, list: ["four"] };

/** In what a template writes around arguments, the name of the call. */
const NAME = "\uE002";

/** What a template writes somewhere in each call: it may say the call's name again, its number or its id. */
export class Frame {
  readonly #pieces: readonly string[];

  constructor(text: string, call: WrittenCall) {
    const pieces = text.replaceAll(call.name, NAME).split(new RegExp(`(${NAME}|\\d+)`));
    this.#pieces = pieces.filter((piece) => piece !== "");
  }

  /** What the model writes there. */
  parts(name: string): readonly FormatPart[] {
    return this.#pieces.map((piece, index) => {
      if (piece === NAME) return asData(name);
      return isNumber(piece) ? { raw: isId(piece) ? ID : NUMBER, before: this.#pieces[index + 1] ?? "" } : piece;
    });
  }

  /** Where this ends in a text in which it starts at `from`; -1 where it does not stand there. */
  endIn(text: string, from: number, name: string): number {
    let at = from;
    for (const [index, piece] of this.#pieces.entries()) {
      const said = piece === NAME ? name : this.#saidFor(piece, text.slice(at), this.#pieces[index + 1]);
      if (!text.startsWith(said, at)) return -1;
      at += said.length;
    }
    return at;
  }

  #saidFor(piece: string, text: string, next: string | undefined): string {
    if (isId(piece)) return text.slice(0, Math.max(0, text.indexOf(next ?? "")));
    return isNumber(piece) ? (/^\d+/.exec(text)?.[0] ?? piece) : piece;
  }
}

const NUMBER: JsonSchema = { enum: Array.from({ length: 100 }, (_, number) => String(number)) };
const ID: JsonSchema = { type: "string", minLength: 1, maxLength: 40 };

function isNumber(piece: string): boolean {
  return /^\d+$/.test(piece);
}

function isId(piece: string): boolean {
  return isNumber(piece) && piece.length > 3;
}

/** A text that is data: whatever it says, it is no special token. */
export function asData(text: string): FormatPart {
  return { raw: { const: text }, before: "" };
}

/** What stands in front of a name, back to where a word, a line or a mark begins: there the model's own tokens begin, too. */
export function headBefore(text: string, at: number): string {
  return / ?[^\n>\]\s\uE001]*$/.exec(text.slice(0, at))?.[0] ?? "";
}

/** The longer names first: one may begin like another. */
export function byLongestName(tools: readonly Tool[]): readonly Tool[] {
  return tools.toSorted((left, right) => right.name.length - left.name.length);
}

/** Behind the brace or bracket that closes the one at `start`; -1 where none does. What stands in quotes is passed over. */
export function closingBehind(text: string, start: number): number {
  let depth = 0;
  let isQuoted = false;
  for (let index = start; index < text.length; index++) {
    const sign = text[index];
    if (isQuoted && sign === "\\") index++;
    else if (sign === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (sign === "{" || sign === "[")) depth++;
    else if (!isQuoted && (sign === "}" || sign === "]")) depth--;
    if (depth === 0 && !isQuoted) return index + 1;
  }
  return -1;
}

/** What JSON in a text says; `undefined` for what is none. */
export function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** @throws {Error} for a text that was not written under the format of calls */
export function noCall(text: string): never {
  throw new Error(`Expected a call of one of the tools, got ${JSON.stringify(text)}`);
}

export type ReadCall = Pick<ToolCall, "name" | "arguments">;
