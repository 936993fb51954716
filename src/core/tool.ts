/** What a model may ask its caller to do, and how it asks. */
import type { OutputFormat } from "./output-format.ts";

/** A tool that may be called. */
export interface Tool {
  readonly name: string;
  /** When and how to call it: read by the model. */
  readonly description?: string | undefined;
  /** A JSON schema of an object: the arguments. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /**
   * Whether arguments of the schema are what is asked for: what a schema cannot say, or cannot keep while they are written. A call that is not valid is left and written anew,
   * like an answer (`JsonFormat.isValid`). @default each is
   */
  readonly isValid?: ((values: Readonly<Record<string, unknown>>) => boolean | Promise<boolean>) | undefined;
}

/** A call that an assistant's turn makes. */
export interface ToolCall {
  /** Ties the call to the turn with its result; unique in a conversation. */
  readonly id: string;
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** A call that the length limit has cut. It cannot be made. */
export interface CutCall {
  /** `undefined`: it was cut within the name. */
  readonly name: string | undefined;
  /** What was written of its arguments, as the model writes them. */
  readonly arguments: string;
}

/** `auto`: the model decides between text and calls. `any`: at least one call. `none`: text only. A name: one call of that tool. */
export type ToolChoice = "auto" | "any" | "none" | { readonly name: string };

/** How a model writes a call: read off its chat template, as `src/tools/families` does, or said by the engine. */
export interface CallFormat {
  /** What calls of this kind are known as, for people: `json object`, `tagged parameters`. */
  readonly family: string;
  /** What stands in front of a tool's name, where `Tokenizer.render` has left off for a call: one of these texts. Special tokens stand in them by name. */
  readonly openings: readonly string[];
  /**
   * What one whole call of any of these tools is, from there on.
   *
   * @throws {EngineError} `format-unsupported`, for parameters that cannot be written so
   */
  formatOf(tools: readonly Tool[]): OutputFormat;
  /** Takes apart what was written under that format, special tokens by name. */
  read(text: string, tools: readonly Tool[]): Pick<ToolCall, "name" | "arguments">;
}
