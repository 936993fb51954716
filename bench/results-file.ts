import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import type { z } from "zod";

/**
 * Reads what a benchmark wrote. `undefined`: there is no such file yet.
 *
 * @throws {TypeError} for a file of another form
 */
export function readResults<Schema extends z.ZodType>(path: string, schema: Schema): z.infer<Schema> | undefined {
  if (!existsSync(path)) return undefined;
  const { data, error } = schema.safeParse(parsed(path));
  if (error === undefined) return data;
  throw new TypeError(`Expected \`${path}\` to hold results of this benchmark, got ${error.issues[0]?.message ?? "something else"}`, {
    cause: error,
  });
}

/** Writes beside the place and moves there: whoever is stopped in the middle leaves the earlier results whole. */
export function writeResults(path: string, results: unknown): void {
  writeFileSync(`${path}.partial`, `${JSON.stringify(results, undefined, 2)}\n`);
  renameSync(`${path}.partial`, path);
}

function parsed(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as unknown;
  } catch (cause) {
    throw new TypeError(`Expected \`${path}\` to be JSON, got something else`, { cause });
  }
}
