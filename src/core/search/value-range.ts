/** The lowest and the highest value of any node so far: select compares values on this scale. */
export class ValueRange {
  #low = Number.POSITIVE_INFINITY;
  #high = Number.NEGATIVE_INFINITY;

  /** Widens the range so that it holds `value`. */
  include(value: number): void {
    this.#low = Math.min(this.#low, value);
    this.#high = Math.max(this.#high, value);
  }

  /** Where `value` stands between the lowest (0) and the highest (1). While these are the same, the value itself. */
  normalise(value: number): number {
    return this.#high > this.#low ? (value - this.#low) / (this.#high - this.#low) : value;
  }
}
