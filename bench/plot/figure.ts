import { drawPanel, PANEL_SIZE, type Panel } from "./panel.ts";
import { type Look, mark } from "./series.ts";
import { STYLE } from "./style.ts";
import { element, escaped, textAt } from "./svg.ts";

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
  return `${element("svg", { ...attributes, "aria-labelledby": "title description" }, [
    element("title", { id: "title" }, [escaped(title)]),
    element("desc", { id: "description" }, [escaped(description)]),
    element("style", {}, [STYLE]),
    element("rect", { width, height, class: "ground" }),
    textAt({ x: MARGIN, y: HEAD.title, class: "heading" }, title),
    textAt({ x: MARGIN, y: HEAD.note, class: "axis" }, note),
    ...drawLegend(legend),
    ...panels.map((panel, index) => {
      const [x, y] = [(index % columns) * PANEL_SIZE.width, HEAD.end + Math.floor(index / columns) * PANEL_SIZE.height];
      return element("g", { transform: `translate(${x},${y})` }, drawPanel(panel));
    }),
  ])}\n`;
}

function drawLegend(legend: Figure["legend"]): string[] {
  let x: number = MARGIN + 6;
  return legend.map(({ name, look }) => {
    const symbol = mark(look, { x, y: HEAD.legend - 4 });
    const entry = element("g", { class: `tone-${look.tone}` }, [symbol, textAt({ x: x + 14, y: HEAD.legend, class: "legend" }, name)]);
    x += 40 + name.length * LETTER;
    return entry;
  });
}
