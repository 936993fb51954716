import { z } from "zod";
import type { Cell, QualityResults } from "../quality-results.ts";
import { drawFigure, type Mark, type Panel } from "./figure.ts";

type Cells = Readonly<Record<string, Cell>>;

/** In the order in which they are drawn. */
const KINDS = ["vanilla", "best-of-n (n beside the mark)", "paper", "adaptive"] as const;

export function qualityFigure({ model, tasks }: QualityResults): string {
  const all = Object.entries(tasks) as [string, Cells][];
  const cells = all.flatMap(([, row]) => Object.values(row));
  const [fewest, most] = rangeOf(cells.map(({ n }) => n));
  const [least, dearest] = rangeOf([1, 10, ...cells.map(({ fpe }) => fpe)]);
  const x: Panel["x"] = {
    label: "forward tokens per emitted token (log)",
    domain: [least / ROOM, dearest * ROOM],
    ticks: [1, 10, 100, 1000].filter((power) => power <= dearest),
  };
  return drawFigure({
    title: "Quality against cost on the small world",
    note: `${model}; ${fewest === most ? most : `${fewest} to ${most}`} held-out questions for each mark, with 95 % intervals; up and to the left is better`,
    description: all.map(([task, row]) => describedTask(task, row)).join(" "),
    series: KINDS,
    panels: all.map(([title, row]) => ({
      title,
      x,
      y: { label: "good answers, %", most: 100 },
      marks: Object.entries(row).flatMap(([name, cell]) => markOf(name, cell)),
    })),
    columns: Math.min(3, all.length),
  });
}

/** How far an axis of factors goes on behind its first and last value. */
const ROOM = 1.3;

function markOf(cell: string, { fpe, rate, low, high, drafts }: Cell): readonly Mark[] {
  const isBest = cell.startsWith("best-of-");
  const name = isBest ? KINDS[1] : KINDS.find((kind) => kind === cell);
  if (name === undefined) return [];
  const label = String(drafts ?? cell.replace("best-of-", ""));
  return [{ name, x: fpe, y: 100 * rate, low: 100 * low, high: 100 * high, ...(isBest ? { label } : {}) }];
}

function describedTask(task: string, row: Cells): string {
  const parts = Object.entries(row).map(([mode, { rate, fpe }]) => `${mode} ${(100 * rate).toFixed(1)} % good at ${fpe.toFixed(1)}`);
  return `${task}: ${parts.join(", ")} forward tokens per emitted token.`;
}

const ROW = z.object({ tokens: z.number(), turns: z.number(), fpe: z.number(), heldBack: z.number() });

/** What `bench:speed --growth --out FILE` keeps, as far as it is drawn. */
export const GROWTH_RESULTS = z.array(z.object({ model: z.string(), rows: z.array(ROW) })).min(1);

export type GrowthResults = z.infer<typeof GROWTH_RESULTS>;

/** The flatter a line, the less does the cost of a token depend on how much was written before it. */
export function growthFigure(results: GrowthResults): string {
  const rows = results.flatMap((result) => result.rows);
  const nameOf = (turns: number) => `${turns} earlier turns`;
  const lengths = [...new Set(rows.map(({ tokens }) => tokens))];
  const [shortest, longest] = rangeOf(lengths);
  const panelOf = (title: string, figure: "fpe" | "heldBack"): Panel => ({
    title,
    x: { label: "tokens in the answer (log)", domain: [shortest / ROOM, longest * ROOM], ticks: lengths },
    y: { label: "tokens", most: 1.2 * Math.max(1, ...rows.map((row) => row[figure])) },
    marks: rows.map((row) => ({ name: nameOf(row.turns), x: row.tokens, y: row[figure] })),
  });
  return drawFigure({
    title: "Cost as work grows: adaptive decoding, nothing flagged",
    note: results.map(({ model }) => model).join("; "),
    description: rows.map(describedRow).join(" "),
    series: [...new Set(rows.map(({ turns }) => nameOf(turns)))],
    panels: [
      { ...panelOf("Forward tokens per emitted token", "fpe"), reference: { y: 1, text: "plain decoding" } },
      panelOf("Tokens held back behind a token", "heldBack"),
    ],
    columns: 2,
  });
}

function describedRow({ tokens, turns, fpe, heldBack }: z.infer<typeof ROW>): string {
  return `${tokens} tokens behind ${turns} earlier turns: ${fpe.toFixed(2)} forward tokens per emitted token, ${heldBack.toFixed(1)} tokens held back.`;
}

function rangeOf(values: readonly number[]): readonly [number, number] {
  return [Math.min(...values), Math.max(...values)];
}
