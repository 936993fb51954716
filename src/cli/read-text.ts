import { createReadStream } from "node:fs";
import { reasonOf, UsageError } from "./failure.ts";

/** More than any model reads, and little enough to be tokenized at once. */
const MAX_BYTES = 1024 * 1024;

/** A file's text. What is no file, no UTF-8 or too long is refused in one line. */
export async function readTextFile(path: string): Promise<string> {
  return decode(await readBytes(path), `\`${path}\``);
}

/** All of standard input. */
export async function readStandardInput(): Promise<string> {
  return decode(await collect(process.stdin, "standard input"), "standard input");
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    return await collect(createReadStream(path), `\`${path}\``);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`Expected to read \`${path}\`, got: ${reasonOf(error)}`, { cause: error });
  }
}

/** Not by the size that a file says it has: a device has none, and no end. */
async function collect(stream: AsyncIterable<Buffer>, source: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of stream) {
    parts.push(part);
    length += part.length;
    checkLength(length, source);
  }
  return Buffer.concat(parts);
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
