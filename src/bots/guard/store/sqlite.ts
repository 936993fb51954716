import { setImmediate } from "node:timers/promises";
import type { Client, Config, InStatement, ResultSet } from "@libsql/client";
import { withPeers } from "../../../peers/missing-peer.ts";
import type { Database, Dialect, StatementResult, Survival } from "./database.ts";
import { plain, type Statement } from "./sql.ts";
import { type StoreErrorCode, storeError } from "./store-error.ts";

/**
 * How long we wait for other processes, in turns. The driver stands still while it waits, and the whole process with it: between two turns
 * the bot answers Discord's heartbeats.
 */
const TURN_MS = 500;
const TURNS = 10;

/**
 * - `journal_mode`: in a write-ahead log, who reads waits for nobody, and two processes may have the file open.
 * - `synchronous`: a change waits for the disk only where it is told to. A loss of power may take back the last ones, and damages nothing.
 * - `foreign_keys`: what belongs to a reply goes with it.
 * - `secure_delete`: what was deleted is written over, and not just no longer mentioned.
 */
const PRAGMAS = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON";

const DIALECT: Dialect = {
  counter: "INTEGER PRIMARY KEY AUTOINCREMENT",
  // Every transaction begins as a writer's (BEGIN IMMEDIATE), of which there is one at a time.
  lockMigrations: [],
  // The write-ahead log has them until it is written over, which may take days.
  afterDeletion: [plain("PRAGMA wal_checkpoint(TRUNCATE)")],
};

/** @param url `file:...` or `:memory:` */
export async function openSqlite(url: string): Promise<Database> {
  const { createClient } = await withPeers({ "@libsql/client": "^0.18.0" }, () => import("@libsql/client/sqlite3"));
  const database = new SqliteDatabase(connect(createClient, url));
  try {
    await database.prepare();
    return database;
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
}

/** One connection: as the driver stands still for each statement, a second one could only wait in vain for what the first one has locked. */
function connect(createClient: (configuration: Config) => Client, url: string): Client {
  try {
    return createClient({ url, timeout: TURN_MS, concurrency: 1 });
  } catch (cause) {
    throw storeError("unreachable", cause);
  }
}

class SqliteDatabase implements Database {
  readonly dialect = DIALECT;
  readonly #client: Client;
  /** Settled when nobody is before the next one in line. */
  #line: Promise<unknown> = Promise.resolve();
  #turnsWaited = 0;
  #isDisposed = false;

  constructor(client: Client) {
    this.#client = client;
  }

  prepare(): Promise<void> {
    return this.#inLine(() => this.#client.executeMultiple(PRAGMAS));
  }

  run(statement: Statement, survives: Survival = "crash"): Promise<StatementResult> {
    return this.#inLine(() => this.#surviving(survives, async () => outcomeOf(await this.#client.execute(written(statement)))));
  }

  /** Not as an interactive transaction: between its statements, others would come onto the connection, or wait for it in vain. */
  runAll(statements: readonly Statement[], survives: Survival = "crash"): Promise<readonly StatementResult[]> {
    const all = async () => (await this.#client.batch(statements.map(written), "write")).map(outcomeOf);
    return this.#inLine(() => this.#surviving(survives, all));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    await this.#line;
    this.#client.close();
  }

  /** One after the other: who waits for a lock does so for all behind, whose patience ends when that of the first one does. */
  #inLine<Result>(action: () => Promise<Result>): Promise<Result> {
    if (this.#isDisposed) return Promise.reject(storeError("closed", undefined));
    const lastTurn = this.#turnsWaited + TURNS;
    const result = this.#line.then(() => this.#untilFree(action, lastTurn));
    this.#line = result.catch(() => undefined);
    return result;
  }

  async #untilFree<Result>(action: () => Promise<Result>, lastTurn: number): Promise<Result> {
    for (;;) {
      try {
        return await action();
      } catch (cause) {
        const code = sqliteCode(cause);
        if (code !== "locked") throw storeError(code, cause);
        this.#turnsWaited++;
        await this.#reconnect();
        if (this.#turnsWaited >= lastTurn) throw storeError(code, cause);
        await setImmediate();
      }
    }
  }

  /** Nobody comes in between: whose turn it is has the connection alone. */
  async #surviving<Result>(survives: Survival, action: () => Promise<Result>): Promise<Result> {
    if (survives === "crash") return await action();
    await this.#client.executeMultiple("PRAGMA synchronous = FULL");
    try {
      return await action();
    } finally {
      await this.#client.executeMultiple("PRAGMA synchronous = NORMAL");
    }
  }

  /** The driver never ends a statement that met a lock, and on its connection no transaction can be committed any more. */
  async #reconnect(): Promise<void> {
    await this.#client.reconnect();
    await this.#client.executeMultiple(PRAGMAS);
  }
}

function written({ texts, values }: Statement): InStatement {
  return { sql: texts.join("?"), args: [...values] };
}

function outcomeOf({ rows, rowsAffected }: ResultSet): StatementResult {
  return { rows, changes: rowsAffected };
}

/** What went wrong, from what the driver says of it. */
function sqliteCode(error: unknown): StoreErrorCode {
  const code = String((error as { code?: unknown } | undefined)?.code);
  // Some errors come with the extended code alone, such as SQLITE_CANTOPEN_ISDIR.
  const known = Object.keys(CODES).find((one) => code === one || code.startsWith(`${one}_`));
  return known === undefined ? "failed" : (CODES[known] as StoreErrorCode);
}

const CODES: Readonly<Record<string, StoreErrorCode>> = {
  SQLITE_BUSY: "locked",
  SQLITE_LOCKED: "locked",
  SQLITE_FULL: "full",
  SQLITE_READONLY: "read-only",
  SQLITE_CANTOPEN: "unreachable",
  SQLITE_IOERR: "unreachable",
  SQLITE_NOTADB: "unreadable",
  SQLITE_CORRUPT: "unreadable",
  CLIENT_CLOSED: "closed",
};
