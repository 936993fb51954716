/** Charts of points, lines and labels, drawn by hand so that a page needs no script and the command no DOM; `bench` has a library for more. */
import type { Element } from "hast";
import { h, s } from "hastscript";

export interface Chart {
  readonly title: string;
  /** All that it shows, for those who do not see it. */
  readonly description: string;
  readonly x: Axis;
  readonly y: Axis;
  /** Four at most: they differ in colour and in shape by their place in this list. */
  readonly series: readonly Series[];
}

export interface Axis {
  readonly label: string;
  readonly ticks: readonly Tick[];
  /** Equal factors are equal lengths. */
  readonly isLog?: boolean;
}

export interface Tick {
  readonly value: number;
  readonly text: string;
}

export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
  /** Where `y` lies with 95 % confidence. */
  readonly low?: number;
  readonly high?: number;
}

/** Of shares from 0 to 1. */
export function percentAxis(label: string): Axis {
  return { label, ticks: [0, 0.25, 0.5, 0.75, 1].map((value) => ({ value, text: `${100 * value} %` })) };
}

/** 1 and the powers of `base`, as far as they are reached; `base` at least. */
export function powersUpTo(most: number, base: number): readonly Tick[] {
  const last = Math.max(1, Math.floor(Math.log(most) / Math.log(base) + 1e-9));
  return Array.from({ length: last + 1 }, (_, power) => ({ value: base ** power, text: (base ** power).toLocaleString("en") }));
}

/** From 0 in steps of 1, 2 or 5 times a power of ten, about four of them, up to the first that is not exceeded. */
export function evenTicks(most: number): readonly Tick[] {
  const power = 10 ** Math.floor(Math.log10(most / 4));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= most / 4) ?? 10);
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, index) => index * step).map((value) => ({
    value,
    text: String(Number(value.toPrecision(6))),
  }));
}

/** What stands for a series, in the legend as in the chart. */
const SIGNS = ["●", "▲", "■", "◆"] as const;

/** The tones keep apart for all kinds of colour vision, and each has a contrast of 3 and more, on a light page and on a dark one. */
export const CHART_STYLE = `
.tone-1 { color: light-dark(#6e7781, #9ea7b3); }
.tone-2 { color: light-dark(#bc4c00, #f0883e); }
.tone-3 { color: light-dark(#0a5ad4, #6cb0ff); }
.tone-4 { color: light-dark(#116b3a, #4ac26b); }
svg { max-width: 100%; height: auto; fill: currentColor; font-size: 12px; }
svg line { stroke: GrayText; stroke-width: 0.5; }
svg path, svg .interval { fill: none; stroke: currentColor; stroke-width: 1.5; }
svg path { opacity: 0.55; }
`;

/** What the signs mean. */
export function drawLegend(names: readonly string[]): Element {
  return h(
    "ul",
    { class: "key" },
    names.map((name, index) => h("li", [h("span", { class: toneOf(index), "aria-hidden": "true" }, SIGNS[index]), ` ${name}`])),
  );
}

const SIZE = { width: 314, height: 230 } as const;
const PLOT = { left: 62, right: 292, top: 34, bottom: 184 } as const;

export function drawChart({ title, description, x, y, series }: Chart): Element {
  const points = series.flatMap((one) => one.points);
  const across = scaleOf(
    x,
    points.map((point) => point.x),
    [PLOT.left, PLOT.right],
  );
  const up = scaleOf(y, [], [PLOT.bottom, PLOT.top]);
  const middle = { x: (PLOT.left + PLOT.right) / 2, y: (PLOT.top + PLOT.bottom) / 2 };
  return s("svg", { viewBox: `0 0 ${SIZE.width} ${SIZE.height}`, ...SIZE, role: "img" }, [
    s("title", description),
    write(title, PLOT.left, PLOT.top - 14, { "text-anchor": "start", "font-weight": "600" }),
    ...x.ticks.flatMap(({ value, text }) => [
      line(across(value), PLOT.top, across(value), PLOT.bottom),
      write(text, across(value), PLOT.bottom + 17),
    ]),
    ...y.ticks.flatMap(({ value, text }) => [
      line(PLOT.left, up(value), PLOT.right, up(value)),
      write(text, PLOT.left - 7, up(value) + 4, { "text-anchor": "end" }),
    ]),
    write(x.label, middle.x, PLOT.bottom + 35),
    write(y.label, 14, middle.y, { transform: `rotate(-90 14 ${middle.y})` }),
    ...series.map((one, index) => drawSeries(one.points, index, { across, up })),
  ]);
}

type Scale = (value: number) => number;

/** From a value to a pixel. An axis of factors has room at both ends, where marks would hide its first and last line. */
function scaleOf({ ticks, isLog = false }: Axis, values: readonly number[], [from, to]: readonly [number, number]): Scale {
  const placed = (value: number) => (isLog ? Math.log(value) : value);
  const all = [...ticks.map(({ value }) => value), ...values].map(placed);
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const room = isLog ? 0.05 : 0;
  const shareOf = (value: number) => (most === least ? 0.5 : (placed(value) - least) / (most - least));
  return (value) => from + (to - from) * (room + (1 - 2 * room) * shareOf(value));
}

/** Marks with their intervals, joined by a line. */
function drawSeries(points: readonly Point[], index: number, { across, up }: Readonly<Record<"across" | "up", Scale>>): Element {
  const joint = points.map(({ x, y }, at) => `${at === 0 ? "M" : "L"}${pixel(across(x))},${pixel(up(y))}`).join("");
  return s("g", { class: toneOf(index) }, [
    s("path", { d: joint }),
    ...points.flatMap(({ x, low, high }) =>
      low === undefined || high === undefined ? [] : [line(across(x), up(low), across(x), up(high), "interval")],
    ),
    ...points.map(({ x, y }) => write(SIGNS[index] ?? "", across(x), up(y) + 4)),
  ]);
}

function toneOf(index: number): string {
  return `tone-${index + 1}`;
}

function write(text: string, x: number, y: number, more: Readonly<Record<string, string>> = {}): Element {
  return s("text", { "text-anchor": "middle", x: pixel(x), y: pixel(y), ...more }, text);
}

function line(x1: number, y1: number, x2: number, y2: number, className?: string): Element {
  return s("line", { x1: pixel(x1), y1: pixel(y1), x2: pixel(x2), y2: pixel(y2), class: className });
}

/** Rounded, so that the same page comes out on every machine. */
function pixel(value: number): number {
  return Math.round(100 * value) / 100;
}
