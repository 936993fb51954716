import { DAY_MS } from "../days.ts";
import { DEFAULT_SETTINGS, type GuildSettings, SETTINGS_FORMAT } from "../settings.ts";
import { checkSettings } from "../settings-text.ts";
import { auditStore } from "./audit-store.ts";
import { type Database, raw, type Statement, sql } from "./database.ts";
import { erase, knownGuilds, noteGuilds, purgeExpired, purgeGuild } from "./retention.ts";
import {
  auditOf,
  cardsOf,
  eventCountOf,
  judgedDayOf,
  lowMessageOf,
  replyOf,
  reviewOf,
  sanctionOf,
  settingsOf,
  useOf,
  valueCountOf,
  writtenJson,
} from "./rows.ts";
import type { LowMessage, ReviewRecord, Store } from "./store.ts";
import { SettingsConflictError } from "./store-error.ts";

/** A store in tables that are up to date. The database goes with it. */
export function sqlStore(database: Database): Store {
  return {
    ping: async () => void (await database.run(sql`SELECT 1`)),
    ...settingsStore(database),
    ...replyStore(database),
    ...reviewStore(database),
    ...reviewSearch(database),
    ...sanctionStore(database),
    ...judgedStore(database),
    ...auditStore(database),
    ...personStore(database),
    guilds: () => knownGuilds(database),
    noteGuilds: (presence) => noteGuilds(database, presence),
    purgeGuild: (guild) => purgeGuild(database, guild),
    purgeExpired: (now) => purgeExpired(database, now),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

function settingsStore(database: Database): Pick<Store, "settings" | "settingsHistory" | "changeSettings"> {
  const settingsHistory: Store["settingsHistory"] = async (guild, limit) => {
    const { rows } = await database.run(sql`
      SELECT version, format, settings, changed_by, changed_at FROM guard_settings
      WHERE guild = ${guild} ORDER BY version DESC LIMIT ${limit}`);
    return rows.map(settingsOf);
  };
  return {
    settingsHistory,

    settings: async (guild) => {
      const [newest] = await settingsHistory(guild, 1);
      return newest ?? { version: 0, settings: DEFAULT_SETTINGS, changedBy: undefined, changedAt: 0 };
    },

    changeSettings: async ({ guild, version, by, at, ...change }) => {
      // Settings that cannot be read any more would lock the guild out.
      const settings: GuildSettings = checkSettings(change.settings);
      const next = version + 1;
      // Of two that decide at once, one gets the number, and the other one gets nothing.
      const insert = sql`
        INSERT INTO guard_settings (guild, version, format, settings, retention_days, changed_by, changed_at)
        SELECT ${guild}, ${next}, ${SETTINGS_FORMAT}, ${writtenJson(settings)}, ${settings.retentionDays}, ${by}, ${at}
        WHERE (SELECT coalesce(max(version), 0) FROM guard_settings WHERE guild = ${guild}) = ${version}
        ON CONFLICT (guild, version) DO NOTHING RETURNING version`;
      const { rows } = await database.run(insert, "power-loss");
      if (rows.length === 0) throw new SettingsConflictError(guild, version);
      return { version: next, settings, changedBy: by, changedAt: at };
    },
  };
}

function replyStore(database: Database): Pick<Store, "beginReply" | "endReply" | "reply" | "lastReplies" | "failUnfinished"> {
  return {
    beginReply: async ({ guild, channel, source, author, principle, createdAt, isAnew = false }) => {
      const { rows } = await database.run(sql`
        INSERT INTO guard_replies (guild, channel, source, author, state, messages, principle, rewinds, course, discarded, created_at)
        VALUES (${guild}, ${channel}, ${source}, ${author}, 'drafting', '[]', ${principle}, 0, '[]', '[]', ${createdAt})
        ON CONFLICT (guild, source) DO UPDATE SET
          state = excluded.state, messages = excluded.messages, hash = NULL, excerpt = NULL, principle = excluded.principle, rewinds = 0,
          dropped_turns = 0, value = NULL, course = excluded.course, discarded = excluded.discarded, created_at = excluded.created_at
          WHERE guard_replies.state = 'stopped' AND CAST(${isAnew ? 1 : 0} AS INTEGER) = 1
        RETURNING source`);
      return rows.length > 0;
    },

    // What is not told stays as it is. A reply that was forgotten in the meantime stays forgotten.
    endReply: async (guild, source, { state, messages, hash, excerpt, principle, rewinds, droppedTurns, value, course, discarded }) => {
      const update = sql`
        UPDATE guard_replies SET state = ${state},
          messages = coalesce(${jsonOrNothing(messages)}, messages), hash = coalesce(${hash}, hash),
          excerpt = coalesce(${excerpt}, excerpt), principle = coalesce(${principle}, principle),
          rewinds = coalesce(CAST(${rewinds} AS INTEGER), rewinds),
          dropped_turns = coalesce(CAST(${droppedTurns} AS INTEGER), dropped_turns), value = coalesce(CAST(${value} AS DOUBLE PRECISION), value),
          course = coalesce(${jsonOrNothing(course)}, course), discarded = coalesce(${jsonOrNothing(discarded)}, discarded)
        WHERE guild = ${guild} AND source = ${source}`;
      await database.runAll([update, ...(messages === undefined ? [] : indexedMessages(guild, source, messages))]);
    },

    reply: async (guild, message) => {
      const { rows } = await database.run(sql`
        SELECT reply.* FROM guard_reply_messages AS posted
        JOIN guard_replies AS reply ON reply.guild = posted.guild AND reply.source = posted.source
        WHERE posted.guild = ${guild} AND posted.message = ${message}`);
      return rows.map(replyOf)[0];
    },

    lastReplies: async (guild, channel, limit) => {
      const { rows } = await database.run(sql`
        SELECT * FROM guard_replies WHERE guild = ${guild} AND channel = ${channel}
        ORDER BY created_at DESC, number DESC LIMIT ${limit}`);
      return rows.map(replyOf);
    },

    failUnfinished: async ({ before = Number.MAX_SAFE_INTEGER, isOurs = () => true } = {}) => {
      const { rows } = await database.run(sql`
        SELECT guild, source FROM guard_replies WHERE state = 'drafting' AND created_at < ${before} ORDER BY created_at, number`);
      const ours = rows.filter(({ guild, source }) => isOurs(String(guild), String(source)));
      if (ours.length === 0) return [];
      // One that has ended meanwhile stays as it is.
      const outcomes = await database.runAll(
        ours.map(
          ({ guild, source }) => sql`
            UPDATE guard_replies SET state = 'failed' WHERE guild = ${String(guild)} AND source = ${String(source)} AND state = 'drafting'
            RETURNING *`,
        ),
      );
      return outcomes.flatMap((outcome) => outcome.rows.map(replyOf));
    },
  };
}

function indexedMessages(guild: string, source: string, messages: readonly string[]): readonly Statement[] {
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

function reviewStore(
  database: Database,
): Pick<
  Store,
  | ("addReview" | "review" | "incident" | "pendingIncidents" | "pendingReviews" | "decide")
  | ("carriedOut" | "uncarriedDecisions" | "appeal" | "addCard" | "cards" | "decisions")
> {
  return {
    addReview: async ({
      guild,
      channel,
      message,
      author,
      hash,
      excerpt,
      text,
      judged,
      attachments,
      unread,
      findings,
      action,
      shadow,
      incident,
      createdAt,
    }) => {
      const insert = sql`
        INSERT INTO guard_reviews
          (guild, channel, message, author, hash, excerpt, text, judged, attachments, unread, findings, action, shadow, decision, incident, created_at)
        VALUES (${guild}, ${channel}, ${message}, ${author}, ${hash}, ${excerpt}, ${text}, ${judged}, ${attachments}, ${unread}, ${writtenJson(findings)}, ${action},
          ${shadow}, 'pending', ${incident}, ${createdAt})
        ON CONFLICT (guild, message, hash) DO NOTHING RETURNING number`;
      // What was taken away is kept here alone.
      const { rows } = await database.run(insert, "power-loss");
      return rows[0] === undefined ? undefined : Number(rows[0]["number"]);
    },

    review: async (guild, id) => {
      const { rows } = await database.run(sql`SELECT * FROM guard_reviews WHERE ${reviewIs(guild, id)}`);
      return rows.map(reviewOf)[0];
    },

    incident: async (guild, incident) => {
      const { rows } = await database.run(sql`
        SELECT * FROM guard_reviews WHERE guild = ${guild} AND ${INCIDENT} = CAST(${incident} AS BIGINT) ORDER BY number`);
      return rows.map(reviewOf);
    },

    pendingIncidents: async (guild, limit) => {
      const { rows } = await database.run(sql`
        SELECT * FROM guard_reviews WHERE number IN (
          SELECT min(number) FROM guard_reviews WHERE guild = ${guild} AND decision = 'pending' GROUP BY ${INCIDENT})
        ORDER BY number LIMIT ${limit}`);
      return rows.map(reviewOf);
    },

    pendingReviews: async (guild, limit) => {
      const { rows } = await database.run(sql`
        SELECT * FROM guard_reviews WHERE guild = ${guild} AND decision = 'pending' ORDER BY number LIMIT ${limit}`);
      return rows.map(reviewOf);
    },

    decide: async ({ guild, id, decision, by, at }) => {
      // Of two decisions at once, the second one's update finds nothing that is pending.
      const update = sql`
        UPDATE guard_reviews SET decision = ${decision}, decided_by = ${by}, decided_at = ${at}
        WHERE ${reviewIs(guild, id)} AND decision = 'pending' RETURNING *`;
      const { rows } = await database.run(update, "power-loss");
      return rows.map(reviewOf)[0];
    },

    carriedOut: async (guild, id) => {
      await database.run(sql`UPDATE guard_reviews SET text = NULL WHERE ${reviewIs(guild, id)} AND decision <> 'pending'`);
    },

    uncarriedDecisions: async () => {
      const { rows } = await database.run(sql`
        SELECT * FROM guard_reviews WHERE decision <> 'pending' AND text IS NOT NULL ORDER BY decided_at, number`);
      return rows.map(reviewOf);
    },

    appeal: async ({ guild, id, author, text }) => {
      const update = sql`
        UPDATE guard_reviews SET appeal = ${text}, decision = 'pending', decided_by = NULL, decided_at = NULL, incident = -number_of.named
        FROM (
          SELECT number AS named, ${INCIDENT} AS whole FROM guard_reviews
          WHERE ${reviewIs(guild, id)} AND author = ${author} AND appeal IS NULL AND decision <> 'approved') AS number_of
        WHERE guild = ${guild} AND author = ${author} AND appeal IS NULL AND decision <> 'approved' AND ${INCIDENT} = number_of.whole
        RETURNING *`;
      const { rows } = await database.run(update, "power-loss");
      return rows.map(reviewOf).find((review) => review.id === id);
    },

    addCard: async ({ guild, id, channel, message }) => {
      // One statement: of two cards at once none is lost.
      await database.run(
        sql`UPDATE guard_reviews SET cards = cards || CAST(${`${channel}/${message} `} AS TEXT) WHERE ${reviewIs(guild, id)}`,
      );
    },

    cards: async (guild, id) => {
      const { rows } = await database.run(sql`SELECT cards FROM guard_reviews WHERE ${reviewIs(guild, id)}`);
      return cardsOf(rows[0]?.["cards"] ?? "");
    },

    decisions: (guild, order) => decisions(database, guild, order),
  };
}

/** Reviews, by whom and what they are about. */
function reviewSearch(database: Database): Pick<Store, "reviewsOf" | "reviewsOfMessage" | "strikes"> {
  return {
    reviewsOf: async (guild, author, limit) => {
      const { rows } = await database.run(sql`
        SELECT * FROM guard_reviews WHERE author = ${author} AND guild = ${guild} ORDER BY number DESC LIMIT ${limit}`);
      return rows.map(reviewOf);
    },

    reviewsOfMessage: async (guild, message) => {
      const { rows } = await database.run(sql`
        SELECT * FROM guard_reviews WHERE guild = ${guild} AND message = ${message} ORDER BY number`);
      return rows.map(reviewOf);
    },

    strikes: async (guild, person, since) => {
      const { rows } = await database.run(sql`
        SELECT count(DISTINCT ${INCIDENT}) AS strikes FROM guard_reviews
        WHERE author = ${person} AND guild = ${guild} AND decision = 'rejected' AND decided_at >= ${since}`);
      return Number(rows[0]?.["strikes"]);
    },
  };
}

/** A review that belongs to no other is an incident of its own. */
const INCIDENT = raw("coalesce(incident, number)");

/** Ids come out of buttons, which people forge: what is none becomes that of no review, as they are counted from 1. */
function reviewIs(guild: string, id: number): Statement {
  return sql`guild = ${guild} AND number = ${Number.isSafeInteger(id) ? id : 0}`;
}

/** Decisions that are read at once. */
const PAGE = 200;

/** In pages, of which each begins behind the last one's end: what is decided or forgotten meanwhile moves nothing. */
async function* decisions(database: Database, guild: string, { newestFirst } = { newestFirst: false }): AsyncGenerator<ReviewRecord> {
  const [beyond, order, decidedAt] = newestFirst
    ? [raw("<"), raw("DESC"), Number.MAX_SAFE_INTEGER]
    : [raw(">"), raw("ASC"), Number.MIN_SAFE_INTEGER];
  let last: Pick<ReviewRecord, "id" | "decidedAt"> | undefined = { id: 0, decidedAt };
  while (last !== undefined) {
    const { rows }: Awaited<ReturnType<Database["run"]>> = await database.run(sql`
      SELECT * FROM guard_reviews WHERE guild = ${guild} AND decision <> 'pending'
        AND (decided_at, number) ${beyond} (CAST(${last.decidedAt} AS BIGINT), CAST(${last.id} AS BIGINT))
      ORDER BY decided_at ${order}, number ${order} LIMIT ${PAGE}`);
    const page = rows.map(reviewOf);
    yield* page;
    last = page.length < PAGE ? undefined : page.at(-1);
  }
}

function sanctionStore(database: Database): Pick<Store, "addSanction" | "sanctions"> {
  return {
    addSanction: async ({ guild, person, kind, actor, review, entry, at }) => {
      const insert = sql`
        INSERT INTO guard_sanctions (guild, person, kind, actor, review, entry, happened_at)
        VALUES (${guild}, ${person}, ${kind}, ${actor}, ${review}, ${entry}, ${at})
        ON CONFLICT (guild, entry) DO NOTHING RETURNING number`;
      return (await database.run(insert, "power-loss")).rows.length > 0;
    },

    sanctions: async (guild, person, limit) => {
      const { rows } = await database.run(sql`
        SELECT * FROM guard_sanctions WHERE guild = ${guild} AND person = ${person} ORDER BY happened_at DESC, number DESC LIMIT ${limit}`);
      return rows.map(sanctionOf);
    },
  };
}

function judgedStore(database: Database): Pick<Store, "countJudged" | "judgedBetween" | "dayCounts" | "valuesSince" | "lowMessages"> {
  return {
    countJudged: async ({ guild, day, isAgainst, values, ...place }) => {
      const against = isAgainst ? 1 : 0;
      await database.runAll([
        sql`
          INSERT INTO guard_judged (guild, day, judged, against) VALUES (${guild}, ${day}, 1, ${against})
          ON CONFLICT (guild, day) DO UPDATE SET judged = guard_judged.judged + 1, against = guard_judged.against + excluded.against`,
        ...values.map(
          ({ principle, judge, hundredths }) => sql`
            INSERT INTO guard_values (guild, day, principle, judge, hundredths, messages) VALUES (${guild}, ${day}, ${principle}, ${judge}, ${hundredths}, 1)
            ON CONFLICT (guild, day, principle, judge, hundredths) DO UPDATE SET messages = guard_values.messages + 1`,
        ),
        // An edited message is judged again: what it was is no matter.
        sql`DELETE FROM guard_low_messages WHERE guild = ${guild} AND message = ${place.message}`,
        ...values.filter(({ isLow }) => isLow).map((value) => lowMessage({ guild, day, ...place, ...value })),
      ]);
    },

    judgedBetween: async (guild, from, before) => {
      const { rows } = await database.run(sql`
        SELECT coalesce(sum(judged), 0) AS judged, coalesce(sum(against), 0) AS against FROM guard_judged
        WHERE guild = ${guild} AND day >= ${from} AND day < ${before}`);
      return { judged: Number(rows[0]?.["judged"]), against: Number(rows[0]?.["against"]) };
    },

    dayCounts: async (guild, from) => {
      const [judgedRows, eventRows] = await database.runAll([
        sql`SELECT day, judged, against FROM guard_judged WHERE guild = ${guild} AND day >= ${from}`,
        sql`
          SELECT happened_at / CAST(${DAY_MS} AS BIGINT) AS number, event, count(*) AS count FROM guard_audits
          WHERE guild = ${guild} AND happened_at >= CAST(${Date.parse(from)} AS BIGINT) GROUP BY 1, event`,
      ]);
      const judged = (judgedRows?.rows ?? []).map(judgedDayOf);
      const counted = (eventRows?.rows ?? []).map(eventCountOf);
      const days = new Set([...judged, ...counted].map(({ day }) => day));
      return [...days].toSorted().map((day) => ({
        judged: 0,
        against: 0,
        ...judged.find((one) => one.day === day),
        day,
        events: Object.fromEntries(counted.filter((one) => one.day === day).map(({ event, count }) => [event, count])),
      }));
    },

    valuesSince: async (guild, from) => {
      const { rows } = await database.run(sql`
        SELECT principle, judge, hundredths, sum(messages) AS messages FROM guard_values
        WHERE guild = ${guild} AND day >= ${from} GROUP BY principle, judge, hundredths ORDER BY principle, judge, hundredths`);
      return rows.map(valueCountOf);
    },

    lowMessages: async ({ guild, principle, judge, from, below, limit }) => {
      const { rows } = await database.run(sql`
        SELECT * FROM guard_low_messages
        WHERE guild = ${guild} AND principle = ${principle} AND judge = ${judge} AND day >= ${from} AND hundredths < ${below}
        ORDER BY hundredths DESC, judged_at DESC, message LIMIT ${limit}`);
      return rows.map(lowMessageOf);
    },
  };
}

/** Of one day, principle and value. */
const MOST_LOW_MESSAGES = 3;

function lowMessage({
  guild,
  day,
  principle,
  judge,
  hundredths,
  channel,
  message,
  author,
  at,
}: LowMessage & { readonly day: string }): Statement {
  return sql`
    INSERT INTO guard_low_messages (guild, day, principle, judge, hundredths, channel, message, author, judged_at)
    SELECT ${guild}, ${day}, ${principle}, ${judge}, CAST(${hundredths} AS INTEGER), ${channel}, ${message}, ${author}, CAST(${at} AS BIGINT)
    WHERE NOT EXISTS (SELECT 1 FROM guard_opt_outs WHERE person = ${author}) AND ${MOST_LOW_MESSAGES} > (
      SELECT count(*) FROM guard_low_messages
      WHERE guild = ${guild} AND day = ${day} AND principle = ${principle} AND judge = ${judge} AND hundredths = CAST(${hundredths} AS INTEGER))
    ON CONFLICT (guild, message, principle) DO NOTHING`;
}

function personStore(database: Database): Pick<Store, "countWithin" | "setOptedOut" | "isOptedOut" | "personalData" | "forgetPerson"> {
  return {
    // One statement: two processes that count at once never go past the cap together.
    countWithin: async ({ key, day, cap }) => {
      const limit = Math.min(cap, Number.MAX_SAFE_INTEGER);
      const { rows } = await database.run(sql`
        INSERT INTO guard_uses (name, day, uses) SELECT ${key}, ${day}, 1 WHERE CAST(${limit} AS BIGINT) >= 1
        ON CONFLICT (name, day) DO UPDATE SET uses = guard_uses.uses + 1 WHERE guard_uses.uses < CAST(${limit} AS BIGINT) RETURNING uses`);
      return rows.length > 0;
    },

    setOptedOut: async (person, isOut) => {
      const change = isOut
        ? sql`INSERT INTO guard_opt_outs (person) VALUES (${person}) ON CONFLICT (person) DO NOTHING`
        : sql`DELETE FROM guard_opt_outs WHERE person = ${person}`;
      await database.run(change, "power-loss");
    },

    isOptedOut: async (person) => {
      const { rows } = await database.run(sql`SELECT person FROM guard_opt_outs WHERE person = ${person}`);
      return rows.length > 0;
    },

    personalData: async (person) => {
      const [replies, reviews, sanctions, lowMessages, actions, uses, optOuts] = await database.runAll([
        sql`SELECT * FROM guard_replies WHERE author = ${person} ORDER BY created_at, number`,
        sql`SELECT * FROM guard_reviews WHERE author = ${person} ORDER BY created_at, number`,
        sql`SELECT * FROM guard_sanctions WHERE person = ${person} ORDER BY happened_at, number`,
        sql`SELECT * FROM guard_low_messages WHERE author = ${person} ORDER BY judged_at, message, principle`,
        sql`SELECT * FROM guard_audits WHERE actor = ${person} ORDER BY happened_at, number`,
        sql`SELECT name, day, uses FROM guard_uses WHERE name LIKE ${`%:${person}`} ORDER BY day, name`,
        sql`SELECT person FROM guard_opt_outs WHERE person = ${person}`,
      ]);
      return {
        replies: (replies?.rows ?? []).map(replyOf),
        reviews: (reviews?.rows ?? []).map(reviewOf),
        sanctions: (sanctions?.rows ?? []).map(sanctionOf),
        lowMessages: (lowMessages?.rows ?? []).map(lowMessageOf),
        actions: (actions?.rows ?? []).map(auditOf),
        // Whatever signs of a pattern are in an id.
        uses: (uses?.rows ?? []).map(useOf).filter(({ key }) => key.endsWith(`:${person}`)),
        optedOut: (optOuts?.rows ?? []).length > 0,
      };
    },

    // Not what a person did as a moderator, nor what may have been against the rules, nor what was done about that: all of it belongs to the guild's record, which ends with its
    // retention. Nor what was counted: a daily cap could be lifted by it.
    forgetPerson: (person) =>
      erase(database, [
        sql`DELETE FROM guard_replies WHERE author = ${person}`,
        sql`DELETE FROM guard_reviews WHERE author = ${person} AND decision = 'approved'`,
        sql`DELETE FROM guard_low_messages WHERE author = ${person}`,
      ]),
  };
}
