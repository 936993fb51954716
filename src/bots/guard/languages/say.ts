/** The bot's own words, in the languages that there are. */
import escapeStringRegexp from "escape-string-regexp";
import { own } from "../own.ts";
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

/** What is said in whatever language its reader has. */
export type Words = (language: string | undefined) => string;

type Value = string | number | Words;

type Values<Key extends TextKey> = Readonly<Record<Places<(typeof ENGLISH)[Key]>, Value>>;

/** Those of texts without places. */
export type PlainKey = { [Key in TextKey]: [Places<(typeof ENGLISH)[Key]>] extends [never] ? Key : never }[TextKey];

/** What stands in the places of a text. */
type SaidBy<Key extends TextKey> = [Places<(typeof ENGLISH)[Key]>] extends [never] ? [] : [values: Values<Key>];

/**
 * One of our texts, in a language.
 *
 * @param language as Discord names it, such as "de" or "pt-BR"; one that we do not speak is English
 */
export function say<Key extends TextKey>(language: string | undefined, key: Key, ...[values]: SaidBy<Key>): string {
  return filled(textIn(language, key), language, values ?? {});
}

/** What is put there is not looked through: it may be somebody's words. */
function filled(text: string, language: string | undefined, values: Readonly<Record<string, Value>>): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) => {
    const value = own(values, name) ?? place;
    return typeof value === "function" ? value(language) : String(value);
  });
}

/** A text, and what stands in its places. */
export type Said<Key extends TextKey> = [key: Key, ...values: SaidBy<Key>];

/** The same, for who knows their language later, or tells it in several. */
export function saying<Key extends TextKey>(...[key, ...values]: Said<Key>): Words {
  return (language) => say(language, key, ...values);
}

/** Several in one text. */
export function together(words: readonly Words[], between: string): Words {
  return (language) => words.map((one) => one(language)).join(between);
}

/** A number, as one writes it. */
export function numeral(value: number): Words {
  return (language) => value.toLocaleString(own(LANGUAGES, language ?? "") === undefined ? "en-US" : language);
}

/** Which of two texts is of so many. */
export function oneOrMany(count: number): "one" | "many" {
  return count === 1 ? "one" : "many";
}

/** Whether something is this one of our texts, in a language, whatever stands in its places. */
export function isSaid(language: string | undefined, key: TextKey, said: string): boolean {
  return valuesIn(textIn(language, key), said) !== undefined;
}

/** What is kept in English, of what settings may be and what filters found, in a language; what is none of these texts stays as it is. */
export function retold(language: string | undefined, said: string): string {
  for (const key of RETOLD) {
    const values = valuesIn(ENGLISH[key], said);
    if (values === undefined) continue;
    const inside = Object.entries(values).map(([name, value]) => [name, retold(language, value)] as const);
    return filled(textIn(language, key), language, Object.fromEntries(inside));
  }
  return said;
}

const RETOLD = (Object.keys(ENGLISH) as TextKey[]).filter((key) => /^(?:expected|found)\./.test(key));

/** What stands in the places of a text. `undefined`: this is another text. */
function valuesIn(text: string, said: string): Readonly<Record<string, string>> | undefined {
  const pattern = escapeStringRegexp(text).replace(/\\\{(\w+)\\\}/g, "(?<$1>.*?)");
  const found = new RegExp(`^${pattern}$`, "su").exec(said);
  return found === null ? undefined : { ...found.groups };
}

/** What a setting, or a group of them, is for. @param english where the language does not say it */
export function described(path: string, english: string): Words {
  return (language) => {
    const known = own(LANGUAGES, language ?? "")?.settings ?? {};
    const parts = path.split(".");
    const fits = (key: string) =>
      key.split(".").length === parts.length && key.split(".").every((name, at) => name === "*" || name === parts[at]);
    return own(known, path) ?? known[Object.keys(known).find(fits) ?? ""] ?? english;
  };
}

function textIn(language: string | undefined, key: TextKey): string {
  return own(LANGUAGES, language ?? "")?.texts[key] ?? ENGLISH[key];
}

/** A text that a server may write itself: as long as it has not, ours. */
export function sayUnlessOwn(language: string | undefined, key: "refusal" | "failed", written: string): string {
  return written === ENGLISH[key] ? say(language, key) : written;
}
