import { complaint, OptionError } from "./errors.ts";
import { HARMLESS, isPrinciple } from "./judge/principle.ts";
import {
  EXAMPLE_COUNTS,
  JUDGINGS,
  MODES,
  ON_UNFIT,
  POINT_OUT_RESULTS,
  PRESETS,
  PROMPTINGS,
  type RainOptions,
  type Settings,
  THOUGHTS,
  URIAL_LAYOUTS,
} from "./options.ts";
import type { Schedule } from "./schedule.ts";
import { CONTRAST_FORMS } from "./search/contrast.ts";
import { embedText } from "./search/embedding.ts";

/** What the value of an option must be. */
export interface Rule {
  /** Completes "Expected `name` to be ...". */
  readonly expected: string;
  readonly isMet: (value: unknown) => boolean;
}

export const positive: Rule = { expected: "a positive integer", isMet: (value) => Number.isSafeInteger(value) && Number(value) > 0 };
export const natural: Rule = { expected: "a non-negative integer", isMet: (value) => Number.isSafeInteger(value) && Number(value) >= 0 };
export const callback: Rule = { expected: "a function", isMet: (value) => typeof value === "function" };
export const signal: Rule = { expected: "an AbortSignal", isMet: (value) => value instanceof AbortSignal };

/** A seed. */
export const uint32: Rule = integerBetween(0, 2 ** 32 - 1);
export const flag: Rule = oneOf([true, false]);

export function between(low: number, high: number): Rule {
  return { expected: `a number from ${low} to ${high}`, isMet: (value) => typeof value === "number" && value >= low && value <= high };
}

export function integerBetween(low: number, high: number): Rule {
  const isWithin = between(low, high).isMet;
  return { expected: `an integer from ${low} to ${high}`, isMet: (value) => Number.isSafeInteger(value) && isWithin(value) };
}

export function oneOf(values: readonly unknown[]): Rule {
  return { expected: `one of ${values.map((value) => `\`${value}\``).join(", ")}`, isMet: (value) => values.includes(value) };
}

function isAtLeastZero(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && Number.isFinite(value);
}

/**
 * What is `undefined` counts as left out.
 *
 * @throws {OptionError} for an unknown name (with a guess at the known one) or a value that breaks its rule
 */
export function checkByRules(options: object, rules: Readonly<Record<string, Rule>>): void {
  if (!isRecord(options)) throw new OptionError("options", complaint("options", "an object", options), options);
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) throw new OptionError(name, unknownName(name, Object.keys(rules)), value);
    if (!rule.isMet(value)) throw new OptionError(name, complaint(name, rule.expected, value), value);
  }
}

/** For the end of a complaint about an unknown name: a guess at the known one that was meant, where one is near enough (`mostEdits`); else nothing. */
export function didYouMean(
  name: string,
  known: readonly string[],
  mostEdits: (candidate: string) => number = ({ length }) => Math.max(SLIPS, length / 3),
): string {
  const [nearest] = known
    .map((candidate) => ({ candidate, edits: editDistance(name, candidate) }))
    .filter(({ candidate, edits }) => edits <= mostEdits(candidate) && edits < candidate.length)
    .sort((left, right) => left.edits - right.edits);
  return nearest === undefined ? "" : ` (did you mean \`${nearest.candidate}\`?)`;
}

/** Edits that a slip of the fingers takes at most, in a short word too. */
const SLIPS = 2;

function unknownName(name: string, known: readonly string[]): string {
  return `Expected known options, got \`${name}\`${didYouMean(name, known)}`;
}

/** Whether it is an object with names and values. */
export function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
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

/**
 * Fills in what was left out, and refuses what cannot be meant. Called once, where a request enters.
 *
 * @throws {OptionError} for an unknown name (with a guess at the known one), a value outside its range, or two that exclude each other
 */
export function checkOptions(options: RainOptions = {}): Settings {
  checkByRules(options, RULES);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const preset = PRESETS[options.preset ?? DEFAULTS.preset];
  const settings: Settings = {
    ...DEFAULTS,
    ...preset,
    // A given threshold holds as it is: no share of false flags replaces it.
    ...(options.threshold === undefined ? {} : { falseFlags: undefined }),
    ...Object.fromEntries(given),
    ...(options.seed === -1 ? { seed: crypto.getRandomValues(new Uint32Array(1))[0] as number } : {}),
    scheduleGiven: scheduleIn(options),
  };
  const { format, stop, prompting, tools } = settings;
  // A stop string inside a text of a format would cut it to something that is none.
  if (format !== undefined && stop.length > 0)
    throw new OptionError("stop", complaint("stop", "empty where there is a `format`", stop), stop);
  if (prompting === "urial" && tools.length > 0)
    throw new OptionError("tools", complaint("tools", "empty where `prompting` is `urial` (take `chat`)", tools), tools);
  return settings;
}

