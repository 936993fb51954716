import type { Database } from "./database.ts";
import { replyOf, writtenJson } from "./rows.ts";
import { type Statement, sql } from "./sql.ts";
import type { ReplyEnd, ReplyRecord, Store, Unfinished } from "./store.ts";

type NewReply = Parameters<Store["beginReply"]>[0];

export async function beginReply(database: Database, reply: NewReply): Promise<boolean> {
  const { guild, channel, source, author, principle, createdAt } = reply;
  const { rows } = await database.run(sql`
    INSERT INTO guard_replies (guild, channel, source, author, state, messages, principle, rewinds, course, discarded, created_at)
    VALUES (${guild}, ${channel}, ${source}, ${author}, 'drafting', '[]', ${principle}, 0, '[]', '[]', ${createdAt})
    ON CONFLICT (guild, source) DO NOTHING RETURNING source`);
  return rows.length > 0;
}

/** What is not told stays as it is. A reply that was forgotten in the meantime stays forgotten. */
export async function endReply(database: Database, { guild, source }: Pick<ReplyRecord, "guild" | "source">, end: ReplyEnd): Promise<void> {
  const { state, messages, hash, excerpt, principle, rewinds, value, course, discarded } = end;
  const update = sql`
    UPDATE guard_replies SET state = ${state},
      messages = coalesce(${jsonOrNothing(messages)}, messages), hash = coalesce(${hash}, hash),
      excerpt = coalesce(${excerpt}, excerpt), principle = coalesce(${principle}, principle),
      rewinds = coalesce(CAST(${rewinds} AS INTEGER), rewinds), value = coalesce(CAST(${value} AS DOUBLE PRECISION), value),
      course = coalesce(${jsonOrNothing(course)}, course), discarded = coalesce(${jsonOrNothing(discarded)}, discarded)
    WHERE guild = ${guild} AND source = ${source}`;
  await database.runAll([update, ...indexMessages(guild, source, messages)]);
}

export async function readReply(database: Database, guild: string, message: string): Promise<ReplyRecord | undefined> {
  const { rows } = await database.run(sql`
    SELECT reply.* FROM guard_reply_messages AS posted
    JOIN guard_replies AS reply ON reply.guild = posted.guild AND reply.source = posted.source
    WHERE posted.guild = ${guild} AND posted.message = ${message}`);
  return rows.map(replyOf)[0];
}

export async function lastReplies(database: Database, channel: Pick<ReplyRecord, "guild" | "channel">, limit: number) {
  const { rows } = await database.run(sql`
    SELECT * FROM guard_replies WHERE guild = ${channel.guild} AND channel = ${channel.channel}
    ORDER BY created_at DESC, number DESC LIMIT ${limit}`);
  return rows.map(replyOf);
}

export async function failUnfinished(database: Database, which: Unfinished = {}): Promise<number> {
  const { before = Number.MAX_SAFE_INTEGER, isOurs = () => true } = which;
  const { rows } = await database.run(sql`
    SELECT DISTINCT guild FROM guard_replies WHERE state = 'drafting' AND created_at < ${before}`);
  const guilds = rows.map(({ guild }) => String(guild)).filter(isOurs);
  if (guilds.length === 0) return 0;
  const outcomes = await database.runAll(
    guilds.map(
      (guild) => sql`
        UPDATE guard_replies SET state = 'failed' WHERE guild = ${guild} AND state = 'drafting' AND created_at < ${before}`,
    ),
  );
  return outcomes.reduce((sum, { changes }) => sum + changes, 0);
}

function indexMessages(guild: string, source: string, messages: readonly string[] | undefined): readonly Statement[] {
  if (messages === undefined) return [];
  return [
    sql`DELETE FROM guard_reply_messages WHERE guild = ${guild} AND source = ${source}`,
    ...messages.map(
      (message) => sql`
        INSERT INTO guard_reply_messages (guild, message, source)
        SELECT guild, ${message}, source FROM guard_replies WHERE guild = ${guild} AND source = ${source}
        ON CONFLICT (guild, message) DO UPDATE SET source = excluded.source`,
    ),
  ];
}

function jsonOrNothing(value: unknown): string | undefined {
  return value === undefined ? undefined : writtenJson(value);
}
