import type { Guard } from "../guarded.ts";
import type { Store } from "../store/store.ts";

/**
 * So many answers a day for a person, and for a guild. The day ends at midnight UTC.
 *
 * @param clock the time, in milliseconds since 1970
 */
export function dailyCaps(store: Pick<Store, "countWithin">, clock: () => number): Guard {
  return async (incoming, next) => {
    const { guild, author, settings } = incoming;
    const day = new Date(clock()).toISOString().slice(0, 10);
    const { userDailyCap, guildDailyCap } = settings.talk;
    const uses = [
      { key: `user:${guild}:${author}`, cap: userDailyCap, line: "You have asked me enough for today. Please come back tomorrow." },
      { key: `guild:${guild}`, cap: guildDailyCap, line: "I have answered enough here for today. Please come back tomorrow." },
    ];
    for (const { key, cap, line } of uses) {
      if (cap > 0 && !(await store.countWithin({ key, day, cap }))) return { kind: "refuse", reason: "cap", line };
    }
    return await next(incoming);
  };
}
