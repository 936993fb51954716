/**
 * A token's text on paper: line feeds and tabs as signs, other control characters as their pictures, and what is invisible or turns the
 * direction of writing by its number.
 */
export function visible(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu,
    (character) => SIGNS[character] ?? signOf(character.codePointAt(0) as number),
  );
}

/** The same between quotation marks, so that spaces at its ends are seen. */
export function quoted(text: string): string {
  return `\u201C${visible(text)}\u201D`;
}

const SIGNS: Readonly<Record<string, string>> = { "\n": "\u21B5", "\t": "\u21E5" };

const PICTURES = 0x2400;
const DELETE = { code: 0x7f, picture: 0x2421 } as const;

function signOf(code: number): string {
  if (code < 0x20) return String.fromCodePoint(PICTURES + code);
  if (code === DELETE.code) return String.fromCodePoint(DELETE.picture);
  return `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
}
