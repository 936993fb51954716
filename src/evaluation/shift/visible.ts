/**
 * A token's text on paper: line feeds and tabs as signs; what else is invisible, or turns the direction of writing, by its number, which
 * every font has.
 */
export function visible(text: string): string {
  return text.replaceAll(INVISIBLE, (character) => SIGNS[character] ?? numbered(character.codePointAt(0) as number));
}

/** The same between quotation marks, so that spaces at its ends are seen. */
export function quoted(text: string): string {
  return `\u201C${visible(text)}\u201D`;
}

/** Control and format characters, line and paragraph separators, and what has no meaning that everybody shares. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu;

const SIGNS: Readonly<Record<string, string>> = { "\n": "\u21B5", "\t": "\u21E5" };

function numbered(code: number): string {
  return `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
}
