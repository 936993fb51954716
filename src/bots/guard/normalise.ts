import unhomoglyph from "unhomoglyph";

/**
 * What a judge reads instead of a text that people wrote: without what hides words from a judge and not from people, as are
 * invisible characters, look-alikes of other alphabets, heaps of accents and percent-encoding. For judging only.
 */
export function normalise(text: string): string {
  return unmasked(cleaned(decoded(cleaned(text))));
}

/** A text as people see it, for a model to read and answer: without control characters and what nobody sees. Line breaks stay, and so does what forms mean (2⁵). */
export function asShown(text: string): string {
  return withLines(withoutHeaps(withoutUnseen(text)));
}

/** The same, and compatible forms made one (NFKC): 𝓴𝓲𝓵𝓵 is kill. */
export function cleaned(text: string): string {
  return withLines(withoutHeaps(text.normalize("NFKC").replace(UNSEEN, "")));
}

function withLines(text: string): string {
  return text.replace(/\r\n?|[\u0085\u2028\u2029]/g, "\n").trim();
}

/**
 * Format characters (zero-width, direction marks, tags), halves of characters and what Unicode has not given out; control characters but
 * line breaks and tabs; letters and marks that look like nothing; variation selectors.
 */
const UNSEEN =
  /[\p{Cf}\p{Cs}\p{Co}\p{Cn}]|(?![\n\r\t\u0085])\p{Cc}|\u034f|[\u115f\u1160\u3164\uffa0]|\u17b4|\u17b5|\p{Variation_Selector}/gu;

/** Scripts in which joiners and non-joiners change how letters look, and often what a word means. */
const JOINING = "Arab Syrc Mand Nkoo Mong Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Khmr Mymr Tibt"
  .split(" ")
  .map((script) => `\\p{Script_Extensions=${script}}`)
  .join("");

/** What is unseen by itself, and changes what stands before it: joiners in those scripts, and in emoji of several parts; which form a sign has. */
const FORMING = [
  `(?<=[${JOINING}])[\\u200c\\u200d]`,
  "(?<=\\p{Extended_Pictographic}[\\ufe0f\\u{1f3fb}-\\u{1f3ff}]?)\\u200d(?=\\p{Extended_Pictographic})",
  "(?<=\\p{Extended_Pictographic})[\\ufe0e\\ufe0f]",
  "(?<=[0-9#*])\\ufe0f(?=\\u20e3)",
  "(?<=\\p{Script=Han})[\\u{e0100}-\\u{e01ef}]",
  "(?<=\\p{Script=Mongolian})[\\u180b-\\u180d\\u180f]",
].join("|");

const FORMING_OR_UNSEEN = new RegExp(`(${FORMING})|${UNSEEN.source}`, "gu");

/** The same text to the eye: line breaks and tabs stay, and what letters and emoji need to look as they do. */
export function withoutUnseen(text: string): string {
  return text.replace(FORMING_OR_UNSEEN, (_, forming: string | undefined) => forming ?? "");
}

/** More accents than any language puts on one letter. */
const HEAPS = /\p{M}{4,}/gu;

function withoutHeaps(text: string): string {
  return text.normalize("NFD").replace(HEAPS, "").normalize("NFC");
}

/** How often something may be encoded on top of itself. */
const LAYERS = 3;

function decoded(text: string): string {
  let plain = text;
  for (let layer = 0; layer < LAYERS; layer++) {
    const next = plain.replace(/(?:%[0-9a-f]{2})+/gi, decodedRun);
    if (next === plain) break;
    plain = next;
  }
  return plain;
}

/** Where it is no text it means itself. */
function decodedRun(run: string): string {
  try {
    return decodeURIComponent(run);
  } catch {
    return run;
  }
}

const WORDS = /[\p{L}\p{M}\p{N}]+/gu;

/**
 * Look-alikes become the letters that they look like, where a whole word is then plain. A text in which some word is of another
 * alphabet for certain is in that alphabet: its other words are what they seem, unless they mix alphabets.
 */
function unmasked(text: string): string {
  const strange = [...text.matchAll(WORDS)].map(([word]) => word).filter((word) => !isPlain(word));
  const isForeign = strange.some((word) => !isPlain(unmaskedWord(word)) && !/[a-z]/i.test(word));
  return text.replace(WORDS, (word) => {
    if (isPlain(word)) return word;
    const plain = unmaskedWord(word);
    return isPlain(plain) && (!isForeign || /[a-z]/i.test(word)) ? plain : word;
  });
}

function unmaskedWord(word: string): string {
  // What is plain stays: the table also has look-alikes among plain characters, such as 1 and l.
  return [...word].map((character) => (isPlain(character) ? character : unhomoglyph(character))).join("");
}

/** ASCII, and the accented letters of languages that are written with it. */
function isPlain(word: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant.
  return /^[\x00-\x7f\u00c0-\u024f\u1e00-\u1eff]*$/.test(word);
}
