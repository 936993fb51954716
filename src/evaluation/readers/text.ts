import { type FileHandle, open } from "node:fs/promises";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { DataError } from "../data-error.ts";

/** The longest line or row that is read, in characters: more than any real one, and little enough to wait for. */
export const LONGEST_ROW = 4 * 1024 * 1024;

/** The longest list in JSON, which is read as a whole. */
export const LONGEST_LIST = 64 * 1024 * 1024;

/** With these two bytes a gzip file begins, whatever it is called. */
const GZIP = [0x1f, 0x8b] as const;

/**
 * The text of a file as it comes: unpacked if it is gzipped, without a byte order mark.
 *
 * @throws {DataError} when there is no such file, it cannot be unpacked, or it is no UTF-8
 */
export async function* textOf(path: string): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for await (const bytes of await bytesOf(path)) yield decoder.decode(bytes, { stream: true });
    yield decoder.decode();
  } catch (cause) {
    throw new DataError(`Expected to read \`${path}\` as UTF-8 text, got: ${reasonOf(cause)}`, { path, cause });
  }
}

async function bytesOf(path: string): Promise<AsyncIterable<Uint8Array>> {
  const file = await open(path);
  const isGzip = await beginsWith(file, GZIP);
  const bytes = file.createReadStream({ start: 0 });
  // Whoever reads on hears of each error: the callback has nothing to add.
  return isGzip ? pipeline(bytes, createGunzip(), () => undefined) : bytes;
}

async function beginsWith(file: FileHandle, expected: readonly number[]): Promise<boolean> {
  try {
    const { buffer } = await file.read({ buffer: Buffer.alloc(expected.length), position: 0 });
    return expected.every((byte, index) => buffer[index] === byte);
  } catch (error) {
    await file.close();
    throw error;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
