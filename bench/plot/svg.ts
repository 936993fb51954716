/**
 * SVG as text. Written by hand: what draws charts on a server either needs a DOM (Observable Plot, D3's axes) or brings dozens of
 * packages (Vega), and these charts are points, lines and labels.
 */
export type Attributes = Readonly<Record<string, string | number>>;

/** An element with its children, which are elements themselves: text goes through `escaped`. */
export function element(name: string, attributes: Attributes, children: readonly string[] = []): string {
  const written = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${escaped(typeof value === "number" ? rounded(value) : value)}"`,
  );
  const start = `<${name}${written.join("")}`;
  return children.length === 0 ? `${start}/>` : `${start}>${children.join("")}</${name}>`;
}

export function textAt(at: Attributes, text: string): string {
  return element("text", at, [escaped(text)]);
}

export function line(from: Place, to: Place, className: string): string {
  return element("line", { x1: from.x, y1: from.y, x2: to.x, y2: to.y, class: className });
}

/** In pixels from the upper left corner. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** A hundredth of a pixel is more than anybody sees, and the same file comes out everywhere. */
function rounded(value: number): string {
  return String(Math.round(value * 100) / 100);
}
