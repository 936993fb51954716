import type { Account } from "./inference.ts";
import type { Vetted } from "./vetted.ts";

/**
 * Why there is no answer. `judged`: nothing that was found is good enough. `question`: the question itself is not. `cooldown`, `cap`:
 * the person, or the guild, asks too much. `long`: more than the model can read. `busy`: too many ask at once. `unfit`: the model
 * judges too badly to be asked. `failed`: the model, its judge or the bot's memory failed.
 */
export type Reason = "judged" | "question" | "cooldown" | "cap" | "long" | "busy" | "unfit" | "failed";

/** What becomes of a question. */
export type Outcome =
  | { readonly kind: "reply"; readonly text: Vetted; readonly account: Account }
  /** A line of our own is said instead. */
  | { readonly kind: "refuse"; readonly reason: Reason; readonly line: string; readonly account?: Account; readonly error?: unknown }
  /** Nothing is said. */
  | { readonly kind: "ignore"; readonly reason: "cooldown" };
