/** Settings as people read and write them: one by one, such as `talk.maxTokens` and `128`, or all of them in a file. */
import { isDeepStrictEqual } from "node:util";
import { Document, isMap, isScalar, isSeq, type YAMLMap } from "yaml";
import { z } from "zod";
import { complaint, didYouMean } from "../../core/index.ts";
import { NAME, type Picks } from "./fields.ts";
import { own } from "./own.ts";
import { ProblemsError, readPlainYaml } from "./plain-yaml.ts";
import { type GuildSettings, principleNames, SETTINGS, USUAL } from "./settings.ts";

/** Problems that are told one by one: where thousands of names are unknown, each is looked for among the known ones, and nobody reads them all. */
const MOST_PROBLEMS = 20;

/** What stands for an empty list, an empty text, or no channel. */
const NOTHING = "none";

/** Settings are not what they must be; nothing was changed. */
export class SettingsError extends ProblemsError {}

/** What we read of JSON Schema, as zod writes it for `SETTINGS`: a setting, or a group of them. */
export interface SettingNode {
  /** For people, in one line. */
  readonly description?: string;
  /** Completes "Expected `path` to be ...". Missing of a group. */
  readonly expected?: string;
  /** What it is in a guild that never decided. */
  readonly default?: unknown;
  readonly type?: string;
  readonly enum?: readonly string[];
  /** Whether it names a principle: those are the guild's own. */
  readonly isPrinciple?: boolean;
  /** What its ids are of. */
  readonly picks?: Picks;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, SettingNode>>;
  readonly additionalProperties?: SettingNode | false;
  readonly items?: SettingNode;
}

const ROOT = z.toJSONSchema(SETTINGS) as SettingNode;

/** Every setting that can be set by itself, in the order of the schema; in its path, `*` stands for the name of a principle, or an id. */
export const SETTING_KEYS = [...leaves(ROOT, [])];

/** All paths of a guild: with the names of the principles that it knows. */
export function settingPaths(settings: GuildSettings): readonly string[] {
  // What a principle says is written in a form of its own: its words make sense only together.
  const paths = SETTING_KEYS.map(({ path }) => path).filter((path) => !path.startsWith("principles."));
  return paths.flatMap((path) => named(settings, path));
}

/** With a guild's names in the places of `*`. */
function named(settings: GuildSettings, path: string): readonly string[] {
  const [above, ...rest] = path.split(".*");
  if (above === undefined || rest.length === 0) return [path];
  return (namesBelow(settings, above) ?? []).flatMap((name) => named(settings, `${above}.${name}${rest.join(".*")}`));
}

/** What is below a path, where a guild names that itself. `undefined`: the schema does. */
export function namesBelow(settings: GuildSettings, path: string): readonly string[] | undefined {
  const { moderation, principles, exceptions } = settings;
  if (path === "moderation.rules") return principleNames(settings);
  if (path === "moderation.filters.patterns") return Object.keys(moderation.filters.patterns);
  if (path === "principles") return Object.keys(principles);
  if (path === "exceptions") return Object.keys(exceptions);
  return /^exceptions\.\d+\.rules$/.test(path) ? Object.keys(moderation.rules) : undefined;
}

const EXCEPTIONS = "exceptions.";
const PATTERNS = "moderation.filters.patterns.";

/** With the exception or the pattern that a path speaks of, which somebody is about to make. */
export function settingsAround(settings: GuildSettings, path: string): GuildSettings {
  const { moderation, exceptions } = settings;
  const { filters } = moderation;
  const [, id] = /^exceptions\.(\d{17,20})(?:\.|$)/.exec(path) ?? [];
  if (id !== undefined && own(exceptions, id) === undefined)
    return { ...settings, exceptions: { ...exceptions, ...SETTINGS.parse({ exceptions: { [id]: {} } }).exceptions } };
  const name = path.startsWith(PATTERNS) ? (path.slice(PATTERNS.length).split(".")[0] ?? "") : "";
  if (!NAME.test(name) || own(filters.patterns, name) !== undefined) return settings;
  const patterns = { ...filters.patterns, [name]: { pattern: "", action: "off" as const } };
  return { ...settings, moderation: { ...moderation, filters: { ...filters, patterns } } };
}

/** A setting, or a group of them, such as `talk`. */
export function settingAt(path: readonly PropertyKey[]): SettingNode | undefined {
  return path.reduce<SettingNode | undefined>(
    (node, name) => own(node?.properties ?? {}, String(name)) ?? (node?.additionalProperties || node?.items),
    ROOT,
  );
}

/**
 * Settings with all defaults in place.
 *
 * @param at where each path is written, to begin a problem with
 * @throws {SettingsError} for each name that is unknown (with the nearest known one) and each value that cannot be
 */
export function checkSettings(value: unknown, at: (path: readonly PropertyKey[]) => string = () => ""): GuildSettings {
  const result = SETTINGS.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => problemsOf(issue, at));
  const told = problems.slice(0, MOST_PROBLEMS).map((problem) => problem());
  const more = problems.length - told.length;
  throw new SettingsError(more > 0 ? [...told, `${more} more like these`] : told, { cause: result.error });
}

/**
 * The settings with one changed.
 *
 * @param text as a person types it: lists are ids or mentions with commas or blanks between them; `none` is nothing
 * @throws {SettingsError} for an unknown name (with the nearest known one) or a value that cannot be
 */
