import { DEFAULT_SETTINGS } from "../settings.ts";
import type { Database } from "./database.ts";
import { type Statement, sql } from "./sql.ts";

const DAY_MS = 86_400_000;

/**
 * Deletes for good.
 *
 * @returns how many records there were
 */
export async function erase(database: Database, deletions: readonly Statement[]): Promise<number> {
  const outcomes = await database.runAll(deletions, "power-loss");
  for (const statement of database.dialect.afterDeletion) await database.run(statement);
  return outcomes.reduce((sum, { changes }) => sum + changes, 0);
}

/** Somebody may have started the bot as another one by mistake, and needs some days to find out. */
const MISSED_DAYS = 7;

const TABLES_OF_GUILDS = ["guard_replies", "guard_reviews", "guard_audits", "guard_settings", "guard_absences"];

export async function purgeGuild(database: Database, guild: string): Promise<void> {
  await erase(
    database,
    TABLES_OF_GUILDS.map((table) => ({ texts: [`DELETE FROM ${table} WHERE guild = `, ""], values: [guild] })),
  );
}

/**
 * Settings go too, when others took their place and they are that old: they tell who decided. Counts stay for one day more, as the clocks of
 * two processes may stand on both sides of midnight.
 */
export function purgeExpired(database: Database, now: number): Promise<number> {
  const yesterday = new Date(now - DAY_MS).toISOString().slice(0, "2026-11-21".length);
  return erase(database, [
    expired("guard_replies", "created_at", now),
    expired("guard_reviews", "created_at", now),
    expired("guard_audits", "happened_at", now),
    also(
      expired("guard_settings", "changed_at", now),
      " AND version < (SELECT max(version) FROM guard_settings AS newest WHERE newest.guild = guard_settings.guild)",
    ),
    sql`DELETE FROM guard_uses WHERE day < ${yesterday}`,
    ...TABLES_OF_GUILDS.map((table) => missed(table, now)),
  ]);
}

/** Deletes what is older than the days of its own guild. */
function expired(table: string, time: string, now: number): Statement {
  const days = `coalesce(
    (SELECT retention_days FROM guard_settings AS decided WHERE decided.guild = ${table}.guild ORDER BY version DESC LIMIT 1),
    ${DEFAULT_SETTINGS.retentionDays})`;
  return {
    texts: [`DELETE FROM ${table} WHERE ${time} < CAST(`, ` AS BIGINT) - CAST(${DAY_MS} AS BIGINT) * ${days}`],
    values: [now],
  };
}

/** The table that says who is missed comes last. */
function missed(table: string, now: number): Statement {
  const texts = [`DELETE FROM ${table} WHERE guild IN (SELECT guild FROM guard_absences WHERE missed_at < `, ")"];
  return { texts, values: [now - MISSED_DAYS * DAY_MS] };
}

function also({ texts, values }: Statement, condition: string): Statement {
  return { texts: [...texts.slice(0, -1), `${texts.at(-1)}${condition}`], values };
}
