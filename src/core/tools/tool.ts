/** What a model may ask its caller to do, and how it asks. Plain data. */

/** A tool that may be called. */
export interface Tool {
  readonly name: string;
  /** When and how to call it: read by the model. */
  readonly description?: string | undefined;
  /** A JSON schema of an object: the arguments. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** A call that an assistant's turn makes. */
export interface ToolCall {
  /** Ties the call to the turn with its result; unique in a conversation. */
  readonly id: string;
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** `auto`: the model decides between text and calls. `any`: at least one call. `none`: text only. A name: one call of that tool. */
export type ToolChoice = "auto" | "any" | "none" | { readonly name: string };

/** Under which names a model writes a call as a JSON object. */
export interface CallKeys {
  readonly name: string;
  readonly arguments: string;
}

export const CALL_KEYS: CallKeys = { name: "name", arguments: "arguments" };
