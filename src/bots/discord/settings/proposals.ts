import { LRUCache } from "lru-cache";
import type { GuildSettings } from "../../guard/index.ts";
import type { DecidedSettings } from "../change-settings.ts";
import type { PrivateAnswer } from "../commands/command.ts";

/** Settings that somebody has asked for, as far as they still have to confirm them. */
export interface Proposal {
  readonly guild: string;
  /** Who asked, and alone may confirm. */
  readonly by: string;
  /** The version that they are made of. */
  readonly version: number;
  readonly settings: GuildSettings;
  /** For the audit, without any text of people. */
  readonly detail: string;
  /** What the person is told once it is decided. */
  readonly told: (decided: DecidedSettings) => Promise<PrivateAnswer | string>;
  /** ... and when they leave it. */
  readonly left: () => Promise<PrivateAnswer | string>;
  readonly at: number;
}

/** Discord takes answers to a command for fifteen minutes: nobody sees the buttons for longer. */
const LASTS_MS = 15 * 60_000;

const MOST = 1000;

/** What waits to be confirmed. After a restart nothing does: nothing is changed then. */
export class Proposals {
  readonly #waiting = new LRUCache<string, Proposal>({ max: MOST });

  /** @param id of the interaction by which it was asked for: no two have the same */
  add(id: string, proposal: Proposal): void {
    this.#waiting.set(id, proposal);
  }

  /** Once. `undefined`: there is none of this person here, or not any more. */
  take(id: string, { guild, by, at }: Pick<Proposal, "guild" | "by" | "at">): Proposal | undefined {
    const proposal = this.#waiting.get(id);
    if (proposal === undefined || proposal.guild !== guild || proposal.by !== by) return undefined;
    this.#waiting.delete(id);
    return at - proposal.at < LASTS_MS ? proposal : undefined;
  }
}
