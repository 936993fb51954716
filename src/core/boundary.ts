/**
 * Where the text of an answer ends before the model ends it. Asked of ever longer beginnings of one text, it never takes back what it
 * called safe.
 */
export interface Boundary {
  /** How many of the last bytes decide whether a text has just ended; `Infinity` where all of it does. */
  readonly reach: number;
  /** Where the text ends: what stands from there on is no part of it. `undefined` while it is open. */
  endOf(text: string): number | undefined;
  /** How much of an open text is part of it, whatever follows. */
  safeLength(text: string): number;
  /** How much of it is part of it when nothing follows. */
  wholeLength(text: string): number;
}

/** A text that ends before the first of these strings. */
export function stopStrings(stops: readonly string[]): Boundary {
  const endOf = (text: string) => {
    const stop = firstStop(text, stops);
    return stop < 0 ? undefined : stop;
  };
  return {
    reach: Math.max(0, ...stops.map((stop) => new TextEncoder().encode(stop).length)),
    endOf,
    safeLength: (text) => text.length - possibleStop(text, stops),
    wholeLength: (text) => endOf(text) ?? text.length,
  };
}

/** Where the first stop string begins, -1 if there is none. */
export function firstStop(text: string, stops: readonly string[]): number {
  const starts = stops.map((stop) => text.indexOf(stop)).filter((start) => start >= 0);
  return starts.length === 0 ? -1 : Math.min(...starts);
}

/** Length of the longest end of `text` with which one of these strings begins. */
export function possibleStop(text: string, stops: readonly string[]): number {
  const lengths = stops.map((stop) => {
    for (let length = Math.min(stop.length - 1, text.length); length > 0; length--) if (stop.startsWith(text.slice(-length))) return length;
    return 0;
  });
  return Math.max(0, ...lengths);
}

/** A text that ends where the first of several boundaries is. */
export function firstOf(boundaries: readonly Boundary[]): Boundary {
  return {
    reach: Math.max(...boundaries.map(({ reach }) => reach)),
    endOf: (text) => {
      const ends = boundaries.map((boundary) => boundary.endOf(text)).filter((end) => end !== undefined);
      return ends.length === 0 ? undefined : Math.min(...ends);
    },
    safeLength: (text) => Math.min(...boundaries.map((boundary) => boundary.safeLength(text))),
    wholeLength: (text) => Math.min(...boundaries.map((boundary) => boundary.wholeLength(text))),
  };
}
