/** Settings one by one, as they are typed in a command: `talk.maxTokens` and `128`. */
import { complaint, didYouMean } from "../../core/index.ts";
import { DEFAULT_SETTINGS, type GuildSettings, principleNames } from "./settings.ts";
import { type SettingKey, settingKey, settingPaths } from "./settings-keys.ts";
import { checkSettings, SettingsError } from "./settings-problems.ts";
import { switchOf } from "./switch.ts";

/** As many completions as Discord shows. */
const MOST_COMPLETIONS = 25;

/** What stands for an empty list, an empty text, or no channel. */
const NOTHING = "none";

/**
 * The settings with one changed.
 *
 * @param text as a person types it: lists are ids or mentions with commas or blanks between them; `none` is nothing
 * @throws {SettingsError} for an unknown name (with the nearest known one) or a value that cannot be
 */
export function changedAt(settings: GuildSettings, path: string, text: string): GuildSettings {
  const key = knownKey(settings, path);
  return checkSettings(replaced(settings, path.split("."), typedValue(key, path, text.trim())));
}

/** What is set there now, as a person would type it. */
export function textAt(settings: GuildSettings, path: string): string {
  knownKey(settings, path);
  const value = path.split(".").reduce<unknown>((place, name) => own(place, name), settings);
  const text = Array.isArray(value) ? value.join(", ") : String(value ?? "");
  return text === "" ? NOTHING : text;
}

/** The paths that begin with or contain what was typed so far, at most 25. */
export function completions(typed: string, settings: GuildSettings = DEFAULT_SETTINGS): readonly string[] {
  return matching(settingPaths(settings), typed);
}

/** What the setting may be, as far as that can be listed, at most 25. */
export function valueCompletions(path: string, typed: string, settings: GuildSettings = DEFAULT_SETTINGS): readonly string[] {
  const key = settingPaths(settings).includes(path) ? settingKey(path) : undefined;
  if (key === undefined) return [];
  const choices = key.kind === "principle" ? principleNames(settings) : key.choices;
  const initial = key.kind === "integer" || key.kind === "number" ? [String(key.initial)] : [];
  return matching([...choices, ...initial, ...(key.isOptional ? [NOTHING] : [])], typed);
}

function matching(texts: readonly string[], typed: string): readonly string[] {
  const wanted = typed.trim().toLowerCase();
  const found = texts.filter((text) => text.toLowerCase().includes(wanted));
  const [first, rest] = [found.filter((text) => text.toLowerCase().startsWith(wanted)), found];
  return [...new Set([...first, ...rest])].slice(0, MOST_COMPLETIONS);
}

function knownKey(settings: GuildSettings, path: string): SettingKey {
  const paths = settingPaths(settings);
  const key = paths.includes(path) ? settingKey(path) : undefined;
  if (key !== undefined) return key;
  throw new SettingsError([`Expected the name of a setting, got \`${path}\`${didYouMean(path, paths)}`]);
}

function typedValue(key: SettingKey, path: string, text: string): unknown {
  const isNothing = key.isOptional && text.toLowerCase() === NOTHING;
  switch (key.kind) {
    case "switch":
      return switchOf(text) ?? text;
    case "integer":
    case "number":
      return /^-?\d*\.?\d+(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
    case "ids":
      return isNothing ? [] : idsOf(path, text);
    case "id":
      return isNothing ? undefined : (idOf(text) ?? text);
    case "text":
      return isNothing ? "" : text;
    case "choice":
    case "principle":
      return text.toLowerCase();
    default:
      return key.kind satisfies never;
  }
}

function idsOf(path: string, text: string): readonly string[] {
  const parts = text.split(/[\s,]+/).filter((part) => part !== "");
  const wrong = parts.filter((part) => idOf(part) === undefined);
  if (wrong.length > 0) throw new SettingsError(wrong.map((part) => complaint(path, "ids of 17 to 20 digits or mentions", part)));
  return [...new Set(parts.map((part) => idOf(part) as string))];
}

/** An id, or a mention of a channel, a person or a role. */
function idOf(text: string): string | undefined {
  return /^(?:<(?:#|@[!&]?)(\d{17,20})>|(\d{17,20}))$/
    .exec(text)
    ?.slice(1)
    .find((id) => id !== undefined);
}

/** A copy in which one value is another. What is on the way there and missing is made. */
function replaced(place: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value;
  const before = typeof place === "object" && place !== null ? Object.entries(place) : [];
  const changed = [name, replaced(own(place, name), rest, value)] as const;
  const isNew = before.every(([other]) => other !== name);
  const after = isNew ? [...before, changed] : before.map((entry) => (entry[0] === name ? changed : entry));
  // By entries, which set names that are special to objects like any other.
  return Object.fromEntries(after.filter(([, part]) => part !== undefined));
}

function own(place: unknown, name: string): unknown {
  return typeof place === "object" && place !== null && Object.hasOwn(place, name) ? Reflect.get(place, name) : undefined;
}
