import type { Utterance } from "./conversation.ts";
import type { Outcome } from "./outcome.ts";
import type { GuildSettings } from "./settings.ts";
import type { Vetted } from "./vetted.ts";

/** A question to the bot, wherever it was asked. */
export interface Incoming {
  /** Whose settings count and with whom nothing is mixed: a guild's id, or a private conversation's. */
  readonly guild: string;
  readonly channel: string;
  /** Id of the message or interaction: unique. */
  readonly source: string;
  /** Id of the person, as the platform vouches for it. */
  readonly author: string;
  /** What was said before, and last the question. */
  readonly said: readonly Utterance[];
  readonly settings: GuildSettings;
  /** Aborted when the question is taken back. */
  readonly signal: AbortSignal;
  /**
   * Shows an answer of which more is to come; the next one is not shown before this resolves. Left out: nothing is shown before
   * the whole answer is there.
   */
  readonly show?: ((beginning: Vetted) => Promise<void>) | undefined;
  /** Told how many answers begin before this one, whenever that changes while it waits. */
  readonly onPosition?: ((ahead: number) => void) | undefined;
}

export type Respond = (incoming: Incoming) => Promise<Outcome>;

/** Decides by itself, or lets `next` decide. */
export type Guard = (incoming: Incoming, next: Respond) => Promise<Outcome>;

/** The first guard is asked first. */
export function guarded(respond: Respond, guards: readonly Guard[]): Respond {
  return guards.reduceRight<Respond>((next, guard) => (incoming) => guard(incoming, next), respond);
}
