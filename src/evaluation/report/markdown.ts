import { markdownTable } from "markdown-table";
import { factsOf } from "./facts.ts";
import type { Summary } from "./summary.ts";
import { tablesOf } from "./tables.ts";

export function markdownReport(summary: Summary): string {
  const { about, caveats } = summary;
  const facts = factsOf(about).map(([name, value]) => `- ${name}: ${asText(value)}`);
  const tables = tablesOf(summary).flatMap(({ title, head, rows, note }) => [
    `## ${title}`,
    markdownTable([head, ...rows].map((row) => row.map(asText))),
    note,
  ]);
  return `${[`# ${asText(about.task)}`, ...caveats.map((caveat) => `> ${asText(caveat)}`), facts.join("\n"), ...tables].join("\n\n")}\n`;
}

/** In one line, and nothing in it means anything to Markdown or to HTML within it. */
function asText(text: string): string {
  return text
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[\\`*_[\]|#]/g, "\\$&")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;");
}
