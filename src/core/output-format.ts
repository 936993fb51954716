/** What a text must be: JSON of a schema, or several parts. Which tokens may come next is said by who knows formats. */
import type { Prefix, Token } from "./engine.ts";

/**
 * A JSON Schema (draft 2020-12, with the older `definitions`), as plain data. `docs/output-formats.md` lists the keywords that
 * can be a format; what cannot be one is refused by name, and what only describes (`title`, `description`) is left alone.
 */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** JSON that is valid under a schema. `docs/output-formats.md` says which schemas can be a format. */
export interface JsonFormat {
  readonly type: "json";
  /** Taken as it is when it is first used: change a copy. */
  readonly schema: JsonSchema;
  /**
   * Whether a text of the schema is what was asked for: what a schema cannot say, or cannot keep while it is written. One that is not is as bad as
   * can be, whoever judges: it is left, and another one written, where nobody judges (`vanilla`, an unfit judge) as often as `retries` says. Asked of whole
   * texts only. The answer fails with what it throws. @default each is
   */
  readonly isValid?: (text: string) => boolean | Promise<boolean>;
  /**
   * Whether the text is judged and released in steps, as one without a format is, as far as the principle has a meaning for beginnings (`horizon`). What is out
   * is not taken back: an answer that turns out bad, or not valid, behind it may end there. @default false: as a whole, at its end
   */
  readonly inSteps?: boolean;
}

/** A text of several parts, one behind the other. Calls of tools that are no JSON as a whole are written so. */
export interface PartsFormat {
  readonly type: "parts";
  /** Taken as they are when the format is first used. */
  readonly parts: readonly FormatPart[];
}

/** One part of a text. */
export type FormatPart =
  /** This very text. What the vocabulary has as a special token is written as that token. */
  | string
  /** JSON that is valid under a schema. With `quote`, keys stand without quotes, texts between two of it without escapes, and there are no blanks. */
  | { readonly json: JsonSchema; readonly quote?: string }
  /** A string that is valid under a schema, as it is: no quotes, nothing escaped. It ends where `before` begins, and never contains it. */
  | { readonly raw: JsonSchema; readonly before: string }
  /** One of these. */
  | { readonly anyOf: readonly (readonly FormatPart[])[] }
  /** These parts again and again, `least` to `most` times. */
  | { readonly repeated: readonly FormatPart[]; readonly least: number; readonly most: number };

/** What a text must be. */
export type OutputFormat = JsonFormat | PartsFormat;

/** A text that is written under a format, if there is one. */
export interface Formatted {
  /**
   * Only tokens are drawn with which the text is still the beginning of something of this format, and an end token only where it is
   * complete. Where nothing may follow, the end token does.
   */
  readonly format?: OutputFormat | undefined;
  /** Where in `prefix` the text begins: the tokens behind it were written under the format already. @default the prefix's end */
  readonly formatStart?: number;
}

/** A text under a format, as far as it is written. Immutable. */
export interface FormattedText {
  /** One token more; `undefined` where the format does not allow it. Behind an end token nothing follows. */
  after(token: Token): FormattedText | undefined;
  allows(token: Token): boolean;
  /** All tokens that may follow, end tokens included; `undefined` where these are more than `limit`. */
  allowed(limit: number): readonly Token[] | undefined;
}

/** The formats that texts can be written under. `JsonFormats` of `engines/json-format` knows JSON Schema, for any vocabulary. */
export interface Formats {
  /** @throws {EngineError} `format-unsupported`, in one line that says which part is at fault and what to do */
  check(format: OutputFormat): void;
  /** The text under a format, as far as a prefix has it. */
  begin(formatted: Formatted & { readonly prefix: Prefix; readonly format: OutputFormat }): FormattedText;
}
