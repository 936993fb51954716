import { extname } from "node:path";
import type { z } from "zod";
import { RainError, type Turn } from "../../core/index.ts";

/** A file of data is not what was expected. */
export class DataError extends RainError {
  /** The file. */
  readonly path: string;

  constructor(message: string, { path, ...options }: ErrorOptions & { readonly path: string }) {
    super(message, options);
    this.path = path;
  }
}

/** What one row of data asks. */
export interface Entry {
  /** The conversation that is to be answered, or whose last turn, an assistant's, is to be continued. */
  readonly turns: readonly Turn[];
  /** Which part of the data it belongs to, where results are told apart by that. @default "all" */
  readonly group?: string;
  /** What is known of right and wrong answers, for a judge that can read it. */
  readonly reference?: string;
}

/** An entry, and the number that it keeps as long as the file stays the same. */
export interface Numbered {
  readonly id: string;
  readonly entry: Entry;
}

/** A row that could not be read, and why. */
export interface BadRow {
  /** Such as "line 12". */
  readonly place: string;
  readonly reason: string;
}

export interface RecordReading {
  readonly path: string;
  /** Whether a bad row ends the reading. */
  readonly isStrict: boolean;
  /** Told of each bad row that is left out. */
  readonly onBadRow: (bad: BadRow) => void;
}

/** A record and where it begins, or what is wrong with it. */
export type RecordRow = { readonly at: number } & ({ readonly content: unknown } | { readonly fault: string });

export interface RowSource {
  /** What rows are counted in, for complaints. */
  readonly unit: "line" | "entry";
  rows(path: string): AsyncIterable<RecordRow>;
}

/** How one kind of public file is read: where its rows come from, and what a row must be. A row may ask several things. */
export interface Format {
  readonly source: RowSource;
  readonly row: z.ZodType<readonly Entry[]>;
}

/** Kinds of files, by the end of their names; each may be gzipped, and then ends in `.gz` behind that. */
const ENDINGS = ["csv", "tsv", "json", "jsonl", "txt"] as const;

/** How files are read, by the end of their names. */
export type ReaderFormats = Readonly<Partial<Record<(typeof ENDINGS)[number], Format>>>;

/**
 * How this file is read.
 *
 * @throws {DataError} for a name that ends in none of these
 */
export function formatOf(formats: ReaderFormats, path: string): Format {
  const name = path.endsWith(".gz") ? path.slice(0, -".gz".length) : path;
  const ending = ENDINGS.find((one) => `.${one}` === extname(name).toLowerCase());
  const format = ending === undefined ? undefined : formats[ending];
  if (format !== undefined) return format;
  const known = Object.keys(formats).map((one) => `.${one}`);
  throw new DataError(`Expected a file that ends in ${known.join(" or ")} (gzipped or not), got \`${path}\``, { path });
}

/**
 * All that a file asks, in its order.
 *
 * @throws {DataError} for a file in which there is nothing to ask, and for the first bad row where reading is strict
 */
export async function readEntries({ source, row }: Format, reading: RecordReading): Promise<readonly Numbered[]> {
  const { path, isStrict, onBadRow } = reading;
  const numbered: Numbered[] = [];
  const bad: BadRow[] = [];
  for await (const one of source.rows(path)) {
    const found = understand(one, row);
    if ("entries" in found) {
      numbered.push(...found.entries.map((entry, index) => ({ id: idOf(one.at, index, found.entries.length), entry })));
      continue;
    }
    const fault = { place: `${source.unit} ${one.at}`, reason: found.fault };
    if (isStrict) throw new DataError(`Expected each row of \`${path}\` to be readable, got at ${fault.place}: ${fault.reason}`, { path });
    onBadRow(fault);
    bad.push(fault);
  }
  if (numbered.length === 0) throw nothingIn(path, bad);
  return numbered;
}

function understand(one: RecordRow, schema: Format["row"]): { readonly entries: readonly Entry[] } | { readonly fault: string } {
  if ("fault" in one) return one;
  const { data, error } = schema.safeParse(one.content);
  if (error === undefined) return { entries: data };
  const [issue] = error.issues;
  const where = issue === undefined || issue.path.length === 0 ? "" : `\`${issue.path.join(".")}\`: `;
  return { fault: `${where}${issue?.message ?? "another form"}` };
}

function idOf(at: number, index: number, count: number): string {
  return count === 1 ? String(at) : `${at}.${index + 1}`;
}

function nothingIn(path: string, [first]: readonly BadRow[]): DataError {
  const found = first === undefined ? "nothing" : `only rows of another form (${first.place}: ${first.reason})`;
  return new DataError(`Expected \`${path}\` to hold something to ask, got ${found}`, { path });
}
