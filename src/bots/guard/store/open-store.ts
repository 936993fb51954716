import { OptionError } from "../../../core/index.ts";
import type { Database } from "./database.ts";
import { migrate } from "./migrations.ts";
import { openPostgres } from "./postgres.ts";
import { sqlStore } from "./sql-store.ts";
import { openSqlite } from "./sqlite.ts";
import type { Store } from "./store.ts";

/**
 * Opens what the bot remembers, and brings its tables up to date.
 *
 * @param url `file:rain.db` or `:memory:` for SQLite (needs `@libsql/client`), `postgres://...` for PostgreSQL (needs `pg`)
 * @throws {OptionError} for another kind of address
 * @throws {MissingPeerError} when the driver is not installed
 * @throws {StoreError} when there is no database of ours and none can be made
 */
export async function openStore(url: string): Promise<Store> {
  const database = await openDatabase(url);
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
