import type { Database } from "./database.ts";
import { reviewOf, writtenJson } from "./rows.ts";
import { sql } from "./sql.ts";
import type { NewReview, ReviewRecord, Store } from "./store.ts";

type Decision = Parameters<Store["decide"]>[0];
type Appeal = Parameters<Store["appeal"]>[0];

/** Decisions that are read at once. */
const PAGE = 200;

export async function addReview(database: Database, review: NewReview): Promise<number | undefined> {
  const { guild, channel, message, author, hash, excerpt, text, judged, findings, action, shadow, createdAt } = review;
  const insert = sql`
    INSERT INTO guard_reviews
      (guild, channel, message, author, hash, excerpt, text, judged, findings, action, shadow, decision, created_at)
    VALUES (${guild}, ${channel}, ${message}, ${author}, ${hash}, ${excerpt}, ${text}, ${judged}, ${writtenJson(findings)}, ${action},
      ${shadow}, 'pending', ${createdAt})
    ON CONFLICT (guild, message, hash) DO NOTHING RETURNING number`;
  // What is hidden is kept here alone.
  const { rows } = await database.run(insert, "power-loss");
  return rows[0] === undefined ? undefined : Number(rows[0]["number"]);
}

export async function readReview(database: Database, guild: string, id: number): Promise<ReviewRecord | undefined> {
  const { rows } = await database.run(sql`SELECT * FROM guard_reviews WHERE guild = ${guild} AND number = ${numberOf(id)}`);
  return rows.map(reviewOf)[0];
}

export async function pendingReviews(database: Database, guild: string, limit: number): Promise<readonly ReviewRecord[]> {
  const { rows } = await database.run(sql`
    SELECT * FROM guard_reviews WHERE guild = ${guild} AND decision = 'pending' ORDER BY number LIMIT ${limit}`);
  return rows.map(reviewOf);
}

export async function decide(database: Database, { guild, id, decision, by, at }: Decision): Promise<ReviewRecord | undefined> {
  // The text is read before it is forgotten. Of two who decide at once, the second one's update finds nothing that is pending.
  const statements = [
    sql`SELECT text FROM guard_reviews WHERE guild = ${guild} AND number = ${numberOf(id)}`,
    sql`
      UPDATE guard_reviews SET decision = ${decision}, decided_by = ${by}, decided_at = ${at}, text = NULL
      WHERE guild = ${guild} AND number = ${numberOf(id)} AND decision = 'pending' RETURNING *`,
  ];
  const [held, decided] = await database.runAll(statements, "power-loss");
  const row = decided?.rows[0];
  return row === undefined ? undefined : reviewOf({ ...row, text: held?.rows[0]?.["text"] ?? null });
}

export async function appeal(database: Database, { guild, id, author, text }: Appeal): Promise<ReviewRecord | undefined> {
  const update = sql`
    UPDATE guard_reviews SET appeal = ${text}, decision = 'pending', decided_by = NULL, decided_at = NULL
    WHERE guild = ${guild} AND number = ${numberOf(id)} AND author = ${author} AND appeal IS NULL AND decision <> 'approved' RETURNING *`;
  const { rows } = await database.run(update, "power-loss");
  return rows.map(reviewOf)[0];
}

/** In pages, of which each begins behind the last one's end: what is decided or forgotten meanwhile moves nothing. */
export async function* decisions(database: Database, guild: string): AsyncGenerator<ReviewRecord> {
  let last: Pick<ReviewRecord, "id" | "decidedAt"> | undefined = { id: 0, decidedAt: Number.MIN_SAFE_INTEGER };
  while (last !== undefined) {
    const { rows }: { rows: Awaited<ReturnType<Database["run"]>>["rows"] } = await database.run(sql`
      SELECT * FROM guard_reviews WHERE guild = ${guild} AND decision <> 'pending'
        AND (decided_at, number) > (CAST(${last.decidedAt} AS BIGINT), CAST(${last.id} AS BIGINT))
      ORDER BY decided_at, number LIMIT ${PAGE}`);
    const page = rows.map(reviewOf);
    yield* page;
    last = page.length < PAGE ? undefined : page.at(-1);
  }
}

/** Ids come out of buttons, which people forge: what is none becomes that of no review, as they are counted from 1. */
function numberOf(id: number): number {
  return Number.isSafeInteger(id) ? id : 0;
}
