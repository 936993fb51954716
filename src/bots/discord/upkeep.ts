import type { Logger } from "pino";
import type { GuildJudges } from "../guard/guild-judges.ts";
import type { Store } from "../guard/store/store.ts";

const HOUR_MS = 3_600_000;

interface Kept {
  readonly store: Pick<Store, "purgeExpired" | "failUnfinished" | "guilds">;
  readonly judges: Pick<GuildJudges, "keepOnly">;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/**
 * Looks after what the bot remembers: forgets what is older than its guilds allow, judges of guilds of which nothing is kept any more, and ends the
 * records of answers whose process died.
 * One process does it for all.
 */
export class Upkeep implements AsyncDisposable {
  readonly #kept: Kept;
  readonly #timer: NodeJS.Timeout;
  #work: Promise<void> = Promise.resolve();

  /** At the start nothing is being written yet: whatever is unfinished was left by a process that died. @throws {StoreError} */
  static async begin(kept: Kept): Promise<Upkeep> {
    const count = await kept.store.failUnfinished();
    if (count > 0) kept.log.warn({ count }, "ended the records of answers that were never finished");
    return new Upkeep(kept);
  }

  private constructor(kept: Kept) {
    this.#kept = kept;
    this.#timer = setInterval(() => {
      this.#work = this.#work.then(() => this.#look());
    }, HOUR_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#work;
  }

  async #look(): Promise<void> {
    const { store, judges, log, clock } = this.#kept;
    try {
      const count = await store.purgeExpired(clock());
      log.info({ count }, "forgot what was too old");
      const left = await judges.keepOnly(await store.guilds());
      if (left > 0) log.info({ count: left }, "forgot judges of servers that are left");
      // No answer takes an hour.
      await store.failUnfinished({ before: clock() - HOUR_MS });
    } catch (error) {
      log.error({ err: error }, "the database was not looked after, and will be in an hour");
    }
  }
}
