import { drawPanel, PANEL_SIZE, type Panel } from "./panel.ts";
import { type Look, mark } from "./series.ts";
import { type Element, element } from "./svg.ts";

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
