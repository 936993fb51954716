import type { Element, ElementContent, Root } from "hast";
import { toHtml } from "hast-util-to-html";
import { h } from "hastscript";
import { CHART_STYLE, type Chart, drawChart, drawLegend } from "./chart.ts";
import type { ReportTable, ReportWords } from "./words.ts";

/** Should anything slip through the escaping one day: no browser runs or fetches anything for this page. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

/** Narrow first: at 360 pixels everything but wide tables fits, and those move within their frames. */
const PAGE_STYLE = `
:root { color-scheme: light dark; }
body { margin: 0 auto; padding: 12px; max-width: 1180px; font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
h1 { font-size: 1.5em; line-height: 1.2; }
h2 { font-size: 1.2em; margin-top: 2em; }
dl { display: grid; grid-template-columns: fit-content(40%) minmax(0, 1fr); gap: 4px 12px; }
dt { font-weight: 600; }
dd, pre, summary, li { margin: 0; overflow-wrap: anywhere; unicode-bidi: isolate; }
pre { white-space: pre-wrap; font: inherit; padding: 8px; border-left: 3px solid GrayText; }
details { border-top: 1px solid GrayText; padding: 6px 0; }
.caveats { padding: 12px 12px 12px 28px; border: 2px solid #bc4c00; border-radius: 6px; font-weight: 600; }
.key { display: flex; flex-wrap: wrap; gap: 4px 16px; padding: 0; list-style: none; }
.charts { display: flex; flex-wrap: wrap; gap: 8px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.875em; }
th, td { padding: 4px 10px 4px 0; text-align: left; vertical-align: top; border-bottom: 1px solid GrayText; white-space: nowrap; }
`;

export interface Page {
  readonly title: string;
  /** Beside the style of all pages. */
  readonly style?: string;
  readonly body: readonly ElementContent[];
}

/** One page that needs nothing else: no scripts, no fonts, no network. What models say is text in it and nothing but. */
export function htmlPage({ title, style = "", body }: Page): string {
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
          h("style", `${PAGE_STYLE}${CHART_STYLE}${style}`),
        ]),
        h("body", [h("h1", title), ...body]),
      ]),
    ],
  };
  return `${toHtml(page)}\n`;
}

/** Charts that share a legend. */
export interface ChartGroup {
  readonly title: string;
  readonly note: string;
  /** Names of the series, in their order in each chart; none where a chart has only one. */
  readonly legend: readonly string[];
  readonly charts: readonly Chart[];
}

/** All that a report says, with charts before its tables. A group without charts is left out. */
export function reportBody({ caveats, facts, tables }: ReportWords, groups: readonly ChartGroup[]): readonly ElementContent[] {
  const warned = h(
    "ul",
    { class: "caveats" },
    caveats.map((caveat) => h("li", caveat)),
  );
  return [
    ...(caveats.length === 0 ? [] : [warned]),
    named(facts),
    ...groups.filter(({ charts }) => charts.length > 0).flatMap(drawCharts),
    ...tables.flatMap(drawTable),
  ];
}

/** A conversation; hidden until it is asked for, as it may be harmful. `asked`: what stands for it until then. */
export function hiddenAnswer(
  asked: string,
  turns: readonly (readonly [role: string, text: string])[],
  answers: readonly ElementContent[],
): Element {
  const excerpt = asked.length > EXCERPT ? `${asked.slice(0, EXCERPT)} ...` : asked;
  return h("details", [h("summary", { dir: "auto" }, excerpt), named(turns), ...answers]);
}

const EXCERPT = 120;

function named(pairs: readonly (readonly [name: string, value: string])[]): Element {
  return h(
    "dl",
    pairs.flatMap(([name, value]) => [h("dt", name), h("dd", { dir: "auto" }, value)]),
  );
}

function drawCharts({ title, note, legend, charts }: ChartGroup): readonly Element[] {
  const key = legend.length === 0 ? [] : [drawLegend(legend)];
  return [h("h2", title), h("p", note), ...key, h("div", { class: "charts" }, charts.map(drawChart))];
}

/** On a narrow screen the table moves within its frame, also by the keyboard. */
function drawTable({ title, head, rows, note }: ReportTable): readonly Element[] {
  const cells = (tag: "th" | "td", texts: readonly string[]) =>
    h(
      "tr",
      texts.map((text) => h(tag, tag === "th" ? { scope: "col" } : { dir: "auto" }, text)),
    );
  const table = h("table", [
    h("thead", cells("th", head)),
    h(
      "tbody",
      rows.map((row) => cells("td", row)),
    ),
  ]);
  return [h("h2", title), h("div", { class: "wide", role: "region", tabindex: 0, "aria-label": title }, table), h("p", note)];
}
