import type { Token } from "../../core/engine.ts";
import type { Surrounding } from "./chat-template.ts";

/** A special token in a template's text. */
export interface SpecialToken {
  readonly token: Token;
  readonly start: number;
  readonly end: number;
}

/** What a model writes when it is done with its own turn. */
export interface NextTurn {
  /** Tokens that end an answer, besides those that the model's file names. */
  readonly tokens: ReadonlySet<Token>;
  /** Texts that do, where the template has no token for it. */
  readonly texts: readonly string[];
}

/**
 * Where an answer ends, read off the template: at the token that it writes behind an answer, at one that opens the user's turn and none of the
 * assistant's, or, where the answer is followed by text such as `Human:`, at that text.
 */
export function nextTurn({ before, between, end }: Surrounding, specialsIn: (text: string) => readonly SpecialToken[]): NextTurn {
  const own = new Set(specialsIn(before).map(({ token }) => token));
  const [first, ...opening] = specialsIn(between);
  const [last] = specialsIn(end);
  const tokens = [...(last === undefined ? [] : [last]), ...opening.filter(({ token }) => !own.has(token))].map(({ token }) => token);
  return { tokens: new Set(tokens), texts: textsIn(between.slice(0, first?.start)) };
}

/** The first line that says something, on a line of its own if the template begins one. */
function textsIn(text: string): readonly string[] {
  const [, space = "", line = ""] = /^(\s*)(\S[^\n]*)/.exec(text) ?? [];
  const mark = line.trimEnd();
  if (!/\p{L}/u.test(mark)) return [];
  if (!space.includes("\n")) return [mark];
  // A model may leave out the empty line before it.
  return [...new Set([space.slice(space.indexOf("\n")), "\n"])].map((lines) => lines + mark);
}
