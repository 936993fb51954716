import type { BaseChatModelCallOptions, BaseChatModelParams, BindToolsInput } from "@langchain/core/language_models/chat_models";
import {
  callback,
  checkByRules,
  checkOptions,
  DEFAULTS,
  type Engine,
  flag,
  natural,
  oneOf,
  positive,
  type RainOptions,
  type Rule,
} from "../../core/index.ts";
import { checkLlamaOptions } from "../../llama.ts";
import { isEngine } from "./is-engine.ts";
import type { OnRainEvent } from "./rain-events.ts";
import { engineOptions, LOAD_OPTIONS, type LoadOptions } from "./shared-engine.ts";

/** How an answer is written, except for what LangChain has names of its own for. */
export type Decoding = Omit<RainOptions, "signal" | "onEvent" | "onTree" | "stop" | "tools" | "toolChoice" | "parallelCalls" | "format">;

/** What may be told of while an answer is written. */
export interface Telling {
  /** Told of every rewind and commit, as it happens; also dispatched as custom event `rain`. Discarded text only with `revealDiscarded`. */
  readonly onRainEvent?: OnRainEvent;
}

/** How to make a `ChatRain`. All optional. */
export interface ChatRainFields extends BaseChatModelParams, Decoding, LoadOptions, Telling {
  /**
   * `"embedded"`, the path of a GGUF file, an address such as `hf:owner/repository:quantization`, or an engine that is loaded already
   * (and that its owner disposes of). @default "embedded"
   */
  readonly model?: string | Engine;
  /** Strings that end an answer; neither they nor what follows is in its text. @default [] */
  readonly stop?: readonly string[];
  /** Whether each search is a child run in traces: what it tried and what came of it, in numbers. @default false */
  readonly traceSearch?: boolean;
  /**
   * A page for each answer that shows its search: written to this file in place of the last answer's, or given to this function. What
   * was discarded is in it only with `revealDiscarded`. @default none
   */
  readonly trace?: string | ((page: string) => unknown);
  /** Whether `onNotice` is told, once for each model and principle, that the judge is unfit. What then happens says `onUnfit`. @default true */
  readonly checkJudge?: boolean;
  /** Told what a person should know although it works, such as a model that judges badly. @default a process warning */
  readonly onNotice?: (notice: string) => void;
}

/** A format that answers must have, in the form in which OpenAI's models take it. */
export type ResponseFormat =
  | { readonly type: "text" }
  | { readonly type: "json_object" }
  | {
      readonly type: "json_schema";
      readonly json_schema: { readonly name?: string; readonly schema: Readonly<Record<string, unknown>> };
    };

/** What may be said anew for each call, by `invoke(input, options)` or `withConfig(options)`. It wins over the fields. */
export interface ChatRainCallOptions extends BaseChatModelCallOptions, Decoding, Telling {
  /** What may be called. `bindTools` sets it. */
  tools?: readonly BindToolsInput[];
  /** Whether one answer may make several calls. @default true */
  parallel_tool_calls?: boolean;
  /** `withStructuredOutput` sets it. @default text */
  response_format?: ResponseFormat;
}

/** What LangChain's own constructors take. */
const LANGCHAIN_FIELDS: readonly string[] = [
  "verbose",
  "callbacks",
  "callbackManager",
  "tags",
  "metadata",
  "cache",
  "maxConcurrency",
  "maxRetries",
  "onFailedAttempt",
  "disableStreaming",
] satisfies readonly (keyof BaseChatModelParams)[];

/** Names of LangChain's for what the core calls otherwise, or what belongs to one answer. */
const NOT_DECODING: readonly string[] = ["signal", "onEvent", "onTree", "tools", "toolChoice", "parallelCalls", "format"];

const DECODING = Object.keys(DEFAULTS).filter((name) => !NOT_DECODING.includes(name));

/** Of what is said to nobody but a `ChatRain`. */
export const OWN_RULES = {
  model: { expected: "`embedded`, a path, an address or an engine", isMet: (value) => isPath(value) || isEngine(value) },
  onRainEvent: callback,
  traceSearch: flag,
  trace: { expected: "the path of a file or a function", isMet: (value) => typeof value === "function" || isPath(value) },
  checkJudge: flag,
  onNotice: callback,
  outputVersion: oneOf(["v0", "v1"]),
} as const satisfies Partial<Record<keyof ChatRainFields, Rule>>;

const FIELD_RULES: Readonly<Record<string, Rule>> = {
  // Checked by LangChain, by who loads, by the core.
  ...forAll([...LANGCHAIN_FIELDS, ...LOAD_OPTIONS, ...DECODING], { expected: "anything", isMet: () => true }),
  concurrency: positive,
  maxWaiting: natural,
  ...forAll(NOT_DECODING, { expected: "left out here (say it with a call, or bind it)", isMet: () => false }),
  ...OWN_RULES,
};

/**
 * The fields, if they can be meant.
 *
 * @throws {OptionError} for an unknown name (with a guess at the known one) or a value outside its range
 */
export function checkedFields(fields: ChatRainFields): ChatRainFields {
  checkByRules(fields, FIELD_RULES);
  checkOptions(decodingOptions(fields));
  checkLlamaOptions(engineOptions(loadOptions(fields)));
  return fields;
}

/** Fields that are plain data, and say what a model of the same kind would be made with. */
export const SERIALIZED_FIELDS: readonly string[] = [
  "model",
  ...LOAD_OPTIONS,
  // A judge is a function, as others are by default.
  ...DECODING.filter((name) => name !== "judge" && typeof Reflect.get(DEFAULTS, name) !== "function"),
  "traceSearch",
  "checkJudge",
  "outputVersion",
  "disableStreaming",
];

/** What says how answers are written. Chains send options for other models along with a call: they mean nothing here. */
export function decodingOptions(given: ChatRainFields | Partial<ChatRainCallOptions>): RainOptions {
  return pick(given, (name) => DECODING.includes(name));
}

export function loadOptions(fields: ChatRainFields): LoadOptions {
  const names: readonly string[] = LOAD_OPTIONS;
  return pick(fields, (name) => names.includes(name));
}

function pick(from: object, isWanted: (name: string) => boolean): Record<string, unknown> {
  return Object.fromEntries(Object.entries(from).filter(([name, value]) => value !== undefined && isWanted(name)));
}

function forAll(names: readonly string[], rule: Rule): Readonly<Record<string, Rule>> {
  return Object.fromEntries(names.map((name) => [name, rule]));
}

function isPath(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}
