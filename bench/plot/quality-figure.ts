import { type Axis, linearAxis, logAxis, powersOfTen } from "../../src/evaluation/plot/axis.ts";
import { drawFigure } from "../../src/evaluation/plot/figure.ts";
import { MODE_LOOKS } from "../../src/evaluation/plot/mode-looks.ts";
import type { Panel } from "../../src/evaluation/plot/panel.ts";
import type { Look, Point, Series } from "../../src/evaluation/plot/series.ts";
import type { Cell, QualityResults } from "../quality-results.ts";

type Cells = Readonly<Record<string, Cell>>;

interface Kind {
  readonly name: string;
  readonly look: Look;
  readonly includes: (cell: string) => boolean;
}

/** In the order in which they are drawn: what matters most comes last, and so lies on top. */
const KINDS: readonly Kind[] = [
  { name: "best-of-n (n beside the mark)", look: MODE_LOOKS["best-of-n"], includes: (cell) => cell.startsWith("best-of-") },
  { name: "vanilla", look: MODE_LOOKS.vanilla, includes: (cell) => cell === "vanilla" },
  { name: "paper", look: MODE_LOOKS.paper, includes: (cell) => cell === "paper" },
  { name: "adaptive", look: MODE_LOOKS.adaptive, includes: (cell) => cell === "adaptive" },
];

const GOOD = linearAxis(
  "good answers",
  [0, 25, 50, 75, 100].map((value) => ({ value, text: `${value} %` })),
);

/** The upper left corner of a panel is where everybody wants to be. */
export function qualityFigure({ model, tasks }: QualityResults): string {
  const all = Object.entries(tasks) as [string, Cells][];
  const cells = all.flatMap(([, row]) => Object.values(row));
  const costs = cells.map(({ fpe }) => fpe);
  const cost = logAxis("forward tokens per emitted token (log)", powersOfTen(Math.max(...costs)), costs);
  const [fewest, most] = [Math.min(...cells.map(({ n }) => n)), Math.max(...cells.map(({ n }) => n))];
  const questions = fewest === most ? most : `${fewest} to ${most}`;
  return drawFigure({
    title: "Quality against cost on the small world",
    note: `${model}; ${questions} held-out questions for each mark, with 95 % intervals; up and to the left is better`,
    description: all.map(([task, row]) => described(task, row)).join(" "),
    panels: all.map(([task, row]) => panelOf(task, row, cost)),
    legend: KINDS.toReversed(),
    columns: Math.min(3, all.length),
  });
}

function panelOf(title: string, row: Cells, x: Axis): Panel {
  const series = KINDS.map(({ name, look, includes }): Series => {
    const points = Object.entries(row).flatMap(([cell, figures]) => (includes(cell) ? [pointOf(cell, figures)] : []));
    return { name, look, points: points.sort((left, right) => left.x - right.x) };
  });
  return { title, x, y: GOOD, series };
}

function pointOf(name: string, { fpe, rate, low, high, drafts }: Cell): Point {
  const point = { x: fpe, y: 100 * rate, low: 100 * low, high: 100 * high };
  if (!name.startsWith("best-of-")) return point;
  return { ...point, label: drafts === undefined ? name.replace("best-of-", "") : String(drafts) };
}

function described(task: string, row: Cells): string {
  const parts = Object.entries(row).map(([mode, { rate, fpe }]) => `${mode} ${(100 * rate).toFixed(1)} % good at ${fpe.toFixed(1)}`);
  return `${task}: ${parts.join(", ")} forward tokens per emitted token.`;
}
