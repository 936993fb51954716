import { saying, type Words } from "../../guard/index.ts";
import type { OwnFile } from "./command.ts";

/** Discord's limit for a file, 10 MiB, is a little more. */
export const MOST_BYTES = 9 * 1024 * 1024;

interface LinesFile {
  readonly file: OwnFile;
  /** How many records are in it. */
  readonly count: number;
  /** Of what is left out, for people; none where all are in it. */
  readonly left: readonly Words[];
}

/** A file of as many records as Discord takes, a line of JSON for each; no more are read. @param records the newest first @param objectOf what its line has */
export async function linesFile<Kept>(
  name: string,
  records: AsyncIterable<Kept>,
  objectOf: (record: Kept) => object | Promise<object>,
): Promise<LinesFile> {
  const lines: Buffer[] = [];
  const fileOf = (left: readonly Words[]) => ({ file: { name, content: Buffer.concat(lines) }, count: lines.length, left });
  let bytes = 0;
  for await (const record of records) {
    const line = Buffer.from(`${JSON.stringify(await objectOf(record))}\n`);
    bytes += line.length;
    if (bytes > MOST_BYTES) return fileOf([saying("export.cut")]);
    lines.push(line);
  }
  return fileOf([]);
}
