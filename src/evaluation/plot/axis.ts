/** What a direction of a panel shows. */
export interface Axis {
  readonly label: string;
  /** Where a value lies: 0 at the beginning of the axis, 1 at its end. */
  readonly shareOf: (value: number) => number;
  readonly ticks: readonly Tick[];
}

export interface Tick {
  readonly value: number;
  readonly text: string;
}

export function linearAxis(label: string, ticks: readonly Tick[]): Axis {
  const { least, most } = rangeOf(ticks.map(({ value }) => value));
  return { label, ticks, shareOf: (value) => (value - least) / (most - least) };
}

/** How far an axis of factors goes on behind its first and last value, in factors of two. */
const LOG_ROOM = 0.3;

/** Equal factors are equal lengths. It reaches a little further than the ticks and the values. */
export function logAxis(label: string, ticks: readonly Tick[], values: readonly number[] = []): Axis {
  const { least, most } = rangeOf([...ticks.map(({ value }) => value), ...values].map(Math.log2));
  return { label, ticks, shareOf: (value) => (Math.log2(value) - least + LOG_ROOM) / (most - least + 2 * LOG_ROOM) };
}

/** 1, 10, 100 .. as far as they are reached; 10 at least. */
export function powersOfTen(most: number): Tick[] {
  const last = Math.max(1, Math.floor(Math.log10(most)));
  return Array.from({ length: last + 1 }, (_, power) => ({ value: 10 ** power, text: (10 ** power).toLocaleString("en") }));
}

/** From 0 in steps of 1, 2 or 5 times a power of ten, about four of them, up to the first that is not exceeded. */
export function evenTicks(most: number): Tick[] {
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, index) => {
    const value = index * step;
    return { value, text: String(Number(value.toPrecision(6))) };
  });
}

function rangeOf(values: readonly number[]): { readonly least: number; readonly most: number } {
  return { least: Math.min(...values), most: Math.max(...values) };
}
