import {
  type APIApplicationCommandOption,
  type APIApplicationCommandOptionChoice,
  type APIApplicationCommandSubcommandOption,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  Locale,
  type RESTPostAPIApplicationCommandsJSONBody,
} from "discord-api-types/v10";
import { type FieldPath, FormErrors } from "./form-errors.ts";

const LONGEST_NAME = 32;
const LONGEST_DESCRIPTION = 100;
const LONGEST_CHOICE = 100;
const MOST_OPTIONS = 25;
const MOST_COMMANDS: Partial<Record<ApplicationCommandType, number>> = {
  [ApplicationCommandType.ChatInput]: 100,
  [ApplicationCommandType.User]: 15,
  [ApplicationCommandType.Message]: 15,
};

/** What a command and its options may be called. */
const NAME = /^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$/u;

/** @throws {ApiError} where Discord would refuse to register these commands */
export function checkCommands(commands: readonly RESTPostAPIApplicationCommandsJSONBody[]): void {
  const errors = new FormErrors();
  for (const [type, most] of Object.entries(MOST_COMMANDS)) {
    errors.checkLength([], commands.filter((command) => typeOf(command) === Number(type)).length, [0, most]);
  }
  for (const [index, command] of commands.entries()) checkCommand(errors, [index], command);
  const names = commands.map((command) => `${typeOf(command)} ${command.name}`);
  for (const [index, name] of names.entries()) {
    if (names.indexOf(name) === index) continue;
    errors.add([index], { code: "APPLICATION_COMMANDS_DUPLICATE_NAME", message: "Application command names must be unique" });
  }
  errors.throwIfAny();
}

function typeOf({ type }: RESTPostAPIApplicationCommandsJSONBody): ApplicationCommandType {
  return type ?? ApplicationCommandType.ChatInput;
}

function checkCommand(errors: FormErrors, at: FieldPath, command: RESTPostAPIApplicationCommandsJSONBody): void {
  const { description = "", options = [] } = command as { readonly description?: string; readonly options?: APIApplicationCommandOption[] };
  if (typeOf(command) === ApplicationCommandType.ChatInput) {
    checkName(errors, at, command.name);
    checkLocalised(errors, at, command as Localised, (where, name) => checkName(errors, where, name));
    errors.checkLength([...at, "description"], description.length, [1, LONGEST_DESCRIPTION]);
    checkOptions(errors, at, options);
  } else {
    errors.checkLength([...at, "name"], command.name.length, [1, LONGEST_NAME]);
    checkLocalised(errors, at, command as Localised, (where, name) => errors.checkLength(where, name.length, [1, LONGEST_NAME]));
    errors.checkLength([...at, "description"], description.length, [0, 0]);
  }
}

interface Localised {
  readonly name_localizations?: Readonly<Record<string, string | null>> | null | undefined;
  readonly description_localizations?: Readonly<Record<string, string | null>> | null | undefined;
}

const LOCALES: readonly string[] = Object.values(Locale);

/** In each language there is, what it is called and what it is for. */
function checkLocalised(errors: FormErrors, at: FieldPath, localised: Localised, checkOne: (at: FieldPath, name: string) => void): void {
  const { name_localizations: names, description_localizations: descriptions } = localised;
  for (const [locale, name] of Object.entries(names ?? {})) {
    checkLocale(errors, [...at, "name_localizations", locale], locale);
    checkOne([...at, "name_localizations", locale], name ?? "");
  }
  for (const [locale, description] of Object.entries(descriptions ?? {})) {
    checkLocale(errors, [...at, "description_localizations", locale], locale);
    errors.checkLength([...at, "description_localizations", locale], description?.length ?? 0, [1, LONGEST_DESCRIPTION]);
  }
}

function checkLocale(errors: FormErrors, at: FieldPath, locale: string): void {
  if (!LOCALES.includes(locale)) errors.add(at, { code: "DICT_TYPE_KEY_INVALID", message: `${locale} is no locale` });
}

/** No two of them are called the same in one language. */
function checkDistinct(errors: FormErrors, at: FieldPath, named: readonly ({ readonly name: string } & Localised)[]): void {
  for (const locale of LOCALES) {
    const names = named.map(({ name, name_localizations: names }) => names?.[locale] ?? name);
    if (new Set(names).size < names.length)
      errors.add(at, { code: "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", message: `Option name already exists in ${locale}` });
  }
}

function checkName(errors: FormErrors, at: FieldPath, name: string): void {
  if (NAME.test(name) && name === name.toLowerCase()) return;
  errors.add([...at, "name"], { code: "APPLICATION_COMMAND_INVALID_NAME", message: "Command name is invalid" });
}

function checkOptions(errors: FormErrors, at: FieldPath, options: readonly APIApplicationCommandOption[]): void {
  errors.checkLength([...at, "options"], options.length, [0, MOST_OPTIONS]);
  checkDistinct(errors, [...at, "options"], options as readonly ({ readonly name: string } & Localised)[]);
  for (const [index, option] of options.entries()) {
    const inOptions = [...at, "options", index];
    checkName(errors, inOptions, option.name);
    checkLocalised(errors, inOptions, option as Localised, (where, name) => checkName(errors, where, name));
    errors.checkLength([...inOptions, "description"], option.description.length, [1, LONGEST_DESCRIPTION]);
    if (option.required && options.slice(0, index).some((before) => !before.required)) {
      errors.add(inOptions, {
        code: "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
        message: "Required options must be placed before non-required options",
      });
    }
    if (options.findIndex(({ name }) => name === option.name) !== index) {
      errors.add(inOptions, { code: "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", message: "Option name already exists" });
    }
    if (isGroup(option)) checkOptions(errors, inOptions, option.options ?? []);
    else checkChoices(errors, inOptions, option);
  }
}

function isGroup(option: APIApplicationCommandOption): option is APIApplicationCommandSubcommandOption {
  return option.type === ApplicationCommandOptionType.Subcommand || option.type === ApplicationCommandOptionType.SubcommandGroup;
}

function checkChoices(errors: FormErrors, at: FieldPath, option: object): void {
  const { choices = [], autocomplete } = option as {
    readonly choices?: readonly ({ readonly name: string } & Localised)[];
    readonly autocomplete?: boolean;
  };
  errors.checkLength([...at, "choices"], choices.length, [0, MOST_OPTIONS]);
  checkDistinct(errors, [...at, "choices"], choices);
  for (const [index, choice] of choices.entries()) {
    errors.checkLength([...at, "choices", index, "name"], choice.name.length, [1, LONGEST_CHOICE]);
    checkLocalised(errors, [...at, "choices", index], choice, (where, name) => errors.checkLength(where, name.length, [1, LONGEST_CHOICE]));
  }
  if (autocomplete && choices.length > 0) {
    errors.add([...at, "choices"], {
      code: "APPLICATION_COMMAND_AUTOCOMPLETE_NOT_ALLOWED",
      message: "Choices cannot be used with autocomplete",
    });
  }
}

const LONGEST_SUGGESTION = 100;

/** @throws {ApiError} where Discord would not suggest these */
export function checkSuggestions(choices: readonly APIApplicationCommandOptionChoice[]): void {
  const errors = new FormErrors();
  errors.checkLength(["data", "choices"], choices.length, [0, MOST_OPTIONS]);
  for (const [index, { name, value }] of choices.entries()) {
    const at = ["data", "choices", index];
    errors.checkLength([...at, "name"], name.length, [1, LONGEST_SUGGESTION]);
    errors.checkLength([...at, "value"], String(value).length, [1, LONGEST_SUGGESTION]);
  }
  errors.throwIfAny();
}
