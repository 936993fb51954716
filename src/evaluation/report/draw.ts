import type { Element } from "hast";
import { h } from "hastscript";
import type { ReportTable } from "./tables.ts";

/** What a reader must know before any number. */
export function drawCaveats(caveats: readonly string[]): readonly Element[] {
  if (caveats.length === 0) return [];
  return [
    h(
      "ul",
      { class: "caveats" },
      caveats.map((caveat) => h("li", caveat)),
    ),
  ];
}

/** Names and values. */
export function drawFacts(facts: readonly (readonly [name: string, value: string])[]): Element {
  return h(
    "dl",
    facts.flatMap(([name, value]) => [h("dt", name), h("dd", { dir: "auto" }, value)]),
  );
}

/** On a narrow screen the table moves within its frame, also by the keyboard. */
export function drawTable({ title, head, rows, note }: ReportTable): Element[] {
  const cells = rows.map((row) =>
    h(
      "tr",
      row.map((text) => h("td", { dir: "auto" }, text)),
    ),
  );
  const table = h("table", [
    h(
      "thead",
      h(
        "tr",
        head.map((text) => h("th", { scope: "col" }, text)),
      ),
    ),
    h("tbody", cells),
  ]);
  return [h("h2", title), h("div", { class: "wide", role: "region", tabindex: 0, "aria-label": title }, table), h("p", note)];
}
