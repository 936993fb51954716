/** Every setting as one line: its dotted path and what it may be. Read off the schema, so that neither can say what the other does not. */
import { z } from "zod";
import { type GuildSettings, principleNames, SETTINGS } from "./settings.ts";

export type SettingKind = "switch" | "integer" | "number" | "choice" | "text" | "id" | "ids" | "principle";

/** One setting that can be set by itself. */
export interface SettingKey {
  /** Such as `talk.maxTokens`; with `*` for the name of a principle. */
  readonly path: string;
  readonly kind: SettingKind;
  /** For people, in one line. */
  readonly description: string;
  /** Completes "Expected `path` to be ...". */
  readonly expected: string;
  /** What it may be, where that can be listed. Principles are the guild's own: see `choicesOf`. */
  readonly choices: readonly string[];
  /** What it is in a guild that never decided; `undefined`: nothing. */
  readonly initial: unknown;
  /** Whether it may be nothing. */
  readonly isOptional: boolean;
}

/** What we read of JSON Schema: as zod writes it for `SETTINGS`, and no more. */
interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly kind?: SettingKind;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | false;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
}

export const ID = "an id of 17 to 20 digits";

const ROOT = z.toJSONSchema(SETTINGS, { io: "input" }) as Node;

/** All keys, in the order of the schema. */
export const SETTING_KEYS: readonly SettingKey[] = [...leaves(ROOT, [])];

/** The key that a path leads to; `undefined` if there is none. */
export function settingKey(path: string): SettingKey | undefined {
  const parts = path.split(".");
  return SETTING_KEYS.find((key) => {
    const expected = key.path.split(".");
    return expected.length === parts.length && expected.every((part, index) => part === "*" || part === parts[index]);
  });
}

/** All paths of a guild: with the names of the principles that it knows. */
export function settingPaths(settings: GuildSettings): readonly string[] {
  return SETTING_KEYS.flatMap(({ path }) =>
    // What a principle says is written in a form of its own: its words make sense only together.
    path.startsWith("principles.") ? [] : path.includes("*") ? principleNames(settings).map((name) => path.replace("*", name)) : [path],
  );
}

/** The description of a group of settings, such as `talk`, or of one. */
export function describe(path: readonly string[]): string | undefined {
  let node: Node | undefined = ROOT;
  for (const part of path) {
    const properties: Readonly<Record<string, Node>> = node?.properties ?? {};
    node = Object.hasOwn(properties, part) ? properties[part] : node?.additionalProperties || undefined;
  }
  return node?.description;
}

/** The names that are known at a place. */
export function namesAt(path: readonly string[]): readonly string[] {
  const below = SETTING_KEYS.map((key) => key.path.split(".")).filter((parts) => isBelow(parts, path));
  return [...new Set(below.map((parts) => parts[path.length] as string))];
}

function isBelow(parts: readonly string[], path: readonly string[]): boolean {
  return parts.length > path.length && path.every((part, index) => parts[index] === part || parts[index] === "*");
}

function* leaves(node: Node, path: readonly string[]): Generator<SettingKey> {
  if (node.type !== "object") {
    yield leaf(node, path.join("."));
    return;
  }
  for (const [name, child] of Object.entries(node.properties ?? {})) yield* leaves(child, [...path, name]);
  if (node.additionalProperties) yield* leaves(node.additionalProperties, [...path, "*"]);
}

function leaf(node: Node, path: string): SettingKey {
  const kind = kindOf(node);
  return {
    path,
    kind,
    description: node.description ?? "",
    expected: expectedOf(kind, node),
    choices: kind === "switch" ? ["true", "false"] : (node.enum ?? []),
    initial: node.default,
    isOptional: kind === "ids" || (kind === "id" && node.default === undefined) || (kind === "text" && node.minLength === undefined),
  };
}

function kindOf({ kind, type, enum: choices, maxLength }: Node): SettingKind {
  if (kind !== undefined) return kind;
  if (type === "boolean") return "switch";
  if (type === "integer" || type === "number") return type;
  if (type === "array") return "ids";
  if (choices !== undefined) return "choice";
  return maxLength === undefined ? "id" : "text";
}

function expectedOf(
  kind: SettingKind,
  { minimum, maximum, minLength = 0, maxLength, maxItems, pattern, enum: choices = [] }: Node,
): string {
  switch (kind) {
    case "switch":
      return "true or false";
    case "integer":
      return `a whole number from ${minimum} to ${maximum}`;
    case "number":
      return `a number from ${minimum} to ${maximum}`;
    case "choice":
      return `one of ${choices.join(", ")}`;
    case "text":
      return `${pattern === undefined ? "a text" : "one line"} of ${minLength} to ${maxLength} characters`;
    case "id":
      return ID;
    case "ids":
      return `a list of at most ${maxItems} ids of 17 to 20 digits`;
    case "principle":
      return "the name of a principle";
    default:
      return kind satisfies never;
  }
}
