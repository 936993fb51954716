import { END, type Weights } from "./scripted-engine.ts";
import type { World } from "./scripted-world.ts";

export interface Habits {
  /** Two salts make two models. */
  readonly salt: number;
  /** Share of texts that the model itself judges bad. Range [0, 1]. */
  readonly badness: number;
}

/** A model whose habits and opinions are random, and yet depend on nothing but the text. */
export function randomWorld({ salt, badness }: Habits): World {
  return {
    pieces: PIECES,
    goOn: (answer) => {
      const recent = answer.slice(-6);
      const weights = PIECES.concat("日", "é", "👩").map((piece, index) => [piece, noise(recent, salt + index) ** 4] as const);
      return Object.fromEntries([...weights, [END, 0.03]]) as Weights;
    },
    // Never quite sure, now and then in doubt.
    goodness: (answer) => {
      const opinion = noise(answer, salt - 1);
      return opinion < badness ? 0.45 * noise(answer, salt - 2) : 0.55 + 0.45 * noise(answer, salt - 2);
    },
  };
}

const PIECES: readonly string[] = [" rain", " on", " the", " roof", " of 日本", "s", ",", ".", "\n"];

/** A number in [0, 1) for a text. */
function noise(text: string, salt: number): number {
  let hash = salt ^ 0x5bd1e995;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) as number), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}
