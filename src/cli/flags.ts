/** How flags are read, and how complaints name them. */
import { Option } from "commander";
import { didYouMean, OptionError } from "../core/index.ts";
import { UsageError } from "./failure.ts";

/** A flag whose value is a number; its range is checked with the other options. */
export function numberOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text) => parseNumber(flags, text, "a number"));
}

/** A flag whose value is a number or one of a few words. */
export function numberOrWordOption(flags: string, description: string, words: readonly string[]): Option {
  const expected = `a number, ${words.map(quoted).join(" or ")}`;
  return new Option(flags, description).argParser((text) => (words.includes(text) ? text : parseNumber(flags, text, expected)));
}

/** A flag whose value is a share, as `5%` or `0.05`. */
export function shareOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text) => {
    const [, percent] = /^(.+)%$/.exec(text.trim()) ?? [];
    if (percent === undefined) return parseNumber(flags, text, "a share such as `5%` or `0.05`");
    return parseNumber(flags, percent, "a share such as `5%` or `0.05`") / 100;
  });
}

/** A flag whose value is one of a few words. */
export function choiceOption(flags: string, description: string, choices: readonly string[]): Option {
  return new Option(flags, description).argParser((text) => {
    if (choices.includes(text)) return text;
    throw new UsageError(
      `Expected \`${nameOf(flags)}\` to be one of ${choices.map(quoted).join(", ")}, got \`${text}\`${didYouMean(text, choices)}`,
    );
  });
}

/**
 * Runs a check of options; its complaint names `--max-tokens` where the core says `maxTokens`. `named`: the flags that are not
 * named after their option.
 */
export function checkFlags(check: () => unknown, named: Readonly<Record<string, string>> = {}): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    const { message, option } = error;
    throw new UsageError(message.replace(`\`${option}\``, `\`${named[option] ?? flagOf(option)}\``), { cause: error });
  }
}

/** `maxTokens` as it is given: `--max-tokens`. */
export function flagOf(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function parseNumber(flags: string, text: string, expected: string): number {
  const number = Number(text);
  if (text.trim() !== "" && !Number.isNaN(number)) return number;
  throw new UsageError(`Expected \`${nameOf(flags)}\` to be ${expected}, got \`${text}\``);
}

function nameOf(flags: string): string {
  return flags.split(" ")[0] as string;
}

function quoted(word: string): string {
  return `\`${word}\``;
}
