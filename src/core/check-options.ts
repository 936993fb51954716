import { complaint, OptionError } from "./errors.ts";
import { isPrinciple } from "./judge/principle.ts";
import {
  between,
  callback,
  checkByRules,
  flag,
  isAtLeastZero,
  isRecord,
  natural,
  oneOf,
  positive,
  type Rule,
  signal,
  uint32,
} from "./option-rules.ts";
import { DEFAULTS, JUDGINGS, MODES, ON_UNFIT, type RainOptions, type Settings } from "./options.ts";
import { PRESETS } from "./presets.ts";
import { CONTRAST_FORMS } from "./prompts/contrast.ts";
import { EXAMPLE_COUNTS, PROMPTINGS, URIAL_LAYOUTS } from "./prompts/prompting.ts";
import type { Schedule } from "./schedule.ts";

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
    // Who says a value means it, and not the share of flags that it comes to.
    ...(options.threshold === undefined ? {} : { falseFlags: undefined }),
    ...Object.fromEntries(given),
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

const RULES: { readonly [Name in keyof Required<RainOptions>]: Rule } = {
  mode: oneOf(MODES),
  principle: { expected: "a principle (a built-in one, or the result of `principle()`)", isMet: isPrinciple },
  seed: uint32,
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
  signal,
  onEvent: callback,
  onTree: callback,
  revealDiscarded: flag,
  tools: { expected: "a list of `{ name, parameters }`, each with a name of its own", isMet: areTools },
  toolChoice: {
    expected: "one of `auto`, `any`, `none`, or the `{ name }` of a tool",
    isMet: (value) => value === "auto" || value === "any" || value === "none" || isNamed(value),
  },
  parallelCalls: flag,
  prompting: oneOf(PROMPTINGS),
  urialExamples: {
    expected: `one of ${EXAMPLE_COUNTS.join(", ")}, or a list of \`{ query, answer }\``,
    isMet: (value) => oneOf(EXAMPLE_COUNTS).isMet(value) || (Array.isArray(value) && value.every(isExample)),
  },
  urialLayout: oneOf(URIAL_LAYOUTS),
  judgeExamples: natural,
  verdict: oneOf(["soft", "hard"]),
  preset: oneOf(Object.keys(PRESETS)),
  falseFlags: { expected: "a number above 0 and up to 0.5", isMet: (value) => between(0, 0.5).isMet(value) && value !== 0 },
  threshold: correlation,
  judging: oneOf(JUDGINGS),
  judge: callback,
  onUnfit: oneOf(ON_UNFIT),
  doubtMargin: between(0, 2),
  firstCheck: positive,
  checkGrowth: { expected: "a number of at least 2", isMet: (value) => isAtLeastZero(value) && Number(value) >= 2 },
  maxCheckGap: positive,
  candidates: positive,
  retries: natural,
  searchBudget: natural,
  explore: oneOf(["resample", "contrast"]),
  contrastForm: oneOf(CONTRAST_FORMS),
  exploreTemperature: temperature,
  heldBack: {
    expected: "a non-negative integer or Infinity",
    isMet: (value) => natural.isMet(value) || value === Number.POSITIVE_INFINITY,
  },
  onExhausted: oneOf(["refuse", "best", "error"]),
  refusal: { expected: "a text that is not empty", isMet: isText },
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
  additionValue: correlation,
  additionMaxChildren: natural,
  additionDraws: positive,
  rootSmoothing: share,
  maxSimulationTokens: positive,
  embed: callback,
  bestOf: positive,
};

function isNamed(value: unknown): value is { readonly name: string } {
  return typeof value === "object" && value !== null && "name" in value && typeof value.name === "string" && value.name !== "";
}

function isExample(value: unknown): boolean {
  return isRecord(value) && ["query", "answer"].every((part) => isText(Reflect.get(value, part)));
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value.trim() !== "";
}

function areTools(value: unknown): boolean {
  if (!Array.isArray(value) || !value.every(isNamed)) return false;
  const isUnique = new Set(value.map(({ name }) => name)).size === value.length;
  return isUnique && value.every((tool) => "parameters" in tool && isRecord(tool.parameters));
}
