/** Settings as a file that people read, keep, change and bring back. JSON is YAML, too. */
import { Document, isMap, isScalar, type YAMLMap } from "yaml";
import { readPlainYaml } from "./plain-yaml.ts";
import type { GuildSettings } from "./settings.ts";
import { describe, settingKey } from "./settings-keys.ts";
import { checkSettings, SettingsError } from "./settings-problems.ts";

/** Every setting, with what it means and what it may be. */
export function exportSettings(settings: GuildSettings): string {
  const document = new Document(settings, { aliasDuplicateObjects: false });
  if (isMap(document.contents)) annotate(document.contents, []);
  return document.toString({ lineWidth: 0 });
}

/**
 * What is left out has its default.
 *
 * @throws {SettingsError} with every problem: files that are too long, that are no YAML, that use more of it than settings need (anchors,
 *   tags, duplicate names), unknown names, values that cannot be
 */
export function importSettings(text: string): GuildSettings {
  const { value, problems } = readPlainYaml(text);
  if (problems.length > 0) throw new SettingsError(problems);
  return checkSettings(value);
}

/** Each description once: what is said of the first principle is true of the others. */
function annotate(map: YAMLMap, path: readonly string[], said = new Set<string>()): void {
  for (const { key, value } of map.items) {
    if (!isScalar(key)) continue;
    const place = [...path, String(key.value)];
    const words = wordsOn(place);
    if (words !== "" && !said.has(words)) key.commentBefore = ` ${words}`;
    said.add(words);
    if (isMap(value)) annotate(value, place, said);
  }
}

function wordsOn(path: readonly string[]): string {
  const choices = settingKey(path.join("."))?.choices ?? [];
  return `${describe(path) ?? ""}${choices.length > 2 ? ` (${choices.join(", ")})` : ""}`;
}
