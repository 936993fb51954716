/** A share, with the interval that holds it with 95 % confidence. */
export interface Rate {
  readonly rate: number;
  readonly low: number;
  readonly high: number;
}

const Z95 = 1.959964;

/** Share of `hits` among `n` trials with Wilson's 95 % interval, which stays inside [0, 1] and is honest at both ends. */
export function wilson(hits: number, n: number): Rate {
  if (n === 0) return { rate: Number.NaN, low: 0, high: 1 };
  const rate = hits / n;
  const spread = Z95 ** 2 / n;
  const centre = (rate + spread / 2) / (1 + spread);
  const half = (Z95 / (1 + spread)) * Math.sqrt((rate * (1 - rate)) / n + spread / (4 * n));
  return { rate, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}
