/** Texts that break what is put together by hand: what they are, the text, and what a database can keep of it. */
export const AWKWARD_TEXTS: readonly (readonly [what: string, text: string, kept: string])[] = [
  ["a family of emoji", "👩‍👩‍👧‍👦 and 𝔘𝔫𝔦𝔠𝔬𝔡𝔢"],
  ["text from right to left", "שלום \u{202E}olleh"],
  ["an injection", "'; DROP TABLE guard_settings; --"],
  ["another injection", "\" OR 1=1 /* \\' $1 ?1 :a @b ? %s"],
  ["JSON", '{"a": "\\u0000", "__proto__": []}'],
  ["line ends and tabs", "a\r\nb\tc\u{2028}d"],
  ["a NUL", "a\0b", "a\u{FFFD}b"],
  ["half of a character", "a\u{D83D}b", "a\u{FFFD}b"],
  ["a long text", "ä🙂".repeat(2000)],
  ["nothing", ""],
].map(([what = "", text = "", kept = text]) => [what, text, kept]);
