import { complaint, OptionError } from "./errors.ts";
import { HARMLESS, isPrinciple } from "./judge/principle.ts";
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
import { JUDGINGS, MODES, ON_UNFIT, type RainOptions, type Settings } from "./options.ts";
import { PRESETS } from "./presets.ts";
import { CONTRAST_FORMS } from "./prompts/contrast.ts";
import { EXAMPLE_COUNTS, PROMPTINGS, URIAL_LAYOUTS } from "./prompts/prompting.ts";
import type { Schedule } from "./schedule.ts";
import { embedText } from "./search/embedding.ts";

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
  seed: option(uint32, 1),
  maxTokens: option(positive, 256),
  temperature: option(temperature, 1),
  topK: option(positive, 40),
  topP: option({ expected: "a number above 0 and up to 1", isMet: (value) => share.isMet(value) && value !== 0 }, 0.95),
  stop: option(
    {
      expected: "a list of non-empty strings",
      isMet: (value) => Array.isArray(value) && value.every((part) => typeof part === "string" && part !== ""),
    },
    [],
  ),
  format: option(
    {
      expected: 'an object such as `{ type: "json", schema: { type: "object" } }`',
      isMet: (value) => isRecord(value) && Reflect.get(value, "type") === "json" && isRecord(Reflect.get(value, "schema")),
    },
    undefined,
  ),
  signal: option(signal, undefined),
  onEvent: option(callback, () => undefined),
  onTree: option(callback, undefined),
  revealDiscarded: option(flag, false),
  tools: option({ expected: "a list of `{ name, parameters }`, each with a name of its own", isMet: areTools }, []),
  toolChoice: option(
    {
      expected: "one of `auto`, `any`, `none`, or the `{ name }` of a tool",
      isMet: (value) => value === "auto" || value === "any" || value === "none" || isNamed(value),
    },
    "auto",
  ),
  parallelCalls: option(flag, true),
  prompting: option(oneOf(PROMPTINGS), "auto"),
  urialExamples: option(
    {
      expected: `one of ${EXAMPLE_COUNTS.join(", ")}, or a list of \`{ query, answer }\``,
      isMet: (value) => oneOf(EXAMPLE_COUNTS).isMet(value) || (Array.isArray(value) && value.every(isExample)),
    },
    3,
  ),
  urialLayout: option(oneOf(URIAL_LAYOUTS), "lines"),
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

function areTools(value: unknown): boolean {
  if (!Array.isArray(value) || !value.every(isNamed)) return false;
  const isUnique = new Set(value.map(({ name }) => name)).size === value.length;
  return isUnique && value.every((tool) => "parameters" in tool && isRecord(tool.parameters));
}
