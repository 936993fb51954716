import { type Element, element, line, type Pixel, textAt } from "./svg.ts";

/** Series differ in colour and in shape, so that either alone tells them apart; a hollow shape lets see what lies below it. */
const SHAPES = {
  circle: (size: number) => `M${-size},0a${size},${size} 0 1,0 ${2 * size},0a${size},${size} 0 1,0 ${-2 * size},0z`,
  triangle: (size: number) => `M0,${-1.25 * size}L${1.15 * size},${0.85 * size}H${-1.15 * size}z`,
  square: (size: number) => `M${-size},${-size}H${size}V${size}H${-size}z`,
  diamond: (size: number) => `M0,${-1.5 * size}L${1.3 * size},0L0,${1.5 * size}L${-1.3 * size},0z`,
} as const;

export interface Series {
  readonly name: string;
  readonly look: Look;
  readonly points: readonly Point[];
}

/** `tone` is one of the colours of `style.ts`. */
export interface Look {
  readonly tone: 1 | 2 | 3 | 4;
  readonly shape: keyof typeof SHAPES;
  readonly isHollow?: boolean;
}

export interface Point {
  readonly x: number;
  readonly y: number;
  /** Where `y` lies with 95 % confidence. */
  readonly low?: number;
  readonly high?: number;
  /** Stands beside the mark. */
  readonly label?: string;
}

const SIZE = 4.5;
const HOLLOW_SIZE = 5.5;
const WHISKER = 3;

/** Marks with their intervals, joined by a line. */
export function drawSeries({ look, points }: Series, placeOf: (x: number, y: number) => Pixel): Element {
  const places = points.map(({ x, y }) => placeOf(x, y));
  const path = places.map(({ x, y }, index) => `${index === 0 ? "M" : "L"}${x.toFixed(2)},${y.toFixed(2)}`).join("");
  return element("g", { class: `tone-${look.tone}` }, [
    ...(points.length > 1 ? [element("path", { d: path, class: "joint" })] : []),
    ...points.flatMap((point) => interval(point, placeOf)),
    ...places.map((place) => mark(look, place)),
    ...points.flatMap(({ label }, index) => (label === undefined ? [] : [beside(places[index] as Pixel, label)])),
  ]);
}

export function mark({ shape, isHollow = false }: Look, { x, y }: Pixel): Element {
  const transform = `translate(${x.toFixed(2)},${y.toFixed(2)})`;
  return element("path", { d: SHAPES[shape](isHollow ? HOLLOW_SIZE : SIZE), transform, class: isHollow ? "hollow" : "mark" });
}

function interval({ x, low, high }: Point, placeOf: (x: number, y: number) => Pixel): Element[] {
  if (low === undefined || high === undefined) return [];
  const [bottom, top] = [placeOf(x, low), placeOf(x, high)];
  const cap = (at: Pixel) => line({ x: at.x - WHISKER, y: at.y }, { x: at.x + WHISKER, y: at.y }, "interval");
  return [line(bottom, top, "interval"), cap(bottom), cap(top)];
}

function beside({ x, y }: Pixel, label: string): Element {
  return textAt({ x: x + 8, y: y + 12, class: "label" }, label);
}
