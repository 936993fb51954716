/** How often it was decided of late that what a person wrote is not fine, and what a server makes of that. */
import type { GuildSettings, Store } from "../../guard/index.ts";
import type { Act } from "./obstacles.ts";

const DAY_MS = 86_400_000;

/** Rejected messages, those that were decided together as one, that have not expired. */
export async function strikesOf(
  { store, options }: { readonly store: Pick<Store, "strikes">; readonly options: { readonly clock: () => number } },
  guild: string,
  person: string,
  { moderation }: GuildSettings,
): Promise<number> {
  return await store.strikes(guild, person, options.clock() - moderation.strikes.days * DAY_MS);
}

/** The most that so many strikes ask for. `undefined`: nothing. */
export function adviceFor(
  count: number,
  { warnFrom, timeoutFrom, banFrom }: GuildSettings["moderation"]["strikes"],
): Exclude<Act, "delete"> | undefined {
  const isDue = (from: number) => from > 0 && count >= from;
  if (isDue(banFrom)) return "ban";
  if (isDue(timeoutFrom)) return "timeout";
  return isDue(warnFrom) ? "warn" : undefined;
}
