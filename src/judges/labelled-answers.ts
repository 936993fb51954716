import type { z } from "zod";
import { complaint, type Example, OptionError } from "../core/index.ts";
import { textOf } from "../evaluation/readers/index.ts";
import { brokenLine, FORMATS, fault, type Head, OWN_LINE, REVIEW_PROMPT, type RowFormat } from "./label-formats.ts";

/** An answer of a known verdict. Its last turn is the assistant's. */
export interface LabelledAnswer extends Example {
  readonly verdict: "good" | "bad";
  /** What kind of answer or request it is, for reports. */
  readonly kind?: string;
  /** How much it counts in a fit. What counts less than 1 is learned from, and not measured on. Range (0, 1]. @default 1 */
  readonly weight?: number;
}

/** A form of rows that labelled answers come in. */
export type LabelFormat = keyof typeof FORMATS;

export interface LabelOptions {
  /** What complaints call the text: its file. */
  readonly name: string;
  /** @default found from the first rows */
  readonly format?: LabelFormat | undefined;
  /** Whether more of them are to come: then a few are enough, and they may all be of one verdict. @default false */
  readonly isPart?: boolean;
}

export interface LabelFileOptions extends Pick<LabelOptions, "format"> {
  /** A file that is longer once it is unpacked is refused. @default 200 MiB */
  readonly mostBytes?: number;
}

/** Fewer answers than this tell nothing about a judge. */
const FEWEST = 8;

const MOST_BYTES = 200 * 1024 * 1024;

/**
 * What an answer answers, as a key: answers of one key are never parted when some are learned from and others asked about. Where
 * there is no prompt, or all of a file has the same one ("Write a review."), each text is a key of its own.
 */
export function promptKey({ turns }: Example): string {
  const asked = turns.slice(0, -1);
  const isAsked = asked.some(({ role, text }) => role === "user" && text.trim() !== "" && text !== REVIEW_PROMPT);
  return JSON.stringify((isAsked ? asked : turns).map(({ role, text }) => [role, text]));
}

/**
 * All labelled answers of a text, in its order. Every row is read or complained about; left out is only what says nothing: partial refusals
 * (XSTest), and answers of models that are empty (XSTest, BeaverTails, preference pairs), as a few published ones are. What is gzipped is
 * unpacked by the caller, or read by `readLabelledFile`.
 *
 * @throws {DataError} for a text that is empty or of no known format, a row of another form (with its line), fewer than 8 answers, and
 * answers of one verdict only
 * @throws {OptionError} for an unknown `format`
 */
export function readLabelledAnswers(text: string, { name, format, isPart = false }: LabelOptions): LabelledAnswer[] {
  const content = text.replace(/^\ufeff/, "").replaceAll("\r\n", "\n");
  if (content.trim() === "") throw fault(name, "to hold labelled answers", `an empty file (write one answer a line: ${OWN_LINE})`);
  const { form, rows, row } = formatOf(content, { name, format });
  const read = rows(content, name).flatMap(({ at, content: one }) => {
    const { data, error } = row.safeParse(one);
    if (data === undefined) throw brokenLine({ name, at }, form, reasonOf(error));
    return data;
  });
  const answers = read.filter(({ turns }) => turns.at(-1)?.text !== "");
  if (!isPart) checkEnough(answers, name);
  return answers;
}

/**
 * All labelled answers of a file, which may be gzipped, whatever it is called.
 *
 * @throws {DataError} as `readLabelledAnswers`, and for a file that cannot be read, is no UTF-8, or holds more than 200 MiB
 */
export async function readLabelledFile(path: string, options: LabelFileOptions = {}): Promise<LabelledAnswer[]> {
  const { format, mostBytes = MOST_BYTES } = options;
  let text = "";
  let bytes = 0;
  for await (const part of textOf(path)) {
    bytes += Buffer.byteLength(part);
    if (bytes > mostBytes) throw fault(path, `to hold at most ${mostBytes} bytes of text`, "more (take a part of it)");
    text += part;
  }
  return readLabelledAnswers(text, { name: path, format });
}

/** The names of all formats. */
export const LABEL_FORMATS = Object.keys(FORMATS) as readonly LabelFormat[];

function formatOf(text: string, { name, format }: LabelOptions): RowFormat {
  if (format !== undefined) {
    if (Object.hasOwn(FORMATS, format)) return FORMATS[format];
    throw new OptionError("format", complaint("format", `one of ${LABEL_FORMATS.join(", ")}`, format), format);
  }
  const head = headOf(text);
  const found = Object.values<RowFormat>(FORMATS).find(({ detect }) => detect(head));
  if (found !== undefined) return found;
  // A row that is broken is more than one of an unknown form.
  if (head.line.startsWith("{") && head.records.length === 0) return FORMATS.own;
  const known = Object.values(FORMATS).map(({ form }) => form);
  const begun = head.line.length > 100 ? `${head.line.slice(0, 100)}...` : head.line;
  const place = text.slice(0, text.indexOf(head.line)).split("\n").length;
  const advice = `write one answer a line: ${OWN_LINE}`;
  throw fault(name, `to begin with a known format: ${known.join("; ")}`, `at line ${place}: ${begun} (${advice})`);
}

/** Rows in which a format is looked for. */
const HEAD_ROWS = 10;

function headOf(text: string): Head {
  const lines = text
    .split("\n", HEAD_ROWS * 10)
    .filter((line) => line.trim() !== "")
    .slice(0, HEAD_ROWS);
  const records = lines.map(parsed).filter((one) => typeof one === "object" && one !== null && !Array.isArray(one));
  return { line: lines[0] ?? text.trimStart().split("\n", 1).join(""), records: records as readonly object[] };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function checkEnough(answers: readonly LabelledAnswer[], name: string): void {
  const good = answers.filter(({ verdict }) => verdict === "good").length;
  const bad = answers.length - good;
  if (answers.length < FEWEST) throw fault(name, `to hold at least ${FEWEST} labelled answers`, `${answers.length} (label more)`);
  if (good > 0 && bad > 0) return;
  const found = good > 0 ? `${good} good and no bad ones` : `${bad} bad and no good ones`;
  throw fault(name, "to hold good and bad answers", `${found} (add some of the other kind, or look at its labels)`);
}

function reasonOf({ issues: [issue] }: z.ZodError): string {
  const where = issue === undefined || issue.path.length === 0 ? "" : `\`${issue.path.join(".")}\`: `;
  return `${where}${issue?.message ?? "another form"}`;
}
