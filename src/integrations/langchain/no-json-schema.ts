import { OptionError } from "../../core/index.ts";

/** A schema of a library's own that says what JSON cannot have, such as a date. */
export function noJsonSchema(option: string, received: unknown, cause: unknown): OptionError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `Expected \`${option}\` to have schemas of what JSON can say, got one that says more: ${reason} (a date, for example, is a string there)`;
  return Object.assign(new OptionError(option, message, received), { cause });
}
