import type { Database } from "./database.ts";
import { type Statement, sql } from "./sql.ts";
import type { Presence } from "./store.ts";

/** Guilds are missed since they were missed first; one that is there again is not. */
export async function noteGuilds(database: Database, { isOurs, isHere, at }: Presence): Promise<void> {
  const guilds = (await knownGuilds(database)).filter(isOurs);
  if (guilds.length > 0) await database.runAll(guilds.map((guild) => (isHere(guild) ? isBack(guild) : isMissed(guild, at))));
}

/** Those of which there is any record. */
export async function knownGuilds(database: Database): Promise<readonly string[]> {
  const { rows } = await database.run(sql`
    SELECT guild FROM guard_settings UNION SELECT guild FROM guard_replies UNION SELECT guild FROM guard_reviews
    UNION SELECT guild FROM guard_audits UNION SELECT guild FROM guard_absences`);
  return rows.map(({ guild }) => String(guild));
}

function isMissed(guild: string, at: number): Statement {
  return sql`INSERT INTO guard_absences (guild, missed_at) VALUES (${guild}, ${at}) ON CONFLICT (guild) DO NOTHING`;
}

function isBack(guild: string): Statement {
  return sql`DELETE FROM guard_absences WHERE guild = ${guild}`;
}