function scheduleIn({ firstCheck, checkGrowth, maxCheckGap }: RainOptions): Partial<Schedule> {
  const schedule = { firstCheck, checkGrowth, maxCheckGap };
  return Object.fromEntries(Object.entries(schedule).filter(([, value]) => value !== undefined));
}

const share = between(0, 1);
const correlation = between(-1, 1);
const temperature = between(0, 10);
const lookBack = integerBetween(-1, Number.MAX_SAFE_INTEGER);
const strings: Rule = {
  expected: "a list of non-empty strings",
  isMet: (value) => Array.isArray(value) && value.every((part) => typeof part === "string" && part !== ""),
};

interface OptionEntry<Value> {
  readonly rule: Rule;
  readonly byDefault: Value;
}

function option<Value>(rule: Rule, byDefault: Value): OptionEntry<Value> {
  return { rule, byDefault };
}

/** Every option: what it must be, and what it is where it is left out. What it means stands at its name in `RainOptions`; `docs/options.md` has all three. */
const OPTIONS: { readonly [Name in keyof Required<RainOptions>]: OptionEntry<Required<RainOptions>[Name]> } = {
  mode: option(oneOf(MODES), "adaptive"),
  principle: option({ expected: "a principle (a built-in one, or the result of `principle()`)", isMet: isPrinciple }, HARMLESS),
  seed: option(integerBetween(-1, 2 ** 32 - 1), 1),
  maxTokens: option(positive, 256),
  contextShift: option(flag, false),
  temperature: option(temperature, 1),
  topK: option(positive, 40),
  topP: option({ expected: "a number above 0 and up to 1", isMet: (value) => share.isMet(value) && value !== 0 }, 0.95),
  minP: option(share, 0),
  xtcProbability: option(share, 0),
  xtcThreshold: option(share, 0.1),
  repetitionPenalty: option({ expected: "a number above 0 and up to 10", isMet: (value) => between(0, 10).isMet(value) && value !== 0 }, 1),
  presencePenalty: option(between(-2, 2), 0),
  frequencyPenalty: option(between(-2, 2), 0),
  penaltyLastN: option(lookBack, 64),
  dryMultiplier: option(between(0, 100), 0),
  dryBase: option(between(1, 10), 1.75),
  dryAllowedLength: option(positive, 2),
  dryLastN: option(lookBack, -1),
  drySequenceBreakers: option(strings, ["\n", ":", '"', "*"]),
  logitBias: option({ expected: "an object of token numbers and biases from -100 to 100", isMet: areBiases }, {}),
  stop: option(strings, []),
  format: option(
    {
      expected:
        'an object such as `{ type: "json", schema: { type: "object" } }` (`isValid`, if there, a function, and `inSteps` true or false)',
      isMet: isJsonFormat,
    },
    undefined,
  ),
  logprobs: option(flag, false),
  signal: option(signal, undefined),
  onEvent: option(callback, () => undefined),
  onTree: option(callback, undefined),
  revealDiscarded: option(flag, false),
  tools: option(
    { expected: "a list of `{ name, parameters }`, each with a name of its own (`isValid`, if there, a function)", isMet: areTools },
    [],
  ),
  toolChoice: option(
    {
      expected: "one of `auto`, `any`, `none`, or the `{ name }` of a tool",
      isMet: (value) => value === "auto" || value === "any" || value === "none" || isNamed(value),
    },
    "auto",
  ),
  parallelCalls: option(flag, true),
  pointOutResults: option(oneOf(POINT_OUT_RESULTS), "repeated"),
  prompting: option(oneOf(PROMPTINGS), "auto"),
  urialExamples: option(
    {
      expected: `one of ${EXAMPLE_COUNTS.join(", ")}, or a list of \`{ query, answer }\``,
      isMet: (value) => oneOf(EXAMPLE_COUNTS).isMet(value) || (Array.isArray(value) && value.every(isExample)),
    },
    3,
  ),
  urialLayout: option(oneOf(URIAL_LAYOUTS), "lines"),
  thoughts: option(oneOf(THOUGHTS), "hidden"),
  thinkingBudget: option(natural, 1024),
  judgeExamples: option(natural, 10),
  verdict: option(oneOf(["soft", "hard"]), "soft"),
  preset: option(oneOf(Object.keys(PRESETS)), "balanced"),
  falseFlags: option(
    { expected: "a number above 0 and up to 0.5", isMet: (value) => between(0, 0.5).isMet(value) && value !== 0 },
    PRESETS.balanced.falseFlags,
  ),
  threshold: option(correlation, PRESETS.balanced.threshold),
  judging: option(oneOf(JUDGINGS), PRESETS.balanced.judging),
  judge: option(callback, undefined),
  onUnfit: option(oneOf(ON_UNFIT), "plain"),
  doubtMargin: option(between(0, 2), PRESETS.balanced.doubtMargin),
  firstCheck: option(positive, PRESETS.balanced.firstCheck),
  checkGrowth: option(
    { expected: "a number of at least 2", isMet: (value) => isAtLeastZero(value) && Number(value) >= 2 },
    PRESETS.balanced.checkGrowth,
  ),
  maxCheckGap: option(positive, PRESETS.balanced.maxCheckGap),
  candidates: option(positive, PRESETS.balanced.candidates),
  retries: option(natural, PRESETS.balanced.retries),
  searchBudget: option(natural, PRESETS.balanced.searchBudget),
  explore: option(oneOf(["resample", "contrast"]), "resample"),
  contrastForm: option(oneOf(CONTRAST_FORMS), "affix"),
  exploreTemperature: option(temperature, PRESETS.balanced.exploreTemperature),
  heldBack: option(
    {
      expected: "a non-negative integer or Infinity",
      isMet: (value) => natural.isMet(value) || value === Number.POSITIVE_INFINITY,
    },
    PRESETS.balanced.heldBack,
  ),
  onExhausted: option(oneOf(["refuse", "best", "error"]), "refuse"),
  refusal: option({ expected: "a text that is not empty", isMet: isText }, "I am sorry, but I cannot help with that."),
  judgeSignal: option(callback, () => undefined),
  cPuct: option({ expected: "a number of at least 0", isMet: isAtLeastZero }, 2),
  similarityShare: option(share, 0.2),
  similarityThreshold: option(correlation, 0.95),
  maxIterations: option(positive, 50),
  carriedIterations: option(positive, 15),
  minVisits: option(positive, 6),
  valueThreshold: option(correlation, 0.8),
  tokenSetLengths: option(
    {
      expected: "a list of positive integers",
      isMet: (value) => Array.isArray(value) && value.length > 0 && value.every(positive.isMet),
    },
    [1, 2, 4, 10],
  ),
  children: option(positive, 10),
  childDraws: option(positive, 10),
  childTopK: option(positive, 15),
  childTemperature: option(temperature, 1),
  additionVariance: option({ expected: "a number of at least 0", isMet: isAtLeastZero }, 0.03),
  additionValue: option(correlation, 0),
  additionMaxChildren: option(natural, 20),
  additionDraws: option(positive, 3),
  rootSmoothing: option(share, 0.25),
  maxSimulationTokens: option(positive, 40),
  embed: option(callback, embedText),
  bestOf: option(positive, 4),
};

