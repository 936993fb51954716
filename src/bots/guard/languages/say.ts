/** The bot's own words, in the languages that there are. */
import { own } from "../fields.ts";
import { GERMAN } from "./de.ts";
import { ENGLISH } from "./en.ts";
import { SPANISH } from "./es.ts";
import { FRENCH } from "./fr.ts";
import { JAPANESE } from "./ja.ts";
import type { Language, TextKey } from "./language.ts";
import { PORTUGUESE } from "./pt-br.ts";

/** By the names that Discord has for them; some have two. */
export const LANGUAGES: Readonly<Record<string, Language>> = {
  de: GERMAN,
  fr: FRENCH,
  "es-ES": SPANISH,
  "es-419": SPANISH,
  "pt-BR": PORTUGUESE,
  ja: JAPANESE,
};

/** The words for which a text has places: of `{count} questions` it is `count`. */
type Places<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Places<Rest> : never;

type Values<Key extends TextKey> = Readonly<Record<Places<(typeof ENGLISH)[Key]>, string | number>>;

/** Those of texts without places. */
export type PlainKey = { [Key in TextKey]: [Places<(typeof ENGLISH)[Key]>] extends [never] ? Key : never }[TextKey];

type SaidBy<Key extends TextKey> = [Places<(typeof ENGLISH)[Key]>] extends [never] ? [] : [values: Values<Key>];

/**
 * One of our texts, in a language.
 *
 * @param language as Discord names it, such as "de" or "pt-BR"; one that we do not speak is English
 */
export function say<Key extends TextKey>(language: string | undefined, key: Key, ...[values]: SaidBy<Key>): string {
  const text: string = own(LANGUAGES, language ?? "")?.texts[key] ?? ENGLISH[key];
  // What is put there is not looked through: it may be somebody's words.
  return text.replace(/\{(\w+)\}/g, (place, name: string) => String(own<string | number>(values ?? {}, name) ?? place));
}

/** A text that a server may write itself: as long as it has not, ours. */
export function sayUnlessOwn(language: string | undefined, key: "refusal" | "failed", written: string): string {
  return written === ENGLISH[key] ? say(language, key) : written;
}
