import { readFile, stat } from "node:fs/promises";
import { reasonOf, UsageError } from "./failure.ts";

/** More than any model reads, and little enough to be tokenized at once. */
const MAX_BYTES = 1024 * 1024;

/** A file's text. What is no file, no UTF-8 or too long is refused in one line. */
export async function readTextFile(path: string): Promise<string> {
  return decode(await readBytes(path), `\`${path}\``);
}

/** All of standard input. */
export async function readStandardInput(): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of process.stdin as AsyncIterable<Buffer>) {
    parts.push(part);
    length += part.length;
    checkLength(length, "standard input");
  }
  return decode(Buffer.concat(parts), "standard input");
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    checkLength((await stat(path)).size, `\`${path}\``);
    return await readFile(path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`Expected to read \`${path}\`, got: ${reasonOf(error)}`, { cause: error });
  }
}

function checkLength(bytes: number, source: string): void {
  if (bytes > MAX_BYTES) throw new UsageError(`Expected ${source} to be at most ${MAX_BYTES} bytes long, got more`);
}

function decode(bytes: Buffer, source: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new UsageError(`Expected ${source} to be UTF-8 text, got other bytes`, { cause: error });
  }
}
