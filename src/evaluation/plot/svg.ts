/**
 * SVG, as a tree that a library writes down and escapes. The charts of pages are drawn by hand: Observable Plot, which draws
 * the figures of `bench`, needs a DOM, and these charts are points, lines and labels.
 */
import type { Element } from "hast";
import { s } from "hastscript";

export type { Element } from "hast";

export type Attributes = Readonly<Record<string, string | number>>;

/** An element with its children; strings among them are text. */
export function element(name: string, attributes: Attributes, children: readonly (Element | string)[] = []): Element {
  const written = Object.entries(attributes).map(([key, value]) => [key, typeof value === "number" ? rounded(value) : value]);
  return s(name, Object.fromEntries(written), [...children]);
}

export function textAt(at: Attributes, text: string): Element {
  return element("text", at, [text]);
}

export function line(from: Pixel, to: Pixel, className: string): Element {
  return element("line", { x1: from.x, y1: from.y, x2: to.x, y2: to.y, class: className });
}

/** In pixels from the upper left corner. */
export interface Pixel {
  readonly x: number;
  readonly y: number;
}

/** A hundredth of a pixel is more than anybody sees, and the same file comes out everywhere. */
function rounded(value: number): string {
  return String(Math.round(value * 100) / 100);
}
