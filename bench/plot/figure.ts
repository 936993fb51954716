import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";

/** Panels side by side, under one title and one legend: an image of its own. */
export interface Figure {
  readonly title: string;
  /** What is shown under which conditions: one line. */
  readonly note: string;
  /** All that the picture says, for those who do not see it. */
  readonly description: string;
  /** Names of the series, four at most, in the order in which they are drawn: what matters most comes last, and so lies on top. */
  readonly series: readonly string[];
  readonly panels: readonly Panel[];
  readonly columns: number;
}

export interface Panel {
  readonly title: string;
  /** Its axis is one of factors. */
  readonly x: { readonly label: string; readonly domain: readonly [number, number]; readonly ticks: readonly number[] };
  readonly y: { readonly label: string; readonly most: number };
  readonly marks: readonly Mark[];
  /** A value of `y` to compare with, and its name. */
  readonly reference?: { readonly y: number; readonly text: string };
}

export interface Mark {
  /** One of the figure's series. */
  readonly name: string;
  readonly x: number;
  readonly y: number;
  /** Where `y` lies with 95 % confidence. */
  readonly low?: number;
  readonly high?: number;
  /** Stands beside the mark. */
  readonly label?: string;
}

/** Series differ in colour and in shape, so that either alone tells them apart. */
const SYMBOLS = ["circle", "triangle", "square", "diamond"] as const;
const SIGNS = ["●", "▲", "■", "◆"] as const;

/** An image does not learn its page's ground, so it brings its own, by its reader's settings. The tones keep apart for all kinds of colour vision. */
const STYLE = `
svg { font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
${coloured("#ffffff", "#1f2328", ["#6e7781", "#bc4c00", "#0a5ad4", "#116b3a"])}
@media (prefers-color-scheme: dark) {
${coloured("#0d1117", "#e6edf3", ["#9ea7b3", "#f0883e", "#6cb0ff", "#4ac26b"])}
}
`;

function coloured(ground: string, ink: string, tones: readonly string[]): string {
  const named = tones.map((tone, index) => `--tone-${index}: ${tone};`).join(" ");
  return `.ground { fill: ${ground}; }\nsvg { color: ${ink}; fill: ${ink}; --plot-background: ${ground}; ${named} }`;
}

const PANEL = { width: 330, height: 250 } as const;
const MARGIN = 16;
/** Base lines of what stands above the panels, and where they begin. */
const HEAD = { title: 30, note: 50, legend: 72, end: 84 } as const;
/** About how wide a letter of the legend is. */
const LETTER = 7;

const { document } = parseHTML("<html></html>");

export function drawFigure({ title, note, description, series, panels, columns }: Figure): string {
  const width = columns * PANEL.width + MARGIN;
  const height = HEAD.end + Math.ceil(panels.length / columns) * PANEL.height + MARGIN;
  const svg = element("svg", { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${width} ${height}`, width, height, role: "img" });
  svg.setAttribute("aria-labelledby", "title description");
  svg.append(
    element("title", { id: "title" }, title),
    element("desc", { id: "description" }, description),
    element("style", {}, STYLE),
    element("rect", { width, height, class: "ground" }),
    element("text", { x: MARGIN, y: HEAD.title, "font-size": 16, "font-weight": 600 }, title),
    element("text", { x: MARGIN, y: HEAD.note, "font-size": 12 }, note),
    ...drawLegend(series),
    ...panels.map((panel, index) => {
      const drawn = drawPanel(panel, series);
      drawn.setAttribute("x", String((index % columns) * PANEL.width));
      drawn.setAttribute("y", String(HEAD.end + Math.floor(index / columns) * PANEL.height));
      return drawn;
    }),
  );
  return `${svg.outerHTML}\n`;
}

function drawLegend(series: readonly string[]): Element[] {
  let x = MARGIN;
  return series.map((name, index) => {
    const entry = element("text", { x, y: HEAD.legend, "font-size": 12 }, ` ${name}`);
    entry.prepend(element("tspan", { fill: toneOf(index) }, SIGNS[index]));
    x += 40 + name.length * LETTER;
    return entry;
  });
}

const AXIS = { labelAnchor: "center", labelArrow: "none" } as const;

function drawPanel({ title, x, y, marks, reference }: Panel, series: readonly string[]): Element {
  const labelled = marks.filter(({ label }) => label !== undefined);
  const sorted = series.flatMap((name) => marks.filter((mark) => mark.name === name).toSorted((left, right) => left.x - right.x));
  const of = { x: "x", stroke: "name" } as const;
  return Plot.plot({
    document,
    ...PANEL,
    marginLeft: 50,
    marginTop: 40,
    marginBottom: 44,
    marginRight: 24,
    x: { ...AXIS, type: "log", ...x, tickFormat: (value: number) => value.toLocaleString("en") },
    y: { ...AXIS, label: y.label, domain: [0, y.most], grid: true, ticks: 5 },
    color: { domain: series, range: series.map((_, index) => toneOf(index)) },
    symbol: { domain: series, range: SYMBOLS },
    marks: [
      Plot.text([title], { frameAnchor: "top-left", dy: -22, fontSize: 13, fontWeight: 600 }),
      ...(reference === undefined
        ? []
        : [
            Plot.ruleY([reference.y], { strokeDasharray: "4 3", strokeOpacity: 0.7 }),
            Plot.text([reference.text], { y: reference.y, frameAnchor: "right", textAnchor: "end", dy: 10 }),
          ]),
      Plot.line(sorted, { ...of, z: "name", y: "y", strokeOpacity: 0.55 }),
      Plot.ruleX(
        sorted.filter(({ low, high }) => low !== undefined && high !== undefined),
        { ...of, y1: "low", y2: "high", strokeWidth: 1.5 },
      ),
      Plot.dot(sorted, { ...of, y: "y", symbol: "name", fill: "name", r: 4 }),
      Plot.text(labelled, { x: "x", y: "y", text: "label", fill: "name", textAnchor: "start", dx: 7, dy: 9 }),
    ],
  }) as Element;
}

function toneOf(index: number): string {
  return `var(--tone-${index})`;
}

function element(name: string, attributes: Readonly<Record<string, string | number>>, text?: string): Element {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name) as Element;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  if (text !== undefined) made.textContent = text;
  return made;
}

/** What is used of a DOM's elements. */
interface Element {
  readonly outerHTML: string;
  textContent: string | null;
  setAttribute(name: string, value: string): void;
  append(...children: readonly Element[]): void;
  prepend(child: Element): void;
}
