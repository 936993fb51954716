/** What is wrong with settings, in words for those who wrote them: every problem at once, with its path. */
import type { z } from "zod";
import { complaint, didYouMean } from "../../core/index.ts";
import { ProblemsError } from "./problems-error.ts";
import { type GuildSettings, SETTINGS } from "./settings.ts";
import { ID, namesAt, settingKey } from "./settings-keys.ts";

/** Settings are not what they must be; nothing was changed. */
export class SettingsError extends ProblemsError {}

/**
 * Settings with all defaults in place.
 *
 * @throws {SettingsError} for each name that is unknown (with the nearest known one) and each value that cannot be
 */
export function checkSettings(value: unknown): GuildSettings {
  const result = SETTINGS.safeParse(value);
  if (result.success) return result.data;
  throw new SettingsError(
    result.error.issues.flatMap((issue) => problemsOf(issue, value)),
    { cause: result.error },
  );
}

function problemsOf(issue: z.core.$ZodIssue, root: unknown): readonly string[] {
  const path = issue.path.map(String);
  const place = path.join(".");
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((name) => unknownName(path, name));
    case "invalid_key":
      return issue.issues.map(({ message }) => `${message}, got \`${path.at(-1)}\` at \`${place}\``);
    case "custom":
      return [`${issue.message} at \`${place}\``];
    default:
      return [complaint(place || "settings", expectedAt(path), valueAt(root, path))];
  }
}

function unknownName(path: readonly string[], name: string): string {
  const place = path.length === 0 ? "" : ` in \`${path.join(".")}\``;
  return `Expected a known name${place}, got \`${name}\`${didYouMean(name, namesAt(path))}`;
}

function expectedAt(path: readonly string[]): string {
  const key = settingKey(path.join("."));
  if (key !== undefined) return key.expected;
  const list = settingKey(path.slice(0, -1).join("."));
  return list?.kind === "ids" ? ID : "settings by their names";
}

function valueAt(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined) return value;
  return typeof value === "object" && value !== null && Object.hasOwn(value, name) ? valueAt(Reflect.get(value, name), rest) : undefined;
}
