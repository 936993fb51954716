import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { z } from "zod";
import { RainError } from "../../core/index.ts";

/** A folder of results cannot be written, or holds something else. */
export class FolderError extends RainError {
  readonly path: string;

  constructor(message: string, { path, ...options }: ErrorOptions & { readonly path: string }) {
    super(message, options);
    this.path = path;
  }
}

/** Where reports are written. */
export class Folder {
  readonly path: string;

  /** @throws {FolderError} when it cannot be made */
  constructor(path: string) {
    this.path = path;
    try {
      makeFolder(path);
    } catch (cause) {
      throw unwritable(path, cause);
    }
  }

  /**
   * Written beside its place first: a process that is stopped in the middle leaves the earlier file whole.
   *
   * @throws {FolderError} when it cannot be written, as on a full disk
   */
  write(name: string, text: string): void {
    const path = join(this.path, name);
    try {
      writeFileSync(`${path}.partial`, text);
      renameSync(`${path}.partial`, path);
    } catch (cause) {
      throw unwritable(path, cause);
    }
  }
}

/** One after the other: Node's own `recursive` never ends where a file system refuses folders by saying that there are none, as `/proc` does. */
function makeFolder(path: string): void {
  const missing: string[] = [];
  for (let place = path; !existsSync(place); place = dirname(place)) missing.unshift(place);
  for (const place of missing) mkdirSync(place);
}

/** A row's name: whatever it depends on is in it, so nothing that was found under other conditions is ever taken for it. */
export function keyOf(conditions: unknown): string {
  return createHash("sha256").update(JSON.stringify(conditions)).digest("base64url").slice(0, 24);
}

const LINE_FEED = 0x0a;

/**
 * Rows that are kept as soon as they are there, each on a line of its own, in the order in which they came. A row counts as kept when it
 * is on the disk (`fdatasync`), so neither `kill -9` nor a power cut takes back what was told; that takes milliseconds, and an answer
 * takes longer. Half a row at the end is what a process left that was killed while it wrote: it is cut off.
 */
export class Journal<Row extends { readonly key: string }> implements Disposable {
  readonly path: string;
  readonly #file: number;
  readonly #rows = new Map<string, Row>();

  /** @throws {FolderError} when the file cannot be written, or holds something else */
  constructor(path: string, schema: z.ZodType<Row>) {
    this.path = path;
    this.#file = opened(path);
    try {
      for (const row of this.#wholeRows(schema)) this.#remember(row);
    } catch (error) {
      closeSync(this.#file);
      throw error;
    }
  }

  get(key: string): Row | undefined {
    return this.#rows.get(key);
  }

  /** @throws {FolderError} when it cannot be written, as on a full disk */
  append(row: Row): void {
    try {
      const line = Buffer.from(`${JSON.stringify(row)}\n`);
      for (let written = 0; written < line.length; ) written += writeSync(this.#file, line, written);
      fdatasyncSync(this.#file);
    } catch (cause) {
      throw unwritable(this.path, cause);
    }
    this.#remember(row);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }

  /** Two processes may have written the same row: the first one counts. */
  #remember(row: Row): void {
    if (!this.#rows.has(row.key)) this.#rows.set(row.key, row);
  }

  #wholeRows(schema: z.ZodType<Row>): readonly Row[] {
    const bytes = readFileSync(this.path);
    const end = bytes.lastIndexOf(LINE_FEED) + 1;
    if (end < bytes.length) ftruncateSync(this.#file, end);
    const lines = bytes.subarray(0, end).toString("utf8").split("\n").slice(0, -1);
    return lines.map((line, index) => this.#row(line, index + 1, schema));
  }

  #row(line: string, at: number, schema: z.ZodType<Row>): Row {
    try {
      return schema.parse(JSON.parse(line));
    } catch (cause) {
      const advice = "choose another `--out`, or take this line away";
      throw new FolderError(`Expected line ${at} of \`${this.path}\` to be a row of an evaluation, got something else (${advice})`, {
        path: this.path,
        cause,
      });
    }
  }
}

function opened(path: string): number {
  try {
    return openSync(path, "a+");
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

function unwritable(path: string, cause: unknown): FolderError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new FolderError(`Expected to write \`${path}\`, got: ${reason}`, { path, cause });
}
