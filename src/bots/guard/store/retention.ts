/** How records are forgotten: those of a person, of a guild, and those that are too old. */
import { DAY_MS, dayBefore } from "../days.ts";
import { DEFAULT_SETTINGS } from "../settings.ts";
import { type Database, raw, type Statement, sql } from "./database.ts";
import type { Presence } from "./store.ts";

/** The bot may have been started as another one by mistake, and its operator needs some days to find out. */
const MISSED_DAYS = 7;

/** For which it is known how many messages were judged. */
const COUNTED_DAYS = 30;

/** With the present one: for which it is known which values messages had. */
const VALUED_DAYS = 7;

/** The table that says which guilds are missed comes last. */
const TABLES_OF_GUILDS = [
  ...["guard_replies", "guard_reviews", "guard_sanctions", "guard_judged", "guard_values", "guard_low_messages"],
  ...["guard_audits", "guard_settings", "guard_absences"],
].map(raw);

/**
 * Deletes for good.
 *
 * @returns how many records there were
 */
export async function erase(database: Database, deletions: readonly Statement[]): Promise<number> {
  const outcomes = await database.runAll(deletions, "power-loss");
  for (const statement of database.dialect.afterDeletion) await database.run(statement);
  return outcomes.reduce((sum, { rowsAffected }) => sum + rowsAffected, 0);
}

export async function purgeGuild(database: Database, guild: string): Promise<void> {
  await erase(
    database,
    TABLES_OF_GUILDS.map((table) => sql`DELETE FROM ${table} WHERE guild = ${guild}`),
  );
}

/**
 * Settings go too, when others took their place and they are that old: they tell who decided. Counts stay for one day more, as the clocks of
 * two processes may stand on both sides of midnight.
 */
export function purgeExpired(database: Database, now: number): Promise<number> {
  const missed = sql`SELECT guild FROM guard_absences WHERE missed_at < ${now - MISSED_DAYS * DAY_MS}`;
  return erase(database, [
    expired("guard_replies", "created_at", now),
    expired("guard_reviews", "created_at", now),
    expired("guard_sanctions", "happened_at", now),
    expired("guard_audits", "happened_at", now),
    sql`${expired("guard_settings", "changed_at", now)}
      AND version < (SELECT max(version) FROM guard_settings AS newest WHERE newest.guild = guard_settings.guild)`,
    sql`DELETE FROM guard_uses WHERE day < ${dayBefore(now, 1)}`,
    expired("guard_low_messages", "judged_at", now),
    ...["guard_low_messages", "guard_values"].map((table) => sql`DELETE FROM ${raw(table)} WHERE day <= ${dayBefore(now, VALUED_DAYS)}`),
    sql`DELETE FROM guard_judged WHERE day < ${dayBefore(now, COUNTED_DAYS)}`,
    ...TABLES_OF_GUILDS.map((table) => sql`DELETE FROM ${table} WHERE guild IN (${missed})`),
  ]);
}

/** Deletes what is older than the days of its own guild. */
function expired(table: string, time: string, now: number): Statement {
  return sql`DELETE FROM ${raw(table)} WHERE ${raw(time)} < CAST(${now} AS BIGINT) - CAST(${DAY_MS} AS BIGINT) * coalesce(
    (SELECT retention_days FROM guard_settings AS decided WHERE decided.guild = ${raw(table)}.guild ORDER BY version DESC LIMIT 1),
    ${DEFAULT_SETTINGS.retentionDays})`;
}

/** A guild is missed since it was missed first, until the bot is there again. */
export async function noteGuilds(database: Database, { isOurs, isHere, at }: Presence): Promise<void> {
  const guilds = (await knownGuilds(database)).filter(isOurs);
  if (guilds.length === 0) return;
  await database.runAll(
    guilds.map((guild) =>
      isHere(guild)
        ? sql`DELETE FROM guard_absences WHERE guild = ${guild}`
        : sql`INSERT INTO guard_absences (guild, missed_at) VALUES (${guild}, ${at}) ON CONFLICT (guild) DO NOTHING`,
    ),
  );
}

/** Those of which there is any record. */
export async function knownGuilds(database: Database): Promise<readonly string[]> {
  const { rows } = await database.run(sql`
    SELECT guild FROM guard_settings UNION SELECT guild FROM guard_replies UNION SELECT guild FROM guard_reviews
    UNION SELECT guild FROM guard_sanctions UNION SELECT guild FROM guard_audits UNION SELECT guild FROM guard_absences`);
  return rows.map(({ guild }) => String(guild));
}
