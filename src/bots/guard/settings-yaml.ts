/** Settings as a file that people read, keep, change and bring back. JSON is YAML, too. */
import { type Document, isMap, isScalar, parseDocument, visit, type YAMLMap, Document as YamlDocument } from "yaml";
import type { GuildSettings } from "./settings.ts";
import { describe, settingKey } from "./settings-keys.ts";
import { checkSettings, SettingsError } from "./settings-problems.ts";

/** More than the longest settings need. */
const MOST_BYTES = 64 * 1024;

/** Mistakes in the writing that are told at once: each one leads to more behind it. */
const MOST_SYNTAX_ERRORS = 3;

/** Every setting, with what it means and what it may be. */
export function exportSettings(settings: GuildSettings): string {
  const document = new YamlDocument(settings, { aliasDuplicateObjects: false });
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
  const bytes = Buffer.byteLength(text);
  if (bytes > MOST_BYTES) throw new SettingsError([`Expected at most ${MOST_BYTES} bytes of settings, got ${bytes}`]);
  // As big integers, or an id without quotation marks would lose its last digits.
  const document = parseDocument(text, { intAsBigInt: true });
  const problems = [...syntaxProblems(document), ...excesses(document)];
  if (problems.length > 0) throw new SettingsError(problems);
  return checkSettings(document.toJS({ maxAliasCount: 0, reviver: (_name, value) => plainInteger(value) }) ?? {});
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

function syntaxProblems({ errors, directives }: Document.Parsed): readonly string[] {
  const told = errors.slice(0, MOST_SYNTAX_ERRORS).map(({ message }) => message.split("\n", 1)[0]?.replace(/:$/, ""));
  const problems = told.map((message) => `Expected YAML or JSON, got a mistake: ${message}`);
  // Another version reads `yes` as true, and merges maps.
  return directives.yaml.explicit ? [...problems, "Expected no `%YAML` line, got one (leave it out)"] : problems;
}

/** What is not forbidden in YAML, but has no place in settings: a few bytes of it can become gigabytes. */
function excesses(document: Document.Parsed): readonly string[] {
  const found = new Set<string>();
  visit(document, {
    Alias: (_key, { source }) => void found.add(`Expected no references, got \`*${source}\` (write out what it stands for)`),
    Value: (_key, { anchor, tag }) => {
      if (anchor !== undefined) found.add(`Expected no anchors, got \`&${anchor}\` (leave it out)`);
      if (tag !== undefined) found.add(`Expected no tags, got \`${tag}\` (leave it out)`);
    },
    Pair: (_key, { key }) => {
      if (!isScalar(key)) found.add("Expected a name before each colon, got a list, a map or a reference");
      // The schema would pass over it in silence.
      else if (key.value === "__proto__") found.add("Expected a known name, got `__proto__`");
    },
  });
  return [...found];
}

function plainInteger(value: unknown): unknown {
  if (typeof value !== "bigint") return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
