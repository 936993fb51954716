import type { Element, ElementContent, Root } from "hast";
import { toHtml } from "hast-util-to-html";
import { h } from "hastscript";
import { drawAlone, drawMark } from "../plot/figure.ts";
import { MODE_LOOKS } from "../plot/mode-looks.ts";
import { STYLE as CHART_STYLE } from "../plot/style.ts";
import type { Result } from "../run/results.ts";
import { examplesOf } from "./examples.ts";
import { factsOf } from "./facts.ts";
import { type Charts, chartsOf } from "./figures.ts";
import { PAGE_STYLE } from "./page-style.ts";
import type { Summary } from "./summary.ts";
import { type Table, tablesOf } from "./tables.ts";

/** Should anything slip through the escaping one day: no browser runs or fetches anything for this page. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

/** One page that needs nothing else: no scripts, no fonts, no network. What models say is text in it and nothing but. */
export function htmlReport(summary: Summary, results: readonly Result[]): string {
  const title = `Evaluation: ${summary.about.task}`;
  const page: Root = {
    type: "root",
    children: [
      { type: "doctype" },
      h("html", { lang: "en" }, [
        h("head", [
          h("meta", { charset: "utf-8" }),
          h("meta", { "http-equiv": "Content-Security-Policy", content: POLICY }),
          h("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
          h("title", title),
          h("style", `${PAGE_STYLE}${CHART_STYLE}`),
        ]),
        h("body", [h("h1", title), ...bodyOf(summary), ...examplesOf(results)]),
      ]),
    ],
  };
  return `${toHtml(page)}\n`;
}

function bodyOf(summary: Summary): ElementContent[] {
  const { about, caveats } = summary;
  return [
    ...(caveats.length === 0
      ? []
      : [
          h(
            "ul",
            { class: "caveats" },
            caveats.map((caveat) => h("li", caveat)),
          ),
        ]),
    h(
      "dl",
      factsOf(about).flatMap(([name, value]) => [h("dt", name), h("dd", { dir: "auto" }, value)]),
    ),
    ...chartsOf(summary).flatMap((charts) => drawCharts(charts, summary)),
    ...tablesOf(summary).flatMap(drawTable),
  ];
}

function drawCharts({ title, note, charts }: Charts, { about }: Summary): Element[] {
  const legend = about.modes.map((mode) => h("li", [drawMark(MODE_LOOKS[mode]), ` ${mode}`]));
  return [
    h("h2", title),
    h("p", note),
    h("ul", { class: "key" }, legend),
    h(
      "div",
      { class: "charts" },
      charts.map(({ panel, description }) => drawAlone(panel, description)),
    ),
  ];
}

/** On a narrow screen the table moves within its frame, also by the keyboard. */
function drawTable({ title, head, rows, note }: Table): Element[] {
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
