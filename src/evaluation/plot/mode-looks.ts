import type { Mode } from "../../core/index.ts";
import type { Look } from "./series.ts";

/** How each mode looks in every chart. */
export const MODE_LOOKS: Readonly<Record<Mode, Look>> = {
  vanilla: { tone: 1, shape: "circle" },
  "best-of-n": { tone: 2, shape: "triangle" },
  paper: { tone: 3, shape: "square", isHollow: true },
  adaptive: { tone: 4, shape: "diamond" },
};
