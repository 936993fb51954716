import { extname } from "node:path";
import { DataError } from "../data-error.ts";
import type { Format } from "./reader.ts";

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
