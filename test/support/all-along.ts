/** At most `most` of the numbers from 1 to `last`, all along the way, the first and the last among them. For what takes long to try at each. */
export function allAlong(last: number, most: number): readonly number[] {
  if (last <= most) return Array.from({ length: last }, (_, index) => index + 1);
  return Array.from({ length: most }, (_, index) => Math.round(1 + ((last - 1) * index) / (most - 1)));
}
