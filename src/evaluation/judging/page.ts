import type { ElementContent } from "hast";
import { h } from "hastscript";
import { drawAlone, drawMark } from "../plot/figure.ts";
import { STYLE as CHART_STYLE } from "../plot/style.ts";
import { drawCaveats, drawFacts, drawTable } from "../report/draw.ts";
import { htmlPage } from "../report/page.ts";
import { PAGE_STYLE } from "../report/page-style.ts";
import { type JudgingCharts, judgingCharts } from "./charts.ts";
import type { JudgingSummary } from "./summary.ts";
import { judgingWords } from "./words.ts";

/**
 * The report as one page that needs nothing else.
 *
 * @param date on which it was measured, as people read it
 */
export function judgingPage(summaries: readonly JudgingSummary[], date: string): string {
  const [only] = summaries;
  const title = summaries.length === 1 && only !== undefined ? judgingWords(only).title : "Judges of several models";
  const body = summaries.flatMap((summary) => [
    ...(summaries.length > 1 ? [h("h2", judgingWords(summary).title)] : []),
    ...sectionOf(summary, date),
  ]);
  return htmlPage({ title, style: `${PAGE_STYLE}${CHART_STYLE}`, body });
}

function sectionOf(summary: JudgingSummary, date: string): readonly ElementContent[] {
  const { caveats, facts, tables } = judgingWords(summary);
  return [
    ...drawCaveats(caveats),
    drawFacts([...facts, ["date", date]]),
    h("h2", "Curves"),
    h("p", "A judge that guesses lies on the diagonal of the left chart; one whose probabilities are true on that of the right one."),
    ...judgingCharts(summary.judges).flatMap(drawCharts),
    ...tables.flatMap(drawTable),
  ];
}

function drawCharts({ legend, charts }: JudgingCharts): readonly ElementContent[] {
  return [
    h(
      "ul",
      { class: "key" },
      legend.map(({ name, look }) => h("li", [drawMark(look), ` ${name}`])),
    ),
    h(
      "div",
      { class: "charts" },
      charts.map(({ panel, description }) => drawAlone(panel, description)),
    ),
  ];
}
