const REST = " ...";

/** No longer than this, in UTF-16 units, as Discord counts: it refuses what is longer, and all that is with it. */
export function cut(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - REST.length)}${REST}`;
}
