import type { ElementContent } from "hast";
import { h } from "hastscript";
import { drawAlone, drawMark } from "../plot/figure.ts";
import { STYLE as CHART_STYLE } from "../plot/style.ts";
import { drawCaveats, drawFacts, drawTable } from "../report/draw.ts";
import { htmlPage } from "../report/page.ts";
import { PAGE_STYLE } from "../report/page-style.ts";
import { SHIFT_LOOKS, shiftCharts } from "./charts.ts";
import { colouredAnswers } from "./coloured.ts";
import { SHIFTS } from "./place.ts";
import type { ShiftedRow, ShiftRow } from "./rows.ts";
import type { ShiftSummary } from "./summary.ts";
import { shiftWords } from "./words.ts";

/** Each kind of token differs in colour and in its line. What is known of a token stands at the foot of the window while it is focused. */
const STYLE = `
.answer { white-space: pre-wrap; overflow-wrap: anywhere; padding: 8px; border-left: 3px solid GrayText; line-height: 1.9; }
.token { unicode-bidi: isolate; }
.marginal, .shifted { text-underline-offset: 3px; border-radius: 3px; }
.marginal { background: rgb(10 90 212 / 16%); text-decoration: underline dotted 2px; }
.shifted { background: rgb(188 76 0 / 30%); text-decoration: underline solid 3px; }
.token:focus { outline: 2px solid; }
.token:focus::after { content: attr(title); position: fixed; inset: auto 0 0 0; padding: 12px; background: Canvas; color: CanvasText;
  border-top: 2px solid; line-height: 1.4; overflow-wrap: anywhere; }
`;

/**
 * The report as one page that needs nothing else.
 *
 * @param date on which it was measured, as people read it
 */
export function shiftPage(summary: ShiftSummary, rows: readonly ShiftRow[], date: string): string {
  const { title, caveats, facts, tables } = shiftWords(summary);
  const answers = rows.filter((row): row is ShiftedRow => "tokens" in row);
  return htmlPage({
    title,
    style: `${PAGE_STYLE}${CHART_STYLE}${STYLE}`,
    body: [
      ...drawCaveats(caveats),
      drawFacts([...facts, ["date", date]]),
      ...drawCharts(summary),
      ...tables.flatMap(drawTable),
      ...colouredAnswers(answers),
    ],
  });
}

function drawCharts(summary: ShiftSummary): readonly ElementContent[] {
  const charts = shiftCharts(summary);
  if (charts.length === 0) return [];
  const legend = SHIFTS.map((shift) => h("li", [drawMark(SHIFT_LOOKS[shift]), ` ${shift}`]));
  return [
    h("h2", "Along the answers"),
    h("p", "Each mark stands for a bin of positions, with its 95 % interval; the bins double."),
    h("ul", { class: "key" }, legend),
    h(
      "div",
      { class: "charts" },
      charts.map(({ panel, description }) => drawAlone(panel, description)),
    ),
  ];
}
