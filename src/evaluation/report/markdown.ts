import { markdownTable } from "markdown-table";
import { factsOf } from "./facts.ts";
import type { Summary } from "./summary.ts";
import { type ReportTable, tablesOf } from "./tables.ts";

export function markdownReport(summary: Summary): string {
  const { about, caveats } = summary;
  return markdownText({ title: about.task, caveats, facts: factsOf(about), tables: tablesOf(summary) });
}

/** What reports say in words. */
export interface ReportWords {
  readonly title: string;
  readonly caveats: readonly string[];
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly tables: readonly ReportTable[];
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
