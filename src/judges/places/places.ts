import { behindAnswer } from "./behind-answer.ts";
import { behindLine } from "./behind-line.ts";
import { behindOptions } from "./behind-options.ts";
import { nextTurn } from "./next-turn.ts";
import type { Place, PlaceName } from "./place.ts";
import { quoted } from "./quoted.ts";

/** Where a judge may read. */
export const PLACE_BY_NAME: Readonly<Record<PlaceName, Place>> = {
  answer: behindAnswer,
  line: behindLine,
  options: behindOptions,
  turn: nextTurn,
  quote: quoted,
};
