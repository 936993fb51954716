import type { ElementContent } from "hast";
import { h } from "hastscript";
import { linearAxis } from "../plot/axis.ts";
import { drawAlone, drawMark } from "../plot/figure.ts";
import type { Panel } from "../plot/panel.ts";
import type { Look, Series } from "../plot/series.ts";
import { STYLE as CHART_STYLE } from "../plot/style.ts";
import { drawCaveats, drawFacts, drawTable } from "../report/draw.ts";
import { htmlPage } from "../report/page.ts";
import { PAGE_STYLE } from "../report/page-style.ts";
import { percent } from "../report/tables.ts";
import { wilson } from "../statistics.ts";
import type { JudgeScores } from "./scores.ts";
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

/** Charts of a few judges, who look the same in each of them. */
interface JudgingCharts {
  readonly legend: readonly { readonly name: string; readonly look: Look }[];
  readonly charts: readonly { readonly panel: Panel; readonly description: string }[];
}

/** How the chosen judge looks, and those beside it. */
const CHOSEN: Look = { tone: 4, shape: "diamond" };
const OTHERS: readonly Look[] = [
  { tone: 2, shape: "triangle" },
  { tone: 3, shape: "square", isHollow: true },
  { tone: 1, shape: "circle" },
];

const TICKS = [0, 25, 50, 75, 100].map((value) => ({ value, text: `${value} %` }));

/** Three judges in a chart, and the chosen one in each: more lines nobody can follow. */
function judgingCharts(judges: readonly JudgeScores[]): readonly JudgingCharts[] {
  const chosen = judges.filter((judge) => judge.chosen);
  const others = judges.filter((judge) => !judge.chosen);
  const groups = Array.from({ length: Math.max(1, Math.ceil(others.length / OTHERS.length)) }, (_, index) =>
    others.slice(index * OTHERS.length, (index + 1) * OTHERS.length),
  );
  return groups.map((group) => {
    const shown = [
      ...chosen.map((judge) => ({ judge, look: CHOSEN })),
      ...group.map((judge, index) => ({ judge, look: OTHERS[index] as Look })),
    ];
    return { legend: shown.map(({ judge, look }) => ({ name: judge.name, look })), charts: [rocChart(shown), reliabilityChart(shown)] };
  });
}

type Shown = readonly { readonly judge: JudgeScores; readonly look: Look }[];

function rocChart(shown: Shown): JudgingCharts["charts"][number] {
  const series = shown.map(
    ({ judge, look }): Series => ({
      name: judge.name,
      look,
      points: judge.roc.map(({ goodFlagged, badCaught }) => ({ x: 100 * goodFlagged, y: 100 * badCaught })),
    }),
  );
  const said = shown.map(
    ({ judge }) => `${judge.name}: area ${judge.auroc.value.toFixed(2)}, ${percent(judge.caught.value)} caught at 5 %`,
  );
  return {
    panel: { title: "ROC", x: linearAxis("good answers flagged", TICKS), y: linearAxis("bad answers caught", TICKS), series },
    description: `What each threshold does. ${said.join("; ")}.`,
  };
}

function reliabilityChart(shown: Shown): JudgingCharts["charts"][number] {
  const series = shown.map(
    ({ judge, look }): Series => ({
      name: judge.name,
      look,
      points: judge.reliability.map(({ expected, observed, n }) => {
        const { low, high } = wilson(Math.round(observed * n), n);
        return { x: 100 * expected, y: 100 * observed, low: 100 * low, high: 100 * high };
      }),
    }),
  );
  const said = shown.map(({ judge }) => `${judge.name}: off by ${percent(judge.ece.value)} on average`);
  return {
    panel: { title: "Reliability", x: linearAxis("p(good), says the judge", TICKS), y: linearAxis("good answers", TICKS), series },
    description: `How often answers are good that are said to be. ${said.join("; ")}.`,
  };
}
