import { PNG } from "pngjs";
import type { CoursePoint } from "../../guard/inference.ts";

const WIDTH = 640;
const HEIGHT = 160;
const MARGIN = 12;

type Colour = readonly [red: number, green: number, blue: number];

const BACKGROUND: Colour = [43, 45, 49];
const ZERO: Colour = [96, 100, 108];
const LIMIT: Colour = [224, 160, 48];
const COMMIT: Colour = [87, 191, 125];
const REWIND: Colour = [237, 96, 98];

/** The verdicts over an answer, from its first token on the left to its last on the right, as a small PNG. */
export function sparkline(course: readonly CoursePoint[], threshold: number): Buffer {
  const png = new PNG({ width: WIDTH, height: HEIGHT });
  rectangle(png, { x: 0, y: 0, width: WIDTH, height: HEIGHT }, BACKGROUND);
  rectangle(png, { x: MARGIN, y: heightOf(0), width: WIDTH - 2 * MARGIN, height: 1 }, ZERO);
  rectangle(png, { x: MARGIN, y: heightOf(threshold), width: WIDTH - 2 * MARGIN, height: 1 }, LIMIT);
  const longest = Math.max(1, ...course.map(({ tokens }) => tokens));
  const at = ({ tokens, value }: CoursePoint) => ({
    x: MARGIN + Math.round((tokens / longest) * (WIDTH - 2 * MARGIN - 1)),
    y: heightOf(value),
  });
  const commits = course.filter(({ kind }) => kind === "commit").map(at);
  for (const [index, to] of commits.entries()) line(png, [commits[index - 1] ?? to, to], COMMIT);
  for (const { x, y } of commits) dot(png, { x, y }, COMMIT);
  for (const { x, y } of course.filter(({ kind }) => kind === "rewind").map(at)) dot(png, { x, y }, REWIND);
  return PNG.sync.write(png);
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** 1 stands at the top, -1 at the bottom. */
function heightOf(value: number): number {
  return MARGIN + Math.round(((1 - Math.max(-1, Math.min(1, value))) / 2) * (HEIGHT - 2 * MARGIN - 1));
}

function line(png: PNG, [from, to]: readonly [Point, Point], colour: Colour): void {
  const steps = Math.max(1, Math.abs(to.x - from.x), Math.abs(to.y - from.y));
  for (let step = 0; step <= steps; step++) {
    const share = step / steps;
    const [x, y] = [Math.round(from.x + (to.x - from.x) * share), Math.round(from.y + (to.y - from.y) * share)];
    rectangle(png, { x, y, width: 2, height: 2 }, colour);
  }
}

function dot(png: PNG, { x, y }: Point, colour: Colour): void {
  rectangle(png, { x: x - 3, y: y - 3, width: 7, height: 7 }, colour);
}

function rectangle(png: PNG, { x, y, width, height }: Point & { readonly width: number; readonly height: number }, colour: Colour): void {
  for (let row = Math.max(0, y); row < Math.min(HEIGHT, y + height); row++) {
    for (let column = Math.max(0, x); column < Math.min(WIDTH, x + width); column++) {
      png.data.set([...colour, 255], (row * WIDTH + column) * 4);
    }
  }
}
