import type { Picks } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";

/** What somebody may pick in a server. */
interface Offer {
  readonly guild: string;
  readonly picks: Picks;
}

/**
 * Which of these Discord's pickers can show: what was deleted, is a webhook or an old thread is in none, and would be lost as if somebody had taken it
 * away.
 */
export async function pickable(context: BotContext, { guild, picks }: Offer, ids: readonly string[]): Promise<readonly string[]> {
  const { client } = context;
  if (picks !== "people") {
    const { roles, channels } = await client.guilds.fetch(guild);
    const known = picks === "roles" ? roles.cache : channels.cache;
    return ids.filter((id) => known.has(id));
  }
  const people = await Promise.all(ids.map(async (id) => (await isPerson(context, id)) && id));
  return people.filter((id) => id !== false);
}

async function isPerson({ client }: BotContext, id: string): Promise<boolean> {
  return await client.users.fetch(id).then(
    () => true,
    () => false,
  );
}
