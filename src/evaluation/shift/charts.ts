import { type Axis, evenTicks, linearAxis, logAxis } from "../plot/axis.ts";
import type { Panel } from "../plot/panel.ts";
import type { Look } from "../plot/series.ts";
import { percent } from "../report/tables.ts";
import { SHIFTS, type Shift } from "./place.ts";
import type { PositionBin, ShiftSummary } from "./summary.ts";
import { nats } from "./words.ts";

/** How each kind of token looks in a chart. */
export const SHIFT_LOOKS: Readonly<Record<Shift, Look>> = {
  unshifted: { tone: 4, shape: "circle" },
  marginal: { tone: 3, shape: "square", isHollow: true },
  shifted: { tone: 2, shape: "diamond" },
};

/** A chart, and what it says for those who do not see it. */
export interface Chart {
  readonly panel: Panel;
  readonly description: string;
}

const PERCENT = linearAxis(
  "share of the tokens",
  [0, 25, 50, 75, 100].map((value) => ({ value, text: `${value} %` })),
);

/** What is shifted, and how far, along the answers; none where nothing was said. */
export function shiftCharts({ positions }: ShiftSummary): readonly Chart[] {
  if (positions.length === 0) return [];
  const x = positionAxis(positions);
  return [shareChart(positions, x), divergenceChart(positions, x)];
}

function shareChart(positions: readonly PositionBin[], x: Axis): Chart {
  const series = SHIFTS.map((shift) => ({
    name: shift,
    look: SHIFT_LOOKS[shift],
    points: positions.map((bin) => {
      const { rate, low, high } = bin.shares[shift];
      return { x: middleOf(bin), y: 100 * rate, low: 100 * low, high: 100 * high };
    }),
  }));
  const said = positions.map(
    (bin) => `${placesOf(bin)}: ${SHIFTS.map((shift) => `${percent(bin.shares[shift].rate)} ${shift}`).join(", ")}`,
  );
  return { panel: { title: "Shares", x, y: PERCENT, series }, description: `Shares by position. ${said.join("; ")}.` };
}

/** A divergence of nothing would have no axis. */
const LEAST_NATS = 0.01;

function divergenceChart(positions: readonly PositionBin[], x: Axis): Chart {
  const known = positions.flatMap((bin) => (bin.kl === undefined ? [] : [{ x: middleOf(bin), y: bin.kl }]));
  const y = linearAxis("mean KL, nats", evenTicks(Math.max(LEAST_NATS, ...known.map((point) => point.y))));
  const said = positions.map((bin) => `${placesOf(bin)}: ${nats(bin.kl)}`);
  const panel = { title: "KL(aligned || base)", x, y, series: [{ name: "KL", look: SHIFT_LOOKS.shifted, points: known }] };
  return { panel, description: `Mean KL by position, in nats. ${said.join("; ")}.` };
}

function positionAxis(positions: readonly PositionBin[]): Axis {
  const last = positions.at(-1)?.last ?? 1;
  // From about here on every second power has room for its number.
  const step = last > 64 ? 4 : 2;
  const powers = Array.from({ length: Math.floor(Math.log(last) / Math.log(step)) + 1 }, (_, power) => step ** power);
  return logAxis(
    "position in the answer (log)",
    powers.map((value) => ({ value, text: String(value) })),
    positions.map(middleOf),
  );
}

/** On an axis of factors. */
function middleOf({ first, last }: PositionBin): number {
  return Math.sqrt(first * last);
}

function placesOf({ first, last }: PositionBin): string {
  return first === last ? `token ${first}` : `tokens ${first} to ${last}`;
}
