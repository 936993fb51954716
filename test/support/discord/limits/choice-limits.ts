import type { APIApplicationCommandOptionChoice } from "discord-api-types/v10";
import { FormErrors } from "./form-errors.ts";

const MOST_CHOICES = 25;
const LONGEST = 100;

/** @throws {ApiError} where Discord would not suggest these */
export function checkChoices(choices: readonly APIApplicationCommandOptionChoice[]): void {
  const errors = new FormErrors();
  errors.checkLength(["data", "choices"], choices.length, [0, MOST_CHOICES]);
  for (const [index, { name, value }] of choices.entries()) {
    const at = ["data", "choices", index];
    errors.checkLength([...at, "name"], name.length, [1, LONGEST]);
    errors.checkLength([...at, "value"], String(value).length, [1, LONGEST]);
  }
  errors.throwIfAny();
}
