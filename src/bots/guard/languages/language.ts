import type { ENGLISH } from "./en.ts";

export type TextKey = keyof typeof ENGLISH;

/** What a file of a language has. */
export interface Language {
  /** What the bot says, by the keys of `en.ts`. What is missing is said in English. */
  readonly texts: Readonly<Partial<Record<TextKey, string>>>;
  /** What commands and their options are for, by what one types, such as `rain why message`. At most 100 characters each. */
  readonly commands: Readonly<Record<string, string>>;
  /** What settings and groups of them are for, by their paths, in which `*` stands for any name. */
  readonly settings: Readonly<Record<string, string>>;
  /** What is called otherwise in this language: options, what is chosen of them, and the commands of menus, by the same names. */
  readonly names: Readonly<Record<string, string>>;
}
