import { linearAxis } from "../plot/axis.ts";
import type { Panel } from "../plot/panel.ts";
import type { Look, Series } from "../plot/series.ts";
import { percent } from "../report/tables.ts";
import { wilson } from "../statistics.ts";
import type { JudgeScores } from "./scores.ts";

/** Charts of a few judges, who look the same in each of them. */
export interface JudgingCharts {
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
export function judgingCharts(judges: readonly JudgeScores[]): readonly JudgingCharts[] {
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
