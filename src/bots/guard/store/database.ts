/** What differs between SQLite and PostgreSQL lies behind `Database`; the SQL in front of it is the same for both. */

export type SqlRow = Readonly<Record<string, unknown>>;

export interface StatementResult {
  readonly rows: readonly SqlRow[];
  /** How many rows were written. Not known of a statement that returns rows. */
  readonly rowsAffected: number;
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
  /** One transaction: all or nothing. The statements cannot depend on each other's outcome but through SQL. */
  runAll(statements: readonly Statement[], survives?: Survival): Promise<readonly StatementResult[]>;
}

export interface Dialect {
  /** The type of a column that counts up by itself. It gives no number out twice, even when its row is gone: old buttons name it. */
  readonly counter: Statement;
  /** Makes other processes wait with their migrations until the transaction has ended. */
  readonly lockMigrations: readonly Statement[];
  /** Run after records were deleted, so that no file has them any more either. */
  readonly afterDeletion: readonly Statement[];
}

type SqlValue = string | number | boolean | null;

/** SQL apart from its parameters: no text can change what a statement means. */
export interface Statement {
  /** The parts between the parameters: one more than there are of those. */
  readonly texts: readonly string[];
  readonly values: readonly SqlValue[];
}

/** `sql\`SELECT 1 WHERE a = ${a}\``. `undefined` becomes NULL; another statement becomes a part of this one. */
export function sql(texts: TemplateStringsArray, ...values: readonly (SqlValue | undefined | Statement)[]): Statement {
  const parts = [texts[0] ?? ""];
  const parameters: SqlValue[] = [];
  for (const [index, value] of values.entries()) {
    const inner = typeof value === "object" && value !== null ? value : { texts: ["", ""], values: [storable(value)] };
    const [first, ...others] = inner.texts;
    parts.push(`${parts.pop()}${first}`, ...others);
    parts.push(`${parts.pop()}${texts[index + 1]}`);
    parameters.push(...inner.values);
  }
  return { texts: parts, values: parameters };
}

/** Names of tables and columns, and other SQL of ours: never what people wrote. */
export function raw(text: string): Statement {
  return { texts: [text], values: [] };
}

/**
 * As both databases can hold it: PostgreSQL knows no NUL, the SQLite driver ends a text there, and half of a surrogate pair is no text.
 * A text is found again by itself: the same happens to every parameter.
 */
function storable(value: SqlValue | undefined): SqlValue {
  if (typeof value !== "string") return value ?? null;
  return wellFormed(value).replaceAll("\0", "\u{FFFD}");
}

/** The text with a replacement character for each half of a surrogate pair: without its other half it is no character at all. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\u{FFFD}");
}
