import type { Database, Dialect } from "./database.ts";
import { plain, type Statement, sql } from "./sql.ts";
import { storeError } from "./store-error.ts";
import { absencesTable, firstTables, judgedTexts } from "./tables.ts";

/** Each makes of the tables of the version before those of its own. What was once released never changes: a change is one more. */
const MIGRATIONS: readonly ((dialect: Dialect) => readonly Statement[])[] = [firstTables, absencesTable, judgedTexts];

/**
 * Brings the tables up to date, in one transaction. Two processes may do so at once: one waits for the other, and finds it done.
 *
 * @throws {StoreError} `newer`: the tables are those of a version that we do not know
 */
export async function migrate(database: Database): Promise<void> {
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
    // The numbers are unique: who comes second fails, and has nothing left to do.
    if ((await versionOf(database)) !== MIGRATIONS.length) throw error;
  }
}

async function versionOf(database: Database): Promise<number> {
  const outcomes = await database.runAll([
    ...database.dialect.lockMigrations,
    plain("CREATE TABLE IF NOT EXISTS guard_migrations (number INTEGER PRIMARY KEY)"),
    // Nothing; but who may not write finds out now, and not when somebody decides something.
    plain("DELETE FROM guard_migrations WHERE number < 0"),
    plain("SELECT coalesce(max(number), 0) AS version FROM guard_migrations"),
  ]);
  return Number(outcomes.at(-1)?.rows[0]?.["version"]);
}