export function changedAt(settings: GuildSettings, path: string, text: string): GuildSettings {
  const setting = knownSetting(settings, path);
  const document = documentOf(settings);
  if (mayBeNothing(setting) && text.trim().toLowerCase() === NOTHING) document.deleteIn(path.split("."));
  else document.setIn(path.split("."), text.trim());
  const changed = checkSettings(document.toJS());
  if (isDeepStrictEqual(changed, settings)) return settings;
  // An exception that is taken back leaves nothing behind, nor does a pattern.
  const exceptions = Object.entries(changed.exceptions)
    .map(([id, exception]) => [id, { ...exception, rules: thatSaySomething(exception.rules) }] as const)
    .filter(([, exception]) => saysSomething(exception));
  const { filters } = changed.moderation;
  const patterns = Object.entries(filters.patterns).filter(([, { pattern, action }]) => pattern !== "" || action !== "off");
  return {
    ...changed,
    moderation: { ...changed.moderation, filters: { ...filters, patterns: Object.fromEntries(patterns) } },
    exceptions: Object.fromEntries(exceptions),
  };
}

function thatSaySomething<Value>(values: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => saysSomething(value)));
}

function saysSomething(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.values(value).some(saysSomething);
  return value !== undefined && value !== USUAL;
}

/** What is set there now, as a person would type it. */
export function textAt(settings: GuildSettings, path: string): string {
  const { default: usual } = knownSetting(settings, path);
  const value = documentOf(settings).getIn(path.split("."));
  const text = isSeq(value)
    ? value.toJSON().join(", ")
    : String(value ?? (path.startsWith(EXCEPTIONS) || path.startsWith(PATTERNS) ? usual : undefined) ?? "");
  return text === "" ? NOTHING : text;
}

/** Every setting in YAML, with what it means and what it may be. */
export function exportSettings(settings: GuildSettings): string {
  const exceptions = Object.entries(settings.exceptions).map(([id, { rules, filters, ...exception }]) => {
    const single = { rules: thatSaySomething(rules), filters: thatSaySomething(filters) };
    return [id, { ...exception, ...Object.fromEntries(Object.entries(single).filter(([, said]) => saysSomething(said))) }] as const;
  });
  const document = new Document({ ...settings, exceptions: Object.fromEntries(exceptions) }, { aliasDuplicateObjects: false });
  if (isMap(document.contents)) annotate(document.contents, [], new Set());
  return document.toString({ lineWidth: 0 });
}

/**
 * Settings from YAML or JSON. What is left out has its default.
 *
 * @throws {SettingsError} with every problem: files that are too long, that are no YAML, that use more of it than settings need (anchors,
 *   tags, duplicate names), unknown names, values that cannot be
 */
export function importSettings(text: string): GuildSettings {
  const { value, problems, at } = readPlainYaml(text);
  if (problems.length > 0) throw new SettingsError(problems);
  return checkSettings(value, at);
}

function* leaves(node: SettingNode, path: readonly string[]): Generator<SettingNode & { readonly path: string }> {
  if (node.expected !== undefined) yield { ...node, path: path.join(".") };
  for (const [name, child] of Object.entries(node.properties ?? {})) yield* leaves(child, [...path, name]);
  if (node.additionalProperties) yield* leaves(node.additionalProperties, [...path, "*"]);
}

/** One for each problem; its words are looked for when it is told. */
function problemsOf(issue: z.core.$ZodIssue, at: (path: readonly PropertyKey[]) => string): readonly (() => string)[] {
  const { path } = issue;
  const name = path.join(".");
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => () => {
        const known = Object.keys(settingAt(path)?.properties ?? {});
        return `${at([...path, key])}Expected a known name${name && ` in \`${name}\``}, got \`${key}\`${didYouMean(key, known)}`;
      });
    case "invalid_key":
      return issue.issues.map(
        ({ message }) =>
          () =>
            `${at(path)}${message}, got \`${String(path.at(-1))}\` at \`${name}\``,
      );
    case "custom":
      return [() => `${at(path)}${issue.message} at \`${name}\``];
    default:
      return [() => at(path) + complaint(name || "settings", settingAt(path)?.expected ?? "settings by their names", issue.input)];
  }
}

function knownSetting(settings: GuildSettings, path: string): SettingNode {
  const paths = settingPaths(settingsAround(settings, path));
  const setting = paths.includes(path) ? settingAt(path.split(".")) : undefined;
  if (setting !== undefined) return setting;
  throw new SettingsError([`Expected the name of a setting, got \`${path}\`${didYouMean(path, paths)}`]);
}

function documentOf(settings: GuildSettings): Document {
  return new Document(settings, { aliasDuplicateObjects: false });
}

function mayBeNothing(setting: SettingNode): boolean {
  return String(setting.default ?? "") === "";
}

/** Each description once: what is said of the first principle is true of the others. */
function annotate(map: YAMLMap, path: readonly string[], said: Set<string>): void {
  for (const { key, value } of map.items) {
    if (!isScalar(key)) continue;
    const place = [...path, String(key.value)];
    const { description = "", enum: choices = [] } = settingAt(place) ?? {};
    const words = choices.length > 0 ? `${description} (${choices.join(", ")})` : description;
    if (words !== "" && !said.has(words)) key.commentBefore = ` ${words}`;
    said.add(words);
    if (isMap(value)) annotate(value, place, said);
  }
}
