/** The settings as pages on which people find them: the groups of the schema, each with its settings and the groups below it. */
import type { Picks } from "./fields.ts";
import { described, retold, type Words } from "./languages/say.ts";
import { type GuildSettings, principleNames } from "./settings.ts";
import { namesBelow, type SettingNode, settingAt, settingsAround } from "./settings-text.ts";

/** One page. */
export interface SettingsPage {
  /** Empty for the first one. */
  readonly path: string;
  readonly description: Words;
  /** Paths of the settings that are on it. */
  readonly settings: readonly string[];
  /** Paths of the pages below it. */
  readonly pages: readonly string[];
}

/** One setting, and how it may be set. */
export interface SettingFacts {
  readonly path: string;
  readonly description: Words;
  /** What it may be. */
  readonly expected: Words;
  /** `switch`: on or off; `choice`: one of `choices`; `pick`: of what a server has (`picks`); `number`: some of `choices`, or another one; `written`: a text. */
  readonly control: "switch" | "choice" | "pick" | "number" | "written";
  readonly choices: readonly string[];
  readonly picks: Picks | undefined;
  /** Whether several may be picked. */
  readonly isList: boolean;
  /** Whether it may be nothing: an empty list or text, or not set. */
  readonly mayBeNothing: boolean;
  /** Characters of a text, at most. */
  readonly longest: number | undefined;
}

/** `undefined`: there is none. An exception need not be there yet. */
export function settingsPage(settings: GuildSettings, path: string): SettingsPage | undefined {
  const node = nodeAt(settings, path);
  if (node === undefined || isSetting(node)) return undefined;
  const children = Object.entries(node.properties ?? {}).map(([name, child]) => [joined(path, name), child] as const);
  const named = namesBelow(settings, path)?.map((name) => joined(path, name)) ?? [];
  return {
    path,
    description: described(path, node.description ?? ""),
    settings: children.filter(([, child]) => isSetting(child)).map(([setting]) => setting),
    pages: [...children.filter(([, child]) => !isSetting(child)).map(([page]) => page), ...named],
  };
}

/** `undefined`: there is none. */
export function settingFacts(settings: GuildSettings, path: string): SettingFacts | undefined {
  const node = nodeAt(settings, path);
  if (node === undefined || !isSetting(node)) return undefined;
  const isNumber = node.type === "integer" || node.type === "number";
  const choices = node.isPrinciple ? principleNames(settings) : isNumber ? numbersOf(node, path) : (node.enum ?? []);
  return {
    path,
    description: described(path, node.description ?? ""),
    expected: (language) => retold(language, node.expected ?? ""),
    control: isNumber
      ? "number"
      : node.type === "boolean"
        ? "switch"
        : choices.length > 0
          ? "choice"
          : node.picks === undefined
            ? "written"
            : "pick",
    choices,
    picks: node.picks,
    isList: node.type === "array",
    mayBeNothing: String(node.default ?? "") === "",
    longest: node.maxLength,
  };
}

/** In which people count what a setting's name ends with. */
const STEPS: readonly (readonly [unit: RegExp, steps: readonly number[]])[] = [
  [/seconds$/i, [0, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600]],
  [/minutes$/i, [1, 5, 10, 15, 30, 60, 120, 360, 720, 1440, 4320, 10_080, 40_320]],
  [/hours$/i, [0, 1, 2, 6, 12, 24, 48, 72, 168, 336, 720]],
  [/days$/i, [0, 1, 2, 3, 7, 14, 30, 60, 90, 180, 365]],
];

/** Of all else. */
const COUNTS = [0, 1, 2, 3, 4, 5, ...[10, 100, 1000, 10_000, 100_000].flatMap((ten) => [ten, 2 * ten, 5 * ten]), 1_000_000];

/** Numbers that one picks without writing: round ones of those that may be, and what is set at first. */
function numbersOf({ type, minimum = 0, maximum = 0, default: usual }: SettingNode, path: string): readonly string[] {
  const tenths = () =>
    Array.from({ length: Math.round((maximum - minimum) * 10) + 1 }, (_, index) => (Math.round(minimum * 10) + index) / 10);
  const steps = type === "number" ? tenths() : (STEPS.find(([unit]) => unit.test(path))?.[1] ?? COUNTS);
  const numbers = steps.filter((step) => step >= minimum && step <= maximum);
  return [...new Set([...numbers, ...(typeof usual === "number" ? [usual] : [])])].toSorted((one, other) => one - other).map(String);
}

function nodeAt(settings: GuildSettings, path: string): SettingNode | undefined {
  const parts = path === "" ? [] : path.split(".");
  const around = settingsAround(settings, path);
  const isKnown = parts.every((name, index) => namesBelow(around, parts.slice(0, index).join("."))?.includes(name) ?? true);
  return isKnown ? settingAt(parts) : undefined;
}

function isSetting({ expected }: SettingNode): boolean {
  return expected !== undefined;
}

function joined(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
