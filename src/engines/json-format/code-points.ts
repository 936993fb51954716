/** A range of code points, both ends included. */
export type Range = readonly [low: number, high: number];

const LAST = 0x10ffff;

/** A set of characters, as code points. Halves of surrogate pairs are in none: no UTF-8 writes them. Immutable. */
export class CodePoints {
  static readonly #halves = new CodePoints([[0xd800, 0xdfff]]);
  static readonly all = CodePoints.of([[0, LAST]]);
  /** What an expression without the flag `u` takes for one character. */
  static readonly basic = CodePoints.of([[0, 0xffff]]);

  /** In order, with something missing between any two. */
  readonly ranges: readonly Range[];

  private constructor(ranges: readonly Range[]) {
    this.ranges = ranges;
  }

  static of(ranges: readonly Range[]): CodePoints {
    const merged: [low: number, high: number][] = [];
    for (const [low, high] of ranges.toSorted(([left], [right]) => left - right)) {
      const last = merged.at(-1);
      if (last !== undefined && low <= last[1] + 1) last[1] = Math.max(last[1], high);
      else if (low <= high) merged.push([low, high]);
    }
    return new CodePoints(merged).minus(CodePoints.#halves);
  }

  /** The characters for which a property escape, or any other expression of one character, is true. */
  static matching(expression: RegExp): CodePoints {
    const found: [low: number, high: number][] = [];
    for (let point = 0; point <= LAST; point++) {
      if (!expression.test(String.fromCodePoint(point))) continue;
      const last = found.at(-1);
      if (last?.[1] === point - 1) last[1] = point;
      else found.push([point, point]);
    }
    return CodePoints.of(found);
  }

  get isEmpty(): boolean {
    return this.ranges.length === 0;
  }

  /** Sets with the same key are the same. */
  get key(): string {
    return this.ranges.join(";");
  }

  /** Whether one of the code points from `low` to `high` is in the set. */
  meets(low: number, high: number): boolean {
    let [from, to] = [0, this.ranges.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.ranges[middle] as Range)[1] < low) from = middle + 1;
      else to = middle;
    }
    const range = this.ranges[from];
    return range !== undefined && range[0] <= high;
  }

  /** The same object as one of them, where it is the same set. */
  and(other: CodePoints): CodePoints {
    const both: Range[] = [];
    for (let [left, right] = [0, 0]; left < this.ranges.length && right < other.ranges.length; ) {
      const [one, two] = [this.ranges[left] as Range, other.ranges[right] as Range];
      const [low, high] = [Math.max(one[0], two[0]), Math.min(one[1], two[1])];
      if (low <= high) both.push([low, high]);
      if (one[1] < two[1]) left++;
      else right++;
    }
    return [this, other].find(({ ranges }) => areSame(ranges, both)) ?? new CodePoints(both);
  }

  or(other: CodePoints): CodePoints {
    return CodePoints.of([...this.ranges, ...other.ranges]);
  }

  minus(other: CodePoints): CodePoints {
    const gaps: Range[] = [];
    let from = 0;
    for (const [low, high] of other.ranges) {
      if (from < low) gaps.push([from, low - 1]);
      from = high + 1;
    }
    if (from <= LAST) gaps.push([from, LAST]);
    return this.and(new CodePoints(gaps));
  }
}

function areSame(one: readonly Range[], other: readonly Range[]): boolean {
  return one.length === other.length && one.every(([low, high], index) => low === other[index]?.[0] && high === other[index]?.[1]);
}
