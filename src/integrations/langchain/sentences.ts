const SENTENCES = new Intl.Segmenter("en", { granularity: "sentence" });

/**
 * The sentences of a text that is still being written: each that another one follows. What is behind them may still grow,
 * and is not among them. Joined they are the beginning of the text, white space and all.
 */
export function wholeSentences(text: string): readonly string[] {
  return [...SENTENCES.segment(text)].slice(0, -1).map(({ segment }) => segment);
}
