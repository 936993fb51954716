import { z } from "zod";
import { evenTicks, linearAxis, logAxis } from "../../src/evaluation/plot/axis.ts";
import { drawFigure } from "../../src/evaluation/plot/figure.ts";
import type { Panel } from "../../src/evaluation/plot/panel.ts";
import type { Look, Series } from "../../src/evaluation/plot/series.ts";

const ROW = z.object({ tokens: z.number(), turns: z.number(), fpe: z.number(), heldBack: z.number() });

/** What `bench:speed --growth --out FILE` keeps, as far as it is drawn. */
export const GROWTH_RESULTS = z.array(z.object({ model: z.string(), rows: z.array(ROW) })).min(1);

export type GrowthResults = z.infer<typeof GROWTH_RESULTS>;

type Row = z.infer<typeof ROW>;

const LOOKS: readonly Look[] = [
  { tone: 4, shape: "diamond", isHollow: true },
  { tone: 3, shape: "square", isHollow: true },
  { tone: 2, shape: "triangle" },
  { tone: 1, shape: "circle" },
];

/** Flat lines are what everybody wants to see. */
export function growthFigure(results: GrowthResults): string {
  const rows = results.flatMap((result) => result.rows);
  const legend = [...new Set(rows.map(({ turns }) => turns))].map((turns, index) => ({
    turns,
    name: `${turns} earlier turns`,
    look: lookOf(index),
  }));
  const seriesOf = (figure: "fpe" | "heldBack"): Series[] =>
    legend.map(({ turns, name, look }) => {
      const points = rows.filter((row) => row.turns === turns).map((row) => ({ x: row.tokens, y: row[figure] }));
      return { name, look, points };
    });
  const plain = { y: 1, text: "plain decoding" };
  return drawFigure({
    title: "Cost as work grows: adaptive decoding, nothing flagged",
    note: results.map(({ model }) => model).join("; "),
    description: rows.map(described).join(" "),
    panels: [
      { ...panelOf("Forward tokens per emitted token", seriesOf("fpe")), reference: plain },
      panelOf("Tokens held back behind a token", seriesOf("heldBack")),
    ],
    legend,
    columns: 2,
  });
}

function lookOf(index: number): Look {
  return LOOKS[index % LOOKS.length] as Look;
}

function panelOf(title: string, series: readonly Series[]): Panel {
  const points = series.flatMap((one) => one.points);
  const lengths = [...new Set(points.map(({ x }) => x))].sort((left, right) => left - right);
  const ticks = lengths.map((value) => ({ value, text: value.toLocaleString("en") }));
  const x = logAxis("tokens in the answer (log)", ticks);
  return { title, x, y: linearAxis("tokens", evenTicks(Math.max(1, ...points.map(({ y }) => y)))), series };
}

function described({ tokens, turns, fpe, heldBack }: Row): string {
  return `${tokens} tokens behind ${turns} earlier turns: ${fpe.toFixed(2)} forward tokens per emitted token, ${heldBack.toFixed(1)} tokens held back.`;
}
