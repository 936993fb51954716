/** The text with a replacement character for each half of a surrogate pair: without its other half it is no character at all. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\u{FFFD}");
}
