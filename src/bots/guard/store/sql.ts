/** SQL that both databases understand. What is put into it are always parameters: no text can change what a statement means. */
import { wellFormed } from "./well-formed.ts";

export type SqlValue = string | number | boolean | null;

export interface Statement {
  /** The parts between the parameters: one more than there are of those. */
  readonly texts: readonly string[];
  readonly values: readonly SqlValue[];
}

/** `sql\`SELECT 1 WHERE a = ${a}\``. `undefined` becomes SQL's NULL. */
export function sql(texts: TemplateStringsArray, ...values: readonly (string | number | boolean | undefined)[]): Statement {
  return { texts, values: values.map(storable) };
}

/** Statements without parameters, such as those that make tables. */
export function plain(text: string): Statement {
  return { texts: [text], values: [] };
}

/**
 * As both databases can hold it: PostgreSQL knows no NUL, the SQLite driver ends a text there, and half of a surrogate pair is no text.
 * What reads like one afterwards is what was looked for: the same happens to every parameter.
 */
function storable(value: string | number | boolean | undefined): SqlValue {
  if (typeof value !== "string") return value ?? null;
  return wellFormed(value).replaceAll("\0", "\u{FFFD}");
}
