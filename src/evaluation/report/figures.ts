import { type Axis, linearAxis, logAxis, powersOfTen, type Tick } from "../plot/axis.ts";
import { MODE_LOOKS } from "../plot/mode-looks.ts";
import type { Panel } from "../plot/panel.ts";
import type { Point } from "../plot/series.ts";
import { type Cell, groupedBy } from "./cells.ts";
import { sizeText } from "./model-size.ts";
import type { Summary } from "./summary.ts";
import { shown } from "./tables.ts";

/** A chart, and what it says for those who do not see it. */
export interface Chart {
  readonly panel: Panel;
  readonly description: string;
}

export interface Charts {
  readonly title: string;
  readonly note: string;
  readonly charts: readonly Chart[];
}

const PERCENT = linearAxis(
  "share of the answers",
  [0, 25, 50, 75, 100].map((value) => ({ value, text: `${value} %` })),
);

const GRADES = linearAxis(
  "mean grade",
  [1, 2, 3, 4, 5].map((value) => ({ value, text: String(value) })),
);

/** What was judged at all. */
type Judged = Cell & { readonly estimate: NonNullable<Cell["estimate"]> };

export function chartsOf(summary: Summary): readonly Charts[] {
  const judged = summary.cells.filter((cell): cell is Judged => cell.estimate !== undefined);
  return [qualityCharts(summary, judged), sizeCharts(summary, judged)].filter(({ charts }) => charts.length > 0);
}

/** For each model, group and measure: what each mode reaches, and what it takes. */
function qualityCharts({ spendings }: Summary, judged: readonly Judged[]): Charts {
  const costOf = (cell: Cell) =>
    spendings.find(({ model, group, mode }) => model === cell.model && group === cell.group && mode === cell.mode)?.fpe ?? 1;
  const costs = judged.map(costOf);
  const cost = logAxis("forward tokens per emitted token (log)", powersOfTen(Math.max(1, ...costs)), costs);
  const rows = groupedBy(judged, ({ model, group, measure }) => JSON.stringify([model, group, measure]));
  return {
    title: "Quality against cost",
    note: "Each mark is a mode, with its 95 % interval. Cost grows to the right.",
    charts: [...rows.values()].map((cells) =>
      chartOf(cells, { x: cost, xOf: costOf, xText: (tokens) => tokens.toFixed(1), names: ({ model, group }) => [model, group] }),
    ),
  };
}

/** For each group and measure: what each mode reaches on models of different sizes. */
function sizeCharts({ about }: Summary, judged: readonly Judged[]): Charts {
  const sizes = [...new Set(about.models.map(({ parameters }) => parameters))].toSorted((left, right) => left - right);
  const ticks: readonly Tick[] = sizes.map((value) => ({ value, text: sizeText(value) }));
  const size = logAxis("parameters of the model (log)", ticks);
  const sizeOf = (cell: Cell) => about.models.find(({ label }) => label === cell.model)?.parameters ?? 1;
  const rows = about.models.length < 2 ? new Map() : groupedBy(judged, ({ group, measure }) => JSON.stringify([group, measure]));
  return {
    title: "Models of different sizes",
    note: "Each line is a mode.",
    charts: [...rows.values()].map((cells) => chartOf(cells, { x: size, xOf: sizeOf, xText: sizeText, names: ({ group }) => [group] })),
  };
}

interface Across {
  readonly x: Axis;
  readonly xOf: (cell: Cell) => number;
  readonly xText: (value: number) => string;
  /** What a chart is called after, beside its measure. */
  readonly names: (cell: Cell) => readonly string[];
}

function chartOf(cells: readonly Judged[], { x, xOf, xText, names }: Across): Chart {
  const [first] = cells as [Judged];
  const title = [...names(first).filter((name) => name !== "all"), first.measure].join(", ");
  const series = [...groupedBy(cells, ({ mode }) => mode).values()].map((members) => {
    const [{ mode }] = members as [Judged];
    const points = members.map((cell) => pointOf(cell, xOf(cell))).toSorted((left, right) => left.x - right.x);
    return { name: mode, look: MODE_LOOKS[mode], points };
  });
  const said = cells.map((cell) => `${cell.model}, ${cell.mode}: ${shown(cell, cell.estimate.mean)} at ${xText(xOf(cell))}`);
  const isGraded = first.kind === "grade";
  return { panel: { title: shortened(title), x, y: isGraded ? GRADES : PERCENT, series }, description: `${title}. ${said.join("; ")}.` };
}

function pointOf({ kind, estimate }: Judged, x: number): Point {
  const scale = kind === "grade" ? 1 : 100;
  return { x, y: scale * estimate.mean, low: scale * estimate.low, high: scale * estimate.high };
}

/** What stands above a panel without reaching into the next one. */
function shortened(title: string): string {
  return title.length > 36 ? `${title.slice(0, 35)}…` : title;
}
