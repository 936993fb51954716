import type { UrialExample } from "./urial-examples.ts";

/** How a conversation may be put to the model. */
export const PROMPTINGS = ["auto", "chat", "urial"] as const;

/**
 * `chat`: in the model's own chat format, or as `User:` and `Assistant:` lines. `urial`: as a document of fenced queries and answers that
 * begins with an instruction and restyled examples, for base models. `auto`: as the model needs it.
 */
export type Prompting = (typeof PROMPTINGS)[number];

/** Built-in examples that may be asked for: as many as the paper tried. */
export const EXAMPLE_COUNTS = [0, 1, 3, 8] as const;

/** Where the fences stand: on lines of their own, or around the text on its line. */
export const URIAL_LAYOUTS = ["lines", "inline"] as const;

export type UrialLayout = (typeof URIAL_LAYOUTS)[number];

/** How a conversation is put to the model. All optional. */
export interface PromptingOptions {
  /**
   * `auto` is `urial` for a base model, one that has no chat template, if that takes less than half of its context; otherwise `chat`.
   * @default "auto"
   */
  readonly prompting?: Prompting;
  /**
   * What a model learns from that is prompted by `urial`: how many of the built-in examples (0, 1, 3 or 8; three take about 800 tokens),
   * or your own. Their tokens are computed once per model. @default 3
   */
  readonly urialExamples?: (typeof EXAMPLE_COUNTS)[number] | readonly UrialExample[];
  /** Where the fences stand. @default "lines" */
  readonly urialLayout?: UrialLayout;
}
