/** The seam between the two databases: what differs lies behind it, and the SQL in front of it is the same. */
import type { Statement } from "./sql.ts";

export type SqlRow = Readonly<Record<string, unknown>>;

export interface StatementResult {
  readonly rows: readonly SqlRow[];
  /** How many rows were written. Not known of a statement that returns rows. */
  readonly changes: number;
}

/**
 * What an acknowledged change survives. `crash`: the end of the process, however it comes. `power-loss`: that of the machine, too; it waits for
 * the disk, and is for what people decide, not for what happens with every message.
 */
export type Survival = "crash" | "power-loss";

/** All of it throws `StoreError` and nothing else. What a change survives is "crash" where nothing else is told, and may be more. */
export interface Database extends AsyncDisposable {
  readonly dialect: Dialect;
  run(statement: Statement, survives?: Survival): Promise<StatementResult>;
  /** All or nothing, and nobody sees it half done. The statements cannot depend on each other's outcome but through SQL. */
  runAll(statements: readonly Statement[], survives?: Survival): Promise<readonly StatementResult[]>;
}

export interface Dialect {
  /** A column that counts up by itself. A number is never given out twice, even when its row is gone: old buttons name it. */
  readonly counter: string;
  /** Makes other processes wait with their migrations until the transaction has ended. */
  readonly lockMigrations: readonly Statement[];
  /** What is to be run after records were deleted, so that no file has them any more either. */
  readonly afterDeletion: readonly Statement[];
}
