import type { Dialect } from "./database.ts";
import { plain, type Statement } from "./sql.ts";

/**
 * The first tables. Their names begin with `guard_`, as a PostgreSQL database may be shared with others. Lists and settings are JSON:
 * they are read and written as a whole.
 */
export function firstTables({ counter }: Dialect): readonly Statement[] {
  return [...settingsTable(), ...replyTables(counter), ...reviewTable(counter), ...auditTable(counter), ...peopleTables()];
}

/** Guilds that have records, and in which the bot is not any more. */
export function absencesTable(): readonly Statement[] {
  return [plain("CREATE TABLE guard_absences (guild TEXT PRIMARY KEY, missed_at BIGINT NOT NULL)")];
}

/** What the judge has read of a message: decisions about it teach the judge of its guild. */
export function judgedTexts(): readonly Statement[] {
  return [plain("ALTER TABLE guard_reviews ADD COLUMN judged TEXT")];
}

function settingsTable(): readonly Statement[] {
  return [
    // What was decided is never written over. `retention_days` is also in `settings`: it must be obeyed where those cannot be read.
    plain(`CREATE TABLE guard_settings (
      guild TEXT NOT NULL, version INTEGER NOT NULL, format INTEGER NOT NULL, settings TEXT NOT NULL,
      retention_days INTEGER NOT NULL, changed_by TEXT NOT NULL, changed_at BIGINT NOT NULL,
      PRIMARY KEY (guild, version))`),
  ];
}

function replyTables(counter: string): readonly Statement[] {
  return [
    plain(`CREATE TABLE guard_replies (
      number ${counter}, guild TEXT NOT NULL, source TEXT NOT NULL, channel TEXT NOT NULL, author TEXT NOT NULL,
      state TEXT NOT NULL, messages TEXT NOT NULL, hash TEXT, excerpt TEXT, principle TEXT NOT NULL, rewinds INTEGER NOT NULL,
      value DOUBLE PRECISION, course TEXT NOT NULL, discarded TEXT NOT NULL, created_at BIGINT NOT NULL,
      UNIQUE (guild, source))`),
    plain("CREATE INDEX guard_replies_of_channel ON guard_replies (guild, channel, created_at)"),
    plain("CREATE INDEX guard_replies_of_author ON guard_replies (author)"),
    plain("CREATE INDEX guard_replies_unfinished ON guard_replies (created_at) WHERE state = 'drafting'"),
    // Leads from a posted message to its reply.
    plain(`CREATE TABLE guard_reply_messages (
      guild TEXT NOT NULL, message TEXT NOT NULL, source TEXT NOT NULL,
      PRIMARY KEY (guild, message),
      FOREIGN KEY (guild, source) REFERENCES guard_replies (guild, source) ON DELETE CASCADE)`),
    plain("CREATE INDEX guard_reply_messages_of_source ON guard_reply_messages (guild, source)"),
  ];
}

function reviewTable(counter: string): readonly Statement[] {
  return [
    plain(`CREATE TABLE guard_reviews (
      number ${counter}, guild TEXT NOT NULL, channel TEXT NOT NULL, message TEXT NOT NULL, author TEXT NOT NULL,
      hash TEXT NOT NULL, excerpt TEXT NOT NULL, text TEXT, findings TEXT NOT NULL, action TEXT NOT NULL, shadow BOOLEAN NOT NULL,
      decision TEXT NOT NULL, decided_by TEXT, decided_at BIGINT, appeal TEXT, created_at BIGINT NOT NULL,
      UNIQUE (guild, message, hash))`),
    plain("CREATE INDEX guard_reviews_by_decision ON guard_reviews (guild, decision, decided_at, number)"),
    plain("CREATE INDEX guard_reviews_of_author ON guard_reviews (author)"),
  ];
}

function auditTable(counter: string): readonly Statement[] {
  return [
    plain(`CREATE TABLE guard_audits (
      number ${counter}, guild TEXT NOT NULL, actor TEXT, event TEXT NOT NULL, detail TEXT NOT NULL, happened_at BIGINT NOT NULL)`),
    plain("CREATE INDEX guard_audits_of_guild ON guard_audits (guild, happened_at, number)"),
    plain("CREATE INDEX guard_audits_of_actor ON guard_audits (actor)"),
  ];
}

function peopleTables(): readonly Statement[] {
  return [
    plain("CREATE TABLE guard_opt_outs (person TEXT PRIMARY KEY)"),
    plain("CREATE TABLE guard_uses (name TEXT NOT NULL, day TEXT NOT NULL, uses BIGINT NOT NULL, PRIMARY KEY (name, day))"),
  ];
}
