import type { Pool, PoolClient, QueryResult } from "pg";
import { withPeers } from "../../../peers/index.ts";
import { type Database, type Dialect, raw, type Statement, type StatementResult, sql } from "./database.ts";
import { type StoreErrorCode, storeError } from "./store-error.ts";

/** How long a statement waits for a connection, and for what other programs have locked. */
const PATIENCE_MS = 5000;

/** A statement that takes longer has lost its server. */
const LONGEST_STATEMENT_MS = 30_000;

/** Any number, as long as no other program that shares the database has the same. */
const MIGRATION_LOCK = 7_246_411;

const DIALECT: Dialect = {
  counter: raw("BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
  // Ends with the transaction, however that ends. Two CREATE TABLE IF NOT EXISTS at once are not safe without it.
  lockMigrations: [sql`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`],
  // The server's own clean-up writes over them.
  afterDeletion: [],
};

/** @param url `postgres://...` */
export async function openPostgres(url: string): Promise<Database> {
  const { Pool } = await withPeers({ pg: "^8.16.0" }, () => import("pg"));
  const pool = new Pool({
    connectionString: url,
    connectionTimeoutMillis: PATIENCE_MS,
    lock_timeout: PATIENCE_MS,
    query_timeout: LONGEST_STATEMENT_MS,
    keepAlive: true,
  });
  // The pool replaces a connection that breaks while it is idle; if there is no server any more, the next statement fails.
  pool.on("error", () => undefined);
  return new PostgresDatabase(pool);
}

/** The server acknowledges what is on its disk: all of it survives a loss of power. */
class PostgresDatabase implements Database {
  readonly dialect = DIALECT;
  readonly #pool: Pool;
  readonly #running = new Set<Promise<unknown>>();
  #ending: Promise<void> | undefined;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  run(statement: Statement): Promise<StatementResult> {
    return this.#connected((client) => query(client, statement));
  }

  runAll(statements: readonly Statement[]): Promise<readonly StatementResult[]> {
    return this.#connected(async (client) => {
      await query(client, sql`BEGIN`);
      const outcomes: StatementResult[] = [];
      for (const statement of statements) outcomes.push(await query(client, statement));
      await query(client, sql`COMMIT`);
      return outcomes;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending ??= this.#end();
    await this.#ending;
  }

  /** A pool that ends forgets the statements that wait for a connection: they come first. */
  async #end(): Promise<void> {
    await Promise.allSettled(this.#running);
    await this.#pool.end();
  }

  async #connected<Result>(action: (client: PoolClient) => Promise<Result>): Promise<Result> {
    if (this.#ending !== undefined) throw storeError("closed", undefined);
    const result = connected(this.#pool, action);
    this.#running.add(result);
    try {
      return await result;
    } finally {
      this.#running.delete(result);
    }
  }
}

async function connected<Result>(pool: Pool, action: (client: PoolClient) => Promise<Result>): Promise<Result> {
  let client: PoolClient | undefined;
  try {
    client = await pool.connect();
    const result = await action(client);
    client.release();
    return result;
  } catch (cause) {
    // What failed on it may have left a transaction open or half an answer unread: closing it is what surely ends both.
    client?.release(true);
    throw storeError(postgresCode(cause), cause);
  }
}

async function query(client: PoolClient, { texts, values }: Statement): Promise<StatementResult> {
  const text = texts.reduce((before, after, index) => `${before}$${index}${after}`);
  const { rows, rowCount }: QueryResult<Record<string, unknown>> = await client.query(text, [...values]);
  return { rows, rowsAffected: rowCount ?? 0 };
}

/** What went wrong, from the server's code (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
function postgresCode(error: unknown): StoreErrorCode {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown };
  // Without a severity it is not the server that speaks: it could not be reached, which is said in many ways.
  if (typeof code !== "string" || severity === undefined) return "unreachable";
  return CODES[code] ?? CLASSES[code.slice(0, 2)] ?? "failed";
}

const CODES: Readonly<Record<string, StoreErrorCode>> = {
  "55P03": "locked",
  "57014": "locked",
  "53100": "full",
  "53300": "unreachable",
  "25006": "read-only",
  "42501": "read-only",
  "3D000": "unreachable",
  XX001: "unreadable",
  XX002: "unreadable",
};

/** The first two characters: connections, logins, shutdowns; transactions that stood in each other's way. */
const CLASSES: Readonly<Record<string, StoreErrorCode>> = { "08": "unreachable", "28": "unreachable", "57": "unreachable", "40": "locked" };
