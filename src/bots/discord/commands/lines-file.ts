import type { OwnFile } from "./command.ts";

/** Discord's limit for a file, 10 MiB, is a little more. */
export const MOST_BYTES = 9 * 1024 * 1024;

interface LinesFile {
  readonly file: OwnFile;
  /** How many records are in it. */
  readonly count: number;
  /** Of what is left out, for people; empty where all are in it. */
  readonly left: string;
}

/** A file of as many records as Discord takes, a line of JSON for each. @param records the newest first */
export function linesFile(name: string, records: readonly object[]): LinesFile {
  const lines: Buffer[] = [];
  let bytes = 0;
  for (const record of records) {
    const line = Buffer.from(`${JSON.stringify(record)}\n`);
    bytes += line.length;
    if (bytes > MOST_BYTES) break;
    lines.push(line);
  }
  const count = lines.length;
  const left = count === records.length ? "" : `The oldest ${records.length - count} are left out: Discord takes no longer file.`;
  return { file: { name, content: Buffer.concat(lines) }, count, left };
}
