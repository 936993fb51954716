import { setImmediate } from "node:timers/promises";
import type { Client, InStatement } from "@libsql/client";
import { withPeers } from "../../../peers/index.ts";
import { type Database, type Dialect, raw, type Statement, type StatementResult, type Survival, sql } from "./database.ts";
import { type StoreErrorCode, storeError } from "./store-error.ts";

/**
 * How long a statement waits for other processes, in turns. The driver blocks the whole process while it waits: between two turns
 * the bot answers Discord's heartbeats.
 */
const TURN_MS = 500;
const TURNS = 10;

/**
 * - `journal_mode`: with a write-ahead log, reading never waits for writing, and two processes may have the file open.
 * - `synchronous`: a change waits for the disk only where it is told to. A loss of power may take back the last ones, and damages nothing.
 * - `foreign_keys`: what belongs to a reply goes with it.
 * - `secure_delete`: what was deleted is written over, and not just no longer mentioned.
 */
const PRAGMAS = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON";

const DIALECT: Dialect = {
  counter: raw("INTEGER PRIMARY KEY AUTOINCREMENT"),
  // Every transaction begins as a writer's (BEGIN IMMEDIATE), of which there is one at a time.
  lockMigrations: [],
  // The write-ahead log has them until it is written over, which may take days.
  afterDeletion: [sql`PRAGMA wal_checkpoint(TRUNCATE)`],
};

/** @param url `file:...` or `:memory:` */
export async function openSqlite(url: string): Promise<Database> {
  const { createClient } = await withPeers({ "@libsql/client": "^0.18.0" }, () => import("@libsql/client/sqlite3"));
  try {
    // One connection: as each statement blocks the process, a second connection would wait in vain for what the first one has locked.
    return new SqliteDatabase(createClient({ url, timeout: TURN_MS, concurrency: 1 }));
  } catch (cause) {
    throw storeError("unreachable", cause);
  }
}

class SqliteDatabase implements Database {
  readonly dialect = DIALECT;
  readonly #client: Client;
  #isPrepared = false;
  /** Settles when all that was asked before has ended. */
  #queue: Promise<unknown> = Promise.resolve();
  #turnsWaited = 0;
  #isDisposed = false;

  constructor(client: Client) {
    this.#client = client;
  }

  run(statement: Statement, survives: Survival = "crash"): Promise<StatementResult> {
    return this.#queued(survives, () => this.#client.execute(written(statement)));
  }

  /** Not as an interactive transaction: other statements would come onto its connection, or wait for it in vain. */
  runAll(statements: readonly Statement[], survives: Survival = "crash"): Promise<readonly StatementResult[]> {
    return this.#queued(survives, () => this.#client.batch(statements.map(written), "write"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    await this.#queue;
    this.#client.close();
  }

  /** One after the other: the first one waits for a lock on behalf of all, and their patience ends with the turns that it has waited. */
  #queued<Result>(survives: Survival, action: () => Promise<Result>): Promise<Result> {
    if (this.#isDisposed) return Promise.reject(storeError("closed", undefined));
    const lastTurn = this.#turnsWaited + TURNS;
    const result = this.#queue.then(() => this.#untilFree(lastTurn, () => this.#surviving(survives, action)));
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async #untilFree<Result>(lastTurn: number, action: () => Promise<Result>): Promise<Result> {
    for (;;) {
      try {
        if (!this.#isPrepared) await this.#client.executeMultiple(PRAGMAS);
        this.#isPrepared = true;
        return await action();
      } catch (cause) {
        const code = sqliteCode(cause);
        if (code !== "locked") throw storeError(code, cause);
        // The driver never ends a statement that met a lock, and the statement's connection can commit no transaction any more.
        await this.#client.reconnect();
        this.#isPrepared = false;
        this.#turnsWaited++;
        if (this.#turnsWaited >= lastTurn) throw storeError(code, cause);
        await setImmediate();
      }
    }
  }

  /** The setting is the connection's, which this action has alone. */
  async #surviving<Result>(survives: Survival, action: () => Promise<Result>): Promise<Result> {
    if (survives === "crash") return await action();
    await this.#client.executeMultiple("PRAGMA synchronous = FULL");
    try {
      return await action();
    } finally {
      await this.#client.executeMultiple("PRAGMA synchronous = NORMAL");
    }
  }
}

function written({ texts, values }: Statement): InStatement {
  return { sql: texts.join("?"), args: [...values] };
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
