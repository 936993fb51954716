import { existsSync } from "node:fs";
import { join } from "node:path";
import { didYouMean, type Turn } from "../core/index.ts";
import { ANY_PROMPTS, fetchPublicFile, formatOf, PUBLIC_DATA, type RecordReading, readEntries } from "../evaluation/index.ts";
import { cacheFolder } from "../judges/index.ts";
import { UsageError } from "./failure.ts";

/** How a file of data is found and read. */
export interface DataFileOptions {
  /** Told of what is fetched, and of rows that are left out. */
  readonly note: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Bad rows that are named one by one. */
const MOST_TOLD = 10;

/**
 * A file, or the name of one that is known. What looks like a path is meant as one.
 *
 * @throws {UsageError} for anything else
 * @throws {DataError} when it cannot be fetched
 */
export async function findDataFile(data: string | undefined, { note, signal }: DataFileOptions): Promise<string> {
  const names = Object.keys(PUBLIC_DATA) as (keyof typeof PUBLIC_DATA)[];
  const known = names.join(", ");
  if (data === undefined) throw new UsageError(`Expected \`--data\` to be a file or one of ${known}, got none`);
  const name = names.find((one) => one === data);
  if (name === undefined || existsSync(data)) {
    if (existsSync(data) || /[/\\.]/.test(data)) return data;
    throw new UsageError(`Expected \`--data\` to be a file or one of ${known}, got \`${data}\`${didYouMean(data, names)}`);
  }
  const onFetch = (url: string) => note(`Fetching ${url}`);
  return await fetchPublicFile(PUBLIC_DATA[name], { folder: join(cacheFolder(), "data"), signal, onFetch });
}

/** What is read of a file, and how many of its rows could not be. */
export interface ToldReading<Found> {
  readonly found: Found;
  readonly badRows: number;
}

/** Reads a file, and tells of the first rows that are left out. */
export async function readTold<Found>(
  { path, isStrict, note }: Pick<RecordReading, "path" | "isStrict"> & Pick<DataFileOptions, "note">,
  read: (reading: RecordReading) => Promise<Found>,
): Promise<ToldReading<Found>> {
  let badRows = 0;
  const onBadRow: RecordReading["onBadRow"] = ({ place, reason }) => {
    badRows++;
    if (badRows <= MOST_TOLD) note(`Left out: ${place} of ${path}: ${reason}`);
  };
  const found = await read({ path, isStrict, onBadRow });
  if (badRows > MOST_TOLD) note(`${badRows - MOST_TOLD} more rows of ${path} are left out.`);
  return { found, badRows };
}

/** What is asked by the rows of the data that can be read. */
export async function readPrompts(
  { data, strict }: { readonly data: string; readonly strict?: boolean },
  finding: DataFileOptions,
): Promise<{ readonly path: string; readonly prompts: readonly (readonly Turn[])[]; readonly badRows: number }> {
  const path = await findDataFile(data, finding);
  const format = formatOf(ANY_PROMPTS, path);
  const reading = { path, isStrict: strict === true, note: finding.note };
  const { found, badRows } = await readTold(reading, (told) => readEntries(format, told));
  return { path, prompts: found.map(({ entry }) => entry.turns), badRows };
}