export const RULES: Readonly<Record<string, Rule>> = Object.fromEntries(Object.entries(OPTIONS).map(([name, { rule }]) => [name, rule]));

export const DEFAULTS = Object.fromEntries(
  Object.entries(OPTIONS).map(([name, { byDefault }]) => [name, byDefault]),
) as unknown as Required<RainOptions>;

function isNamed(value: unknown): value is { readonly name: string } {
  return typeof value === "object" && value !== null && "name" in value && typeof value.name === "string" && value.name !== "";
}

function isExample(value: unknown): boolean {
  return isRecord(value) && ["query", "answer"].every((part) => isText(Reflect.get(value, part)));
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value.trim() !== "";
}

function areBiases(value: unknown): boolean {
  const isBias = between(-100, 100).isMet;
  return (
    isRecord(value) && Object.entries(value).every(([token, bias]) => natural.isMet(Number(token)) && token.trim() !== "" && isBias(bias))
  );
}

function isJsonFormat(value: unknown): boolean {
  if (!isRecord(value) || Reflect.get(value, "type") !== "json" || !isRecord(Reflect.get(value, "schema"))) return false;
  const { isValid, inSteps }: { readonly isValid?: unknown; readonly inSteps?: unknown } = value;
  return (isValid === undefined || callback.isMet(isValid)) && (inSteps === undefined || flag.isMet(inSteps));
}

function areTools(value: unknown): boolean {
  if (!Array.isArray(value) || !value.every(isNamed)) return false;
  const isUnique = new Set(value.map(({ name }) => name)).size === value.length;
  return isUnique && value.every(isTool);
}

function isTool(value: object): boolean {
  const { parameters, isValid }: { readonly parameters?: unknown; readonly isValid?: unknown } = value;
  return isRecord(parameters) && (isValid === undefined || callback.isMet(isValid));
}
