/** The audit: what was done to the bot's memory and settings, and to people. */
import { type Database, type Statement, sql } from "./database.ts";
import { auditEntryOf } from "./rows.ts";
import type { AuditWanted, Store } from "./store.ts";

export function auditStore(database: Database): Pick<Store, "addAudit" | "audit"> {
  return {
    addAudit: async ({ guild, actor, event, detail, at }) => {
      await database.run(sql`
        INSERT INTO guard_audits (guild, actor, event, detail, happened_at) VALUES (${guild}, ${actor}, ${event}, ${detail}, ${at})`);
    },

    audit: async (guild, limit, wanted = {}) => {
      const { rows } = await database.run(sql`
        SELECT * FROM guard_audits WHERE guild = ${guild}${conditionsOf(guild, wanted)} ORDER BY happened_at DESC, number DESC LIMIT ${limit}`);
      return rows.map(auditEntryOf);
    },
  };
}

function conditionsOf(guild: string, { actor, person, events, detail, before }: AuditWanted): Statement {
  const conditions = [
    ...(actor === undefined ? [] : [sql`actor = ${actor}`]),
    ...(events === undefined ? [] : [sql`(1 = 0${joined(events.map((event) => sql` OR event = ${event}`))})`]),
    ...(detail === undefined ? [] : [sql`detail = ${detail}`]),
    ...(person === undefined
      ? []
      : [sql`detail IN (SELECT 'review ' || number FROM guard_reviews WHERE author = ${person} AND guild = ${guild})`]),
    ...(before === undefined ? [] : [sql`(happened_at, number) < (CAST(${before.at} AS BIGINT), CAST(${before.number} AS BIGINT))`]),
  ];
  return joined(conditions.map((condition) => sql` AND ${condition}`));
}

function joined(parts: readonly Statement[]): Statement {
  return parts.reduce((all, part) => sql`${all}${part}`, sql``);
}
