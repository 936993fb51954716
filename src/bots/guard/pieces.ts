/** More are joined: each is a verdict, and a judge takes its time. Fewer would let a flood of short sentences hide one among them. */
const MOST = 32;

const SENTENCES = new Intl.Segmenter("en", { granularity: "sentence" });

/**
 * A message in its sentences and lines, for a judge: what stands behind a sentence can talk the judge of the whole out of it, and not the judge of the
 * sentence. What is said again is read once. At most 32: of more, the shortest neighbours are joined. A word alone goes with what stands before it. One piece: the message
 * is one sentence.
 */
export function piecesOf(text: string): readonly string[] {
  const said: string[] = [];
  for (const { segment } of SENTENCES.segment(text)) {
    const words = segment.match(/[\p{L}\p{N}]+/gu)?.length ?? 0;
    if (words < 2 && said.length > 0) said.push(`${said.pop()}${segment}`);
    else said.push(segment);
  }
  const pieces = [...new Set(said.map((piece) => piece.trim()))].filter((piece) => piece !== "");
  while (pieces.length > MOST) {
    const at = shortestPair(pieces);
    pieces.splice(at - 1, 2, `${pieces[at - 1]} ${pieces[at]}`);
  }
  return pieces;
}

/** The second one of the two neighbours that are the shortest together. */
function shortestPair(pieces: readonly string[]): number {
  const lengths = pieces.slice(1).map((piece, index) => (pieces[index] as string).length + piece.length);
  return lengths.indexOf(Math.min(...lengths)) + 1;
}

/** A model that cannot read so few characters at once reads nothing. */
const SHORTEST = 200;

/** They share so many characters: no words are cut in two for both. */
const SHARED = 40;

/** A text that is too long for a judge, for two verdicts on it; `undefined` where it is as short as can be. */
export function halvesOf(text: string): readonly [string, string] | undefined {
  if (text.length < SHORTEST) return undefined;
  const middle = Math.ceil(text.length / 2);
  return [text.slice(0, middle + SHARED), text.slice(middle - SHARED)];
}
