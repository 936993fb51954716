import type { Database } from "./database.ts";
import { erase } from "./retention.ts";
import { auditOf, replyOf, reviewOf, useOf } from "./rows.ts";
import { sql } from "./sql.ts";
import type { AuditRecord, PersonalData, Store } from "./store.ts";

export async function addAudit(database: Database, { guild, actor, event, detail, at }: AuditRecord): Promise<void> {
  await database.run(sql`
    INSERT INTO guard_audits (guild, actor, event, detail, happened_at) VALUES (${guild}, ${actor}, ${event}, ${detail}, ${at})`);
}

export async function readAudit(database: Database, guild: string, limit: number): Promise<readonly AuditRecord[]> {
  const { rows } = await database.run(sql`
    SELECT * FROM guard_audits WHERE guild = ${guild} ORDER BY happened_at DESC, number DESC LIMIT ${limit}`);
  return rows.map(auditOf);
}

/** One statement: two processes that count at once never go past the cap together. */
export async function countWithin(database: Database, { key, day, cap }: Parameters<Store["countWithin"]>[0]): Promise<boolean> {
  const limit = Math.min(cap, Number.MAX_SAFE_INTEGER);
  const { rows } = await database.run(sql`
    INSERT INTO guard_uses (name, day, uses) SELECT ${key}, ${day}, 1 WHERE CAST(${limit} AS BIGINT) >= 1
    ON CONFLICT (name, day) DO UPDATE SET uses = guard_uses.uses + 1 WHERE guard_uses.uses < CAST(${limit} AS BIGINT) RETURNING uses`);
  return rows.length > 0;
}

export async function setOptedOut(database: Database, person: string, isOut: boolean): Promise<void> {
  const change = isOut
    ? sql`INSERT INTO guard_opt_outs (person) VALUES (${person}) ON CONFLICT (person) DO NOTHING`
    : sql`DELETE FROM guard_opt_outs WHERE person = ${person}`;
  await database.run(change, "power-loss");
}

export async function isOptedOut(database: Database, person: string): Promise<boolean> {
  const { rows } = await database.run(sql`SELECT person FROM guard_opt_outs WHERE person = ${person}`);
  return rows.length > 0;
}

export async function personalData(database: Database, person: string): Promise<PersonalData> {
  const [replies, reviews, actions, uses, optOuts] = await database.runAll([
    sql`SELECT * FROM guard_replies WHERE author = ${person} ORDER BY created_at, number`,
    sql`SELECT * FROM guard_reviews WHERE author = ${person} ORDER BY created_at, number`,
    sql`SELECT * FROM guard_audits WHERE actor = ${person} ORDER BY happened_at, number`,
    sql`SELECT name, day, uses FROM guard_uses WHERE name LIKE ${`%:${person}`} ORDER BY day, name`,
    sql`SELECT person FROM guard_opt_outs WHERE person = ${person}`,
  ]);
  return {
    replies: (replies?.rows ?? []).map(replyOf),
    reviews: (reviews?.rows ?? []).map(reviewOf),
    actions: (actions?.rows ?? []).map(auditOf),
    // Whatever signs of a pattern are in an id.
    uses: (uses?.rows ?? []).map(useOf).filter(({ key }) => key.endsWith(`:${person}`)),
    optedOut: (optOuts?.rows ?? []).length > 0,
  };
}

/**
 * Not what a person did as a moderator: it belongs to the guild's record, which ends with its retention. Nor what was counted: a daily cap
 * could be lifted by it.
 */
export function forgetPerson(database: Database, person: string): Promise<number> {
  return erase(database, [
    sql`DELETE FROM guard_replies WHERE author = ${person}`,
    sql`DELETE FROM guard_reviews WHERE author = ${person}`,
  ]);
}
