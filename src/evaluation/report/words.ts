/** What reports say in words, whatever they are of, and how that looks as Markdown. */
import { markdownTable } from "markdown-table";

/** What reports say in words. */
export interface ReportWords {
  readonly title: string;
  readonly caveats: readonly string[];
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly tables: readonly ReportTable[];
}

export interface ReportTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What its columns mean. */
  readonly note: string;
}

export function markdownText({ title, caveats, facts, tables }: ReportWords): string {
  const listed = facts.map(([name, value]) => `- ${name}: ${asText(value)}`);
  const drawn = tables.flatMap((table) => [
    `## ${table.title}`,
    markdownTable([table.head, ...table.rows].map((row) => row.map(asText))),
    table.note,
  ]);
  return `${[`# ${asText(title)}`, ...caveats.map((caveat) => `> ${asText(caveat)}`), listed.join("\n"), ...drawn].join("\n\n")}\n`;
}

/** In one line, and nothing in it means anything to Markdown or to HTML within it. */
function asText(text: string): string {
  return text
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[\\`*_[\]|#]/g, "\\$&")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;");
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** As people name the size of a model: 135 M, 7 B. */
export function sizeText(parameters: number): string {
  const [unit, letter] = parameters < 999.5e6 ? [1e6, "M"] : [1e9, "B"];
  const shown = parameters / unit;
  return `${shown < 9.95 ? shown.toFixed(1) : shown.toFixed(0)} ${letter}`;
}
