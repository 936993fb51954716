import { randomAt } from "../../src/core/index.ts";
import { type Reading, sigmoid } from "../../src/judges/index.ts";

/** Numbers as if drawn, the same for the same seed: even ones and nearly normal ones. */
export function drawer(seed: number): { readonly even: () => number; readonly normal: () => number } {
  let drawn = 0;
  const even = () => randomAt(seed, drawn++);
  return { even, normal: () => Array.from({ length: 12 }, even).reduce((sum, one) => sum + one, -6) };
}

export interface Planting {
  /** What each logit adds to the log odds of a good answer. Only what tells logits from each other can be known: they sum to 0. */
  readonly direction: readonly number[];
  readonly bias?: number;
  readonly groups: number;
  /** Readings of each. */
  readonly each: number;
  readonly seed?: number;
}

/** Readings whose labels are drawn by a direction in their logits; each is shifted as a whole, as models' logits are. */
export function plantedReadings({ direction, bias = 0, groups, each, seed = 1 }: Planting): (Reading & { readonly odds: number })[] {
  const { even, normal } = drawer(seed);
  return Array.from({ length: groups * each }, (_, index) => {
    const parts = direction.map(normal);
    const odds = parts.reduce((sum, part, token) => sum + part * (direction[token] as number), bias);
    const shift = 10 * normal();
    return { logits: parts.map((part) => part + shift), good: even() < sigmoid(odds), group: `prompt ${Math.floor(index / each)}`, odds };
  });
}

/** Of unit length times `size`, and summing to 0. */
export function anyDirection(tokens: number, size: number, seed = 7): readonly number[] {
  const { normal } = drawer(seed);
  const raw = Array.from({ length: tokens }, normal);
  const mean = raw.reduce((sum, one) => sum + one, 0) / tokens;
  const length = Math.hypot(...raw.map((one) => one - mean));
  return raw.map((one) => (size * (one - mean)) / length);
}
