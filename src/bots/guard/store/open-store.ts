import { OptionError } from "../../../core/index.ts";
import { type Database, type Dialect, type Statement, sql } from "./database.ts";
import { openPostgres } from "./postgres.ts";
import { sqlStore } from "./sql-store.ts";
import { openSqlite } from "./sqlite.ts";
import type { Store } from "./store.ts";
import { storeError } from "./store-error.ts";

/**
 * Opens what the bot remembers, and brings its tables up to date.
 *
 * @param url `file:rain.db` or `:memory:` for SQLite (needs `@libsql/client`), `postgres://...` for PostgreSQL (needs `pg`)
 * @throws {OptionError} for another kind of address
 * @throws {MissingPeerError} when the driver is not installed
 * @throws {StoreError} when there is no database of ours and none can be made
 */
export async function openStore(url: string): Promise<Store> {
  return await storeIn(await openDatabase(url));
}

/** Brings the tables of a database up to date. Its store disposes of it. */
export async function storeIn(database: Database): Promise<Store> {
  try {
    await migrate(database);
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
  return sqlStore(database);
}

function openDatabase(url: string): Promise<Database> {
  // `file:` alone would be a database that is gone when it is closed.
  if (/^file:./.test(url) || url === ":memory:") return openSqlite(url);
  if (/^postgres(ql)?:/.test(url)) return openPostgres(url);
  // Not the rest of it: there may be a password in it.
  const scheme = url.split(":", 1)[0] ?? "";
  throw new OptionError(
    "databaseUrl",
    `Expected \`databaseUrl\` to be \`file:\` and a path, \`postgres:\` and an address, or \`:memory:\`, got \`${scheme.slice(0, 20)}:\``,
    scheme,
  );
}

/**
 * Brings the tables up to date, in one transaction. Of two processes that do so at once, one waits for the other, and finds it done.
 *
 * @throws {StoreError} `newer`: the tables are those of a version that we do not know
 */
async function migrate(database: Database): Promise<void> {
  const version = await versionOf(database);
  if (version > MIGRATIONS.length) throw storeError("newer", new Error(`The tables are of version ${version}`));
  if (version === MIGRATIONS.length) return;
  const missing = MIGRATIONS.slice(version).flatMap((migration, index) => [
    sql`INSERT INTO guard_migrations (number) VALUES (${version + index + 1})`,
    ...migration(database.dialect),
  ]);
  try {
    await database.runAll([...database.dialect.lockMigrations, ...missing]);
  } catch (error) {
    // The numbers are unique: the second process fails, and has nothing left to do.
    if ((await versionOf(database)) !== MIGRATIONS.length) throw error;
  }
}

async function versionOf(database: Database): Promise<number> {
  const outcomes = await database.runAll([
    ...database.dialect.lockMigrations,
    sql`CREATE TABLE IF NOT EXISTS guard_migrations (number INTEGER PRIMARY KEY)`,
    // Deletes nothing: a process that may not write fails now, and not when a moderator decides something.
    sql`DELETE FROM guard_migrations WHERE number < 0`,
    sql`SELECT coalesce(max(number), 0) AS version FROM guard_migrations`,
  ]);
  return Number(outcomes.at(-1)?.rows[0]?.["version"]);
}

/**
 * Each makes the tables of its version of those of the version before. What was once released never changes: a change is one more.
 *
 * Names begin with `guard_`, as a PostgreSQL database may be shared with other programs. Lists and settings are JSON: they are read and
 * written as a whole.
 */
const MIGRATIONS: readonly ((dialect: Dialect) => readonly Statement[])[] = [
  ({ counter }) => [
    ...settingsTable(),
    ...replyTables(counter),
    ...reviewTable(counter),
    ...auditTable(counter),
    sql`CREATE TABLE guard_opt_outs (person TEXT PRIMARY KEY)`,
    sql`CREATE TABLE guard_uses (name TEXT NOT NULL, day TEXT NOT NULL, uses BIGINT NOT NULL, PRIMARY KEY (name, day))`,
  ],
  // Guilds that have records, and in which the bot is not any more.
  () => [sql`CREATE TABLE guard_absences (guild TEXT PRIMARY KEY, missed_at BIGINT NOT NULL)`],
  // What the judge has read of a message: decisions about it teach the judge of its guild.
  () => [sql`ALTER TABLE guard_reviews ADD COLUMN judged TEXT`],
  () => [sql`ALTER TABLE guard_replies ADD COLUMN dropped_turns INTEGER NOT NULL DEFAULT 0`],
  // How many messages were judged, and flagged: what is to be expected of a day.
  () => [
    sql`CREATE TABLE guard_judged (guild TEXT NOT NULL, day TEXT NOT NULL, judged BIGINT NOT NULL, against BIGINT NOT NULL, PRIMARY KEY (guild, day))`,
  ],
  // Where a review's cards stand, one behind the other: they follow what is decided elsewhere.
  () => [sql`ALTER TABLE guard_reviews ADD COLUMN cards TEXT NOT NULL DEFAULT ''`],
  // How many files were with a message: they are lost with it, and that is said.
  () => [sql`ALTER TABLE guard_reviews ADD COLUMN attachments INTEGER NOT NULL DEFAULT 0`],
  // What a review is decided with: many messages of one person, or of a raid.
  () => [
    sql`ALTER TABLE guard_reviews ADD COLUMN incident BIGINT`,
    sql`CREATE INDEX guard_reviews_of_incident ON guard_reviews (guild, incident)`,
  ],
  // How many messages had which value: what another limit would have flagged.
  () => [
    sql`CREATE TABLE guard_values (
      guild TEXT NOT NULL, day TEXT NOT NULL, principle TEXT NOT NULL, judge TEXT NOT NULL, hundredths INTEGER NOT NULL, messages BIGINT NOT NULL,
      PRIMARY KEY (guild, day, principle, judge, hundredths))`,
    sql`CREATE TABLE guard_low_messages (
      guild TEXT NOT NULL, message TEXT NOT NULL, principle TEXT NOT NULL, judge TEXT NOT NULL, hundredths INTEGER NOT NULL,
      channel TEXT NOT NULL, author TEXT NOT NULL, day TEXT NOT NULL, judged_at BIGINT NOT NULL,
      PRIMARY KEY (guild, message, principle))`,
    sql`CREATE INDEX guard_low_messages_by_value ON guard_low_messages (guild, principle, day, hundredths)`,
    sql`CREATE INDEX guard_low_messages_of_author ON guard_low_messages (author)`,
  ],
  // What was done about people of whom there are reviews.
  ({ counter }) => [
    sql`CREATE TABLE guard_sanctions (
      number ${counter}, guild TEXT NOT NULL, person TEXT NOT NULL, kind TEXT NOT NULL, actor TEXT, review BIGINT, entry TEXT,
      happened_at BIGINT NOT NULL, UNIQUE (guild, entry))`,
    sql`CREATE INDEX guard_sanctions_of_person ON guard_sanctions (person, guild, happened_at)`,
  ],
  // How many files were with a message that nobody has judged: moderators look at them.
  () => [sql`ALTER TABLE guard_reviews ADD COLUMN unread INTEGER NOT NULL DEFAULT 0`],
];

function settingsTable(): readonly Statement[] {
  return [
    // What was decided is never written over. `retention_days` is also in `settings`: it must be obeyed where those cannot be read.
    sql`CREATE TABLE guard_settings (
      guild TEXT NOT NULL, version INTEGER NOT NULL, format INTEGER NOT NULL, settings TEXT NOT NULL,
      retention_days INTEGER NOT NULL, changed_by TEXT NOT NULL, changed_at BIGINT NOT NULL,
      PRIMARY KEY (guild, version))`,
  ];
}

function replyTables(counter: Statement): readonly Statement[] {
  return [
    sql`CREATE TABLE guard_replies (
      number ${counter}, guild TEXT NOT NULL, source TEXT NOT NULL, channel TEXT NOT NULL, author TEXT NOT NULL,
      state TEXT NOT NULL, messages TEXT NOT NULL, hash TEXT, excerpt TEXT, principle TEXT NOT NULL, rewinds INTEGER NOT NULL,
      value DOUBLE PRECISION, course TEXT NOT NULL, discarded TEXT NOT NULL, created_at BIGINT NOT NULL,
      UNIQUE (guild, source))`,
    sql`CREATE INDEX guard_replies_of_channel ON guard_replies (guild, channel, created_at)`,
    sql`CREATE INDEX guard_replies_of_author ON guard_replies (author)`,
    sql`CREATE INDEX guard_replies_unfinished ON guard_replies (created_at) WHERE state = 'drafting'`,
    // Leads from a posted message to its reply.
    sql`CREATE TABLE guard_reply_messages (
      guild TEXT NOT NULL, message TEXT NOT NULL, source TEXT NOT NULL,
      PRIMARY KEY (guild, message),
      FOREIGN KEY (guild, source) REFERENCES guard_replies (guild, source) ON DELETE CASCADE)`,
    sql`CREATE INDEX guard_reply_messages_of_source ON guard_reply_messages (guild, source)`,
  ];
}

function reviewTable(counter: Statement): readonly Statement[] {
  return [
    sql`CREATE TABLE guard_reviews (
      number ${counter}, guild TEXT NOT NULL, channel TEXT NOT NULL, message TEXT NOT NULL, author TEXT NOT NULL,
      hash TEXT NOT NULL, excerpt TEXT NOT NULL, text TEXT, findings TEXT NOT NULL, action TEXT NOT NULL, shadow BOOLEAN NOT NULL,
      decision TEXT NOT NULL, decided_by TEXT, decided_at BIGINT, appeal TEXT, created_at BIGINT NOT NULL,
      UNIQUE (guild, message, hash))`,
    sql`CREATE INDEX guard_reviews_by_decision ON guard_reviews (guild, decision, decided_at, number)`,
    sql`CREATE INDEX guard_reviews_of_author ON guard_reviews (author)`,
  ];
}

function auditTable(counter: Statement): readonly Statement[] {
  return [
    sql`CREATE TABLE guard_audits (
      number ${counter}, guild TEXT NOT NULL, actor TEXT, event TEXT NOT NULL, detail TEXT NOT NULL, happened_at BIGINT NOT NULL)`,
    sql`CREATE INDEX guard_audits_of_guild ON guard_audits (guild, happened_at, number)`,
    sql`CREATE INDEX guard_audits_of_actor ON guard_audits (actor)`,
  ];
}
