import { toHtml } from "hast-util-to-html";
import { drawPanel, PANEL_SIZE, type Panel } from "./panel.ts";
import { type Look, mark } from "./series.ts";
import { STYLE } from "./style.ts";
import { type Element, element, textAt } from "./svg.ts";

export interface Figure {
  readonly title: string;
  /** What is shown under which conditions: one line. */
  readonly note: string;
  /** All that the picture says, for those who do not see it. */
  readonly description: string;
  readonly panels: readonly Panel[];
  readonly legend: readonly { readonly name: string; readonly look: Look }[];
  readonly columns: number;
}

const MARGIN = 16;
/** Base lines of what stands above the panels, and where they begin. */
const HEAD = { title: 30, note: 50, legend: 70, end: 76 } as const;
/** About how wide a letter of the legend is. */
const LETTER = 7;

/** The whole picture, an SVG of its own. */
export function drawFigure({ title, note, description, panels, legend, columns }: Figure): string {
  const width = columns * PANEL_SIZE.width + MARGIN;
  const height = HEAD.end + Math.ceil(panels.length / columns) * PANEL_SIZE.height + MARGIN;
  const attributes = { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${width} ${height}`, width, height, role: "img" };
  const picture = element("svg", { ...attributes, "aria-labelledby": "title description" }, [
    element("title", { id: "title" }, [title]),
    element("desc", { id: "description" }, [description]),
    element("style", {}, [STYLE]),
    element("rect", { width, height, class: "ground" }),
    textAt({ x: MARGIN, y: HEAD.title, class: "heading" }, title),
    textAt({ x: MARGIN, y: HEAD.note, class: "axis" }, note),
    ...drawLegend(legend),
    ...panels.map((panel, index) => {
      const [x, y] = [(index % columns) * PANEL_SIZE.width, HEAD.end + Math.floor(index / columns) * PANEL_SIZE.height];
      return element("g", { transform: `translate(${x},${y})` }, drawPanel(panel));
    }),
  ]);
  return `${toHtml(picture, { space: "svg", closeEmptyElements: true, characterReferences: { useNamedReferences: true } })}\n`;
}

/** One panel as an SVG within a page, which says beside it what it shows and what the marks mean. */
export function drawAlone(panel: Panel, description: string): Element {
  const { width, height } = PANEL_SIZE;
  const attributes = { viewBox: `0 0 ${width} ${height}`, width, height, role: "img" };
  return element("svg", attributes, [element("title", {}, [description]), ...drawPanel(panel)]);
}

/** A mark as an SVG within a page, for its legend. */
export function drawMark(look: Look): Element {
  const size = 16;
  const group = element("g", { class: `tone-${look.tone}` }, [mark(look, { x: size / 2, y: size / 2 })]);
  return element("svg", { viewBox: `0 0 ${size} ${size}`, width: size, height: size, "aria-hidden": "true" }, [group]);
}

function drawLegend(legend: Figure["legend"]): Element[] {
  let x: number = MARGIN + 6;
  return legend.map(({ name, look }) => {
    const symbol = mark(look, { x, y: HEAD.legend - 4 });
    const entry = element("g", { class: `tone-${look.tone}` }, [symbol, textAt({ x: x + 14, y: HEAD.legend, class: "legend" }, name)]);
    x += 40 + name.length * LETTER;
    return entry;
  });
}
