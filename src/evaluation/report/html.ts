import type { Element, ElementContent } from "hast";
import { h } from "hastscript";
import { drawAlone, drawMark } from "../plot/figure.ts";
import { MODE_LOOKS } from "../plot/mode-looks.ts";
import { STYLE as CHART_STYLE } from "../plot/style.ts";
import type { Result } from "../run/results.ts";
import { drawCaveats, drawFacts, drawTable } from "./draw.ts";
import { examplesOf } from "./examples.ts";
import { factsOf } from "./facts.ts";
import { type Charts, chartsOf } from "./figures.ts";
import { htmlPage } from "./page.ts";
import { PAGE_STYLE } from "./page-style.ts";
import type { Summary } from "./summary.ts";
import { tablesOf } from "./tables.ts";

export function htmlReport(summary: Summary, results: readonly Result[]): string {
  return htmlPage({
    title: `Evaluation: ${summary.about.task}`,
    style: `${PAGE_STYLE}${CHART_STYLE}`,
    body: [...bodyOf(summary), ...examplesOf(results)],
  });
}

function bodyOf(summary: Summary): ElementContent[] {
  return [
    ...drawCaveats(summary.caveats),
    drawFacts(factsOf(summary.about)),
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
