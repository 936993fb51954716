import type { RESTPostAPIApplicationCommandsJSONBody } from "discord.js";
import { LANGUAGES } from "../../guard/index.ts";

/** A command, an option or a choice, as far as this is about its words. */
interface Named {
  readonly name: string;
  readonly description?: string;
  readonly options?: readonly Named[];
  readonly choices?: readonly Named[];
}

/** A command with what it and its options are for, and are called, in all languages that there are. */
export function inAllLanguages<Data extends RESTPostAPIApplicationCommandsJSONBody>(data: Data): Data {
  return localised(data as Named, "") as Data;
}

/** What something is called in a language, by its path, such as `private length short`. `undefined`: as in English. */
export function nameIn(language: string, path: string): string | undefined {
  return Object.hasOwn(LANGUAGES, language) ? LANGUAGES[language]?.names[path] : undefined;
}

/** The path is what one types: commands of menus are named as they are shown. */
function localised(named: Named, above: string): Named {
  const path = `${above} ${named.name}`.trim();
  const names = inLanguages((language) => language.names[path]);
  const descriptions = inLanguages((language) => language.commands[path]);
  return {
    ...named,
    ...(names === undefined ? {} : { name_localizations: names }),
    ...(named.description === undefined || descriptions === undefined ? {} : { description_localizations: descriptions }),
    ...(named.options === undefined ? {} : { options: named.options.map((option) => localised(option, path)) }),
    ...(named.choices === undefined ? {} : { choices: named.choices.map((choice) => localised(choice, path)) }),
  };
}

function inLanguages(word: (language: (typeof LANGUAGES)[string]) => string | undefined): Readonly<Record<string, string>> | undefined {
  const words = Object.entries(LANGUAGES).flatMap(([locale, language]) => {
    const found = word(language);
    return found === undefined ? [] : [[locale, found] as const];
  });
  return words.length === 0 ? undefined : Object.fromEntries(words);
}
