import { complaint, OptionError } from "./errors.ts";
import { isPrinciple } from "./judge/principle.ts";
import { DEFAULTS, MODES, type RainOptions, type Settings } from "./options.ts";
import { PRESETS } from "./presets.ts";

interface Rule {
  /** Completes "Expected `name` to be ...". */
  readonly expected: string;
  readonly isMet: (value: unknown) => boolean;
}

/**
 * Fills in what was left out, and refuses what cannot be meant. Called once, where a request enters.
 *
 * @throws {OptionError} for an unknown name (with the nearest known one), a value outside its range, or two that exclude each other
 */
export function checkOptions(options: RainOptions = {}): Settings {
  if (!isRecord(options)) throw new OptionError("options", complaint("options", "an object", options), options);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) {
    if (!isKnown(name))
      throw new OptionError(
        name,
        `Expected known options, got \`${name}\` (did you mean \`${nearest(name, Object.keys(RULES))}\`?)`,
        value,
      );
    const rule = RULES[name];
    if (!rule.isMet(value)) throw new OptionError(name, complaint(name, rule.expected, value), value);
  }
  const settings: Settings = { ...DEFAULTS, ...PRESETS[options.preset ?? DEFAULTS.preset], ...Object.fromEntries(given) };
  const { format, stop } = settings;
  // A stop string inside a text of a format would cut it to something that is none.
  if (format !== undefined && stop.length > 0)
    throw new OptionError("stop", complaint("stop", "empty where there is a `format`", stop), stop);
  return settings;
}

/** Of the known names, the one that takes the fewest edits to reach. */
export function nearest(name: string, known: readonly string[]): string {
  const byDistance = known.toSorted((a, b) => editDistance(name, a) - editDistance(name, b));
  return byDistance[0] ?? name;
}

const positive: Rule = { expected: "a positive integer", isMet: (value) => Number.isSafeInteger(value) && Number(value) > 0 };
const natural: Rule = { expected: "a non-negative integer", isMet: (value) => Number.isSafeInteger(value) && Number(value) >= 0 };
const share = between(0, 1);
const correlation = between(-1, 1);
const temperature = between(0, 10);
const callback: Rule = { expected: "a function", isMet: (value) => typeof value === "function" };

const RULES: { readonly [Name in keyof Settings]: Rule } = {
  mode: oneOf(MODES),
  principle: { expected: "a principle (a built-in one, or the result of `principle()`)", isMet: isPrinciple },
  seed: { expected: "an integer from 0 to 4294967295", isMet: (value) => natural.isMet(value) && Number(value) < 2 ** 32 },
  maxTokens: positive,
  temperature,
  topK: positive,
  topP: { expected: "a number above 0 and up to 1", isMet: (value) => share.isMet(value) && value !== 0 },
  stop: {
    expected: "a list of non-empty strings",
    isMet: (value) => Array.isArray(value) && value.every((part) => typeof part === "string" && part !== ""),
  },
  format: {
    expected: 'an object such as `{ type: "json", schema: { type: "object" } }`',
    isMet: (value) => isRecord(value) && Reflect.get(value, "type") === "json" && isRecord(Reflect.get(value, "schema")),
  },
  signal: { expected: "an AbortSignal", isMet: (value) => value instanceof AbortSignal },
  onEvent: callback,
  revealDiscarded: oneOf([true, false]),
  tools: { expected: "a list of `{ name, parameters }`, each with a name of its own", isMet: areTools },
  toolChoice: {
    expected: "one of `auto`, `any`, `none`, or the `{ name }` of a tool",
    isMet: (value) => value === "auto" || value === "any" || value === "none" || isNamed(value),
  },
  parallelCalls: oneOf([true, false]),
  judgeExamples: natural,
  verdict: oneOf(["soft", "hard"]),
  preset: oneOf(Object.keys(PRESETS)),
  threshold: correlation,
  judging: oneOf(["in-place", "preamble"]),
  doubtMargin: between(0, 2),
  firstCheck: positive,
  checkGrowth: { expected: "a number of at least 2", isMet: (value) => isAtLeastZero(value) && Number(value) >= 2 },
  maxCheckGap: positive,
  candidates: positive,
  retries: natural,
  searchBudget: natural,
  exploreTemperature: temperature,
  heldBack: {
    expected: "a non-negative integer or Infinity",
    isMet: (value) => natural.isMet(value) || value === Number.POSITIVE_INFINITY,
  },
  onExhausted: oneOf(["refuse", "best", "error"]),
  refusal: { expected: "a text that is not empty", isMet: (value) => typeof value === "string" && value.trim() !== "" },
  judgeSignal: callback,
  cPuct: { expected: "a number of at least 0", isMet: isAtLeastZero },
  similarityShare: share,
  similarityThreshold: correlation,
  maxIterations: positive,
  carriedIterations: positive,
  minVisits: positive,
  valueThreshold: correlation,
  tokenSetLengths: {
    expected: "a list of positive integers",
    isMet: (value) => Array.isArray(value) && value.length > 0 && value.every(positive.isMet),
  },
  children: positive,
  childDraws: positive,
  childTopK: positive,
  childTemperature: temperature,
  additionVariance: { expected: "a number of at least 0", isMet: isAtLeastZero },
  additionMaxChildren: natural,
  rootSmoothing: share,
  maxSimulationTokens: positive,
  embed: callback,
  bestOf: positive,
};

function between(low: number, high: number): Rule {
  return { expected: `a number from ${low} to ${high}`, isMet: (value) => typeof value === "number" && value >= low && value <= high };
}

function oneOf(values: readonly unknown[]): Rule {
  return { expected: `one of ${values.map((value) => `\`${value}\``).join(", ")}`, isMet: (value) => values.includes(value) };
}

function isAtLeastZero(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && Number.isFinite(value);
}

function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNamed(value: unknown): value is { readonly name: string } {
  return typeof value === "object" && value !== null && "name" in value && typeof value.name === "string" && value.name !== "";
}

function areTools(value: unknown): boolean {
  if (!Array.isArray(value) || !value.every(isNamed)) return false;
  const isUnique = new Set(value.map(({ name }) => name)).size === value.length;
  return isUnique && value.every((tool) => "parameters" in tool && isRecord(tool.parameters));
}

function isKnown(name: string): name is keyof Settings {
  return Object.hasOwn(RULES, name);
}

/** Insertions, deletions and replacements between two words (Levenshtein), upper and lower case alike. */
function editDistance(left: string, right: string): number {
  const [from, to] = [left.toLowerCase(), right.toLowerCase()];
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[to.length] as number;
}
