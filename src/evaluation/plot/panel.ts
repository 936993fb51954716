import type { Axis } from "./axis.ts";
import { drawSeries, type Series } from "./series.ts";
import { type Element, line, textAt } from "./svg.ts";

export interface Panel {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

const PLOT = { width: 230, height: 150, left: 62, right: 22, top: 34, bottom: 46 } as const;
const RIGHT = PLOT.left + PLOT.width;
const BOTTOM = PLOT.top + PLOT.height;

/** What a panel takes with its labels, in pixels. */
export const PANEL_SIZE = { width: RIGHT + PLOT.right, height: BOTTOM + PLOT.bottom } as const;

/** A panel whose upper left corner is the origin. */
export function drawPanel({ title, x, y, series }: Panel): Element[] {
  const placeOf = (across: number, up: number) => ({ x: acrossAt(x, across), y: heightAt(y, up) });
  return [
    textAt({ x: PLOT.left, y: PLOT.top - 14, class: "panel" }, title),
    ...drawHorizontal(x),
    ...drawVertical(y),
    ...series.map((one) => drawSeries(one, placeOf)),
  ];
}

function drawHorizontal(axis: Axis): Element[] {
  return [
    ...axis.ticks.flatMap(({ value, text }) => {
      const x = acrossAt(axis, value);
      return [
        line({ x, y: PLOT.top }, { x, y: BOTTOM }, "grid"),
        textAt({ x, y: BOTTOM + 17, class: "axis", "text-anchor": "middle" }, text),
      ];
    }),
    textAt({ x: PLOT.left + PLOT.width / 2, y: BOTTOM + 35, class: "axis", "text-anchor": "middle" }, axis.label),
  ];
}

function drawVertical(axis: Axis): Element[] {
  const middle = PLOT.top + PLOT.height / 2;
  return [
    ...axis.ticks.flatMap(({ value, text }) => {
      const y = heightAt(axis, value);
      return [
        line({ x: PLOT.left, y }, { x: RIGHT, y }, "grid"),
        textAt({ x: PLOT.left - 7, y: y + 4, class: "axis", "text-anchor": "end" }, text),
      ];
    }),
    line({ x: PLOT.left, y: BOTTOM }, { x: RIGHT, y: BOTTOM }, "frame"),
    textAt({ x: 14, y: middle, class: "axis", "text-anchor": "middle", transform: `rotate(-90 14 ${middle})` }, axis.label),
  ];
}

function acrossAt(axis: Axis, value: number): number {
  return PLOT.left + axis.shareOf(value) * PLOT.width;
}

function heightAt(axis: Axis, value: number): number {
  return BOTTOM - axis.shareOf(value) * PLOT.height;
}
