/** Where rows come from: a file as a sequence of records, whatever they mean. */
import { type FileHandle, open } from "node:fs/promises";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { type CsvError, type Options, parse } from "csv-parse";
import split from "split2";
import { DataError, type RecordRow, type RowSource } from "./reader.ts";

/** One text a line; empty lines are none. */
export const textLines: RowSource = { unit: "line", rows: linesOf };

/** One JSON value a line. */
export const jsonLines: RowSource = {
  unit: "line",
  async *rows(path) {
    for await (const { at, content } of linesOf(path)) yield { at, ...parsed(content) };
  },
};

/** One list in JSON. */
export const jsonList: RowSource = {
  unit: "entry",
  async *rows(path) {
    const whole = parsed(await wholeText(path));
    if ("fault" in whole) throw new DataError(`Expected \`${path}\` to be JSON, got: ${whole.fault}`, { path });
    if (!Array.isArray(whole.content)) throw new DataError(`Expected \`${path}\` to be a list, got another JSON value`, { path });
    yield* whole.content.map((content: unknown, index) => ({ at: index + 1, content }));
  },
};

/** Records with names: the first row says which, and those of one of these tables have to be among them. */
export function namedColumns(tables: readonly (readonly string[])[]): RowSource {
  return {
    unit: "line",
    rows: (path) => recordsOf(path, { columns: (header: readonly string[]) => checkHeader(path, header, tables) }),
  };
}

/** Fields between tabs, in which a quotation mark is a character like any other. */
export function tabbedColumns(names: readonly string[]): RowSource {
  return { unit: "line", rows: (path) => recordsOf(path, { columns: [...names], delimiter: "\t", quote: null }) };
}

/** The longest line or row that is read, in characters: more than any real one, and little enough to wait for. */
const LONGEST_ROW = 4 * 1024 * 1024;

/** The longest list in JSON, which is read as a whole. */
const LONGEST_LIST = 64 * 1024 * 1024;

async function* linesOf(path: string): AsyncGenerator<{ readonly at: number; readonly content: string }, void, void> {
  let at = 0;
  // Not `node:readline`: it also ends lines at U+2028, which JSON may hold within a string.
  const lines = pipeline(Readable.from(textOf(path)), split({ maxLength: LONGEST_ROW }), () => undefined);
  try {
    for await (const content of lines as AsyncIterable<string>) {
      at++;
      if (content.trim() !== "") yield { at, content };
    }
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw tooLong(path, at + 1, cause);
  }
}

async function* recordsOf(path: string, options: Options): AsyncGenerator<RecordRow, void, void> {
  const faults: RecordRow[] = [];
  const onSkip = (error: CsvError | undefined): undefined => {
    if (error?.code === "CSV_MAX_RECORD_SIZE") throw tooLong(path, lineOf(error), error);
    faults.push({ at: lineOf(error), fault: error?.message ?? "no record" });
  };
  const parser = parse({ ...options, ...TOLERANT, on_skip: onSkip });
  const text = Readable.from(withLineFeeds(textOf(path)));
  for await (const { info, raw, record } of pipeline(text, parser, () => undefined) as AsyncIterable<Parsed>) {
    const at = firstLine(info.lines, raw);
    // The parser is ahead of the reader of its records.
    while (faults[0] !== undefined && faults[0].at < at) yield faults.shift() as RecordRow;
    yield { at, content: record };
  }
  yield* faults;
}

/** A row that cannot be read is told, and does not end the reading. */
const TOLERANT = { info: true, raw: true, skip_empty_lines: true, skip_records_with_error: true, max_record_size: LONGEST_ROW } as const;

interface Parsed {
  readonly info: { readonly lines: number };
  readonly raw: string;
  readonly record: unknown;
}

function lineOf(error: CsvError | undefined): number {
  return Number(error?.["lines"] ?? 0);
}

/** Where a record begins that ends in this line. Behind its text there is a line break, and before it empty lines may be left. */
function firstLine(last: number, raw: string): number {
  return last - (raw.trim().match(/\n/g) ?? []).length;
}

/** `\r\n` would count as two lines within quotation marks. */
async function* withLineFeeds(text: AsyncIterable<string>): AsyncGenerator<string, void, void> {
  let held = "";
  for await (const part of text) {
    const whole = held + part;
    held = whole.endsWith("\r") ? "\r" : "";
    yield whole.slice(0, whole.length - held.length).replaceAll("\r\n", "\n");
  }
  yield held;
}

function checkHeader(path: string, header: readonly string[], tables: readonly (readonly string[])[]): string[] {
  if (tables.some((needed) => needed.every((name) => header.includes(name)))) return [...header];
  const known = tables.map((needed) => needed.join(", ")).join(" or ");
  throw new DataError(`Expected \`${path}\` to have the columns ${known}, got ${header.join(", ").slice(0, 200)}`, { path });
}

async function wholeText(path: string): Promise<string> {
  let text = "";
  for await (const part of textOf(path)) {
    text += part;
    if (text.length > LONGEST_LIST)
      throw new DataError(`Expected \`${path}\` to be at most ${LONGEST_LIST} characters of JSON, got more`, { path });
  }
  return text;
}

function parsed(text: string): { readonly content: unknown } | { readonly fault: string } {
  try {
    return { content: JSON.parse(text) as unknown };
  } catch (error) {
    return { fault: (error as SyntaxError).message };
  }
}

function tooLong(path: string, line: number, cause: unknown): DataError {
  return new DataError(`Expected line ${line} of \`${path}\` to be at most ${LONGEST_ROW} characters long, got more`, { path, cause });
}

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

/** With these two bytes a gzip file begins, whatever it is called. */
const GZIP = [0x1f, 0x8b] as const;

async function bytesOf(path: string): Promise<AsyncIterable<Uint8Array>> {
  const file = await open(path);
  const isGzip = await beginsWith(file, GZIP);
  const bytes = file.createReadStream({ start: 0 });
  // The reader gets each error from the stream: the callback has nothing to add.
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
