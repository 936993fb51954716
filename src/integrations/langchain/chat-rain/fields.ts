import { createHash, randomUUID } from "node:crypto";
import { basename } from "node:path";
import type { BaseChatModelCallOptions, BaseChatModelParams, BindToolsInput } from "@langchain/core/language_models/chat_models";
import {
  callback,
  checkByRules,
  checkOptions,
  complaint,
  DEFAULTS,
  didYouMean,
  type Engine,
  type FindJudge,
  flag,
  isRecord,
  type JsonFormat,
  natural,
  OptionError,
  oneOf,
  type Principle,
  positive,
  type RainOptions,
  type Rule,
} from "../../../core/index.ts";
import { checkLlamaOptions } from "../../../llama.ts";
import type { OnRainEvent } from "../../judging/events.ts";
import { engineOptions, KEEP_ALIVE_RULE, LOAD_OPTIONS, type LoadOptions, loadOptions, MODEL_RULE } from "../engine-source.ts";
import { toolChoiceOf, toolsOf } from "./tools.ts";

/** Names of LangChain's for what the core calls otherwise, or what belongs to one answer. */
const NOT_DECODING = ["signal", "onEvent", "onTree", "tools", "toolChoice", "parallelCalls", "format"] as const;

/** How an answer is written, except for what LangChain has names of its own for. */
export type Decoding = Omit<RainOptions, (typeof NOT_DECODING)[number] | "stop">;

/** How to make a `ChatRain`. All optional. */
export interface ChatRainFields extends BaseChatModelParams, Decoding, LoadOptions {
  /**
   * `"embedded"`, the path of a GGUF file, an address such as `hf:owner/repository:quantization`, or an engine that is loaded already
   * (and that its owner disposes of). @default "embedded"
   */
  readonly model?: string | Engine;
  /** The same. */
  readonly modelName?: string;
  /** What it calls itself (`getName()`). @default "ChatRain" */
  readonly name?: string;
  /** Strings that end an answer; neither they nor what follows is in its text. @default [] */
  readonly stop?: readonly string[];
  /** The same. */
  readonly stopSequences?: readonly string[];
  /** Milliseconds after which each call ends, unless the call's own `timeout` or `signal` ends it before. @default no limit */
  readonly timeout?: number;
  /** Whether `invoke`, too, tells callbacks each part as it is released. `false`: not even `stream` gives parts. @default as it is called */
  readonly streaming?: boolean;
  /** How many answers `generate` gives to one prompt, each with another seed; `invoke` gives the first. A stream takes 1. @default 1 */
  readonly n?: number;
  /** Refused, but for 0: tokens that were likely and not taken were judged by nobody. `logprobs` tells of those that were released. */
  readonly topLogprobs?: number;
  /** Taken, as other chat models have one. A local model needs none. */
  readonly apiKey?: unknown;
  /** Told of every rewind and commit, as it happens; also dispatched as custom event `rain`. Discarded text only with `revealDiscarded`. */
  readonly onRainEvent?: OnRainEvent;
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
      readonly json_schema: {
        readonly name?: string;
        readonly schema: Readonly<Record<string, unknown>>;
        /** What the schema cannot say of a text, such as a refinement: `withStructuredOutput` sets it. One that is not valid is left, and written anew. @default each is valid */
        readonly isValid?: (text: string) => boolean | Promise<boolean>;
        /** Whether an answer that is streamed grows, although what is out is not taken back where it turns out not to be valid. @default where nothing is checked of the whole */
        readonly inSteps?: boolean;
      };
    };

/** What may be said anew for each call, by `invoke(input, options)` or `withConfig(options)`. It wins over the fields. */
export interface ChatRainCallOptions
  extends BaseChatModelCallOptions,
    Decoding,
    Pick<ChatRainFields, "onRainEvent" | "n" | "topLogprobs" | "stopSequences"> {
  /** What may be called. `bindTools` sets it. */
  tools?: readonly BindToolsInput[];
  /** Whether one answer may make several calls. @default true */
  parallel_tool_calls?: boolean;
  /** `withStructuredOutput` sets it. @default text */
  response_format?: ResponseFormat;
}

const DECODING = Object.keys(DEFAULTS).filter((name) => !(NOT_DECODING as readonly string[]).includes(name));

/** What LangChain's own constructors take. */
const LANGCHAIN_FIELDS = [
  ...(["verbose", "callbacks", "callbackManager", "tags", "metadata", "cache", "maxConcurrency", "maxRetries"] as const),
  ...(["onFailedAttempt", "disableStreaming"] as const),
] satisfies readonly (keyof BaseChatModelParams)[];

const ANYTHING: Rule = { expected: "anything", isMet: () => true };

/** Of what means something to a `ChatRain` alone. */
const OWN_RULES = {
  model: MODEL_RULE,
  modelName: { expected: "`embedded`, a path or an address", isMet: isText },
  name: { expected: "a text that is not empty", isMet: isText },
  // Checked as `stop`.
  stopSequences: ANYTHING,
  timeout: { expected: "a positive number of milliseconds", isMet: (value) => typeof value === "number" && value > 0 },
  streaming: flag,
  n: positive,
  topLogprobs: {
    expected: "0: tokens that were likely and not taken were judged by nobody (take `logprobs`)",
    isMet: (value) => value === 0,
  },
  apiKey: ANYTHING,
  onRainEvent: callback,
  traceSearch: flag,
  trace: { expected: "the path of a file or a function", isMet: (value) => typeof value === "function" || isText(value) },
  checkJudge: flag,
  onNotice: callback,
  outputVersion: oneOf(["v0", "v1"]),
} as const satisfies Partial<Record<keyof ChatRainFields, Rule>>;

const FIELD_RULES: Readonly<Record<string, Rule>> = {
  // Checked by LangChain, by the engine that loads, by the core.
  ...forAll([...LANGCHAIN_FIELDS, ...LOAD_OPTIONS, ...DECODING], ANYTHING),
  concurrency: positive,
  maxWaiting: natural,
  keepAlive: KEEP_ALIVE_RULE,
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
  const known = named(fields);
  checkOptions(decodingOptions(known));
  checkLlamaOptions(engineOptions(loadOptions(known)));
  return known;
}

/** What has two names, under one of them. */
function named({ modelName, stopSequences, ...fields }: ChatRainFields): ChatRainFields {
  const { model = modelName, stop = stopSequences } = fields;
  return { ...fields, ...(model === undefined ? {} : { model }), ...(stop === undefined ? {} : { stop }) };
}

/** Where a chat model of LangChain does otherwise than the core: each answer is another one, as with every other of them. */
const CHAT_DEFAULTS: RainOptions = { seed: -1 };

/** Fields that are plain data, and say what a model of the same kind would be made with. */
export const SERIALIZED_FIELDS: readonly string[] = [
  "model",
  ...LOAD_OPTIONS,
  // A judge is a function, as others are by default.
  ...DECODING.filter((name) => name !== "judge" && typeof Reflect.get(DEFAULTS, name) !== "function"),
  ...["name", "timeout", "streaming", "n", "traceSearch", "checkJudge", "outputVersion", "disableStreaming"],
];

/** How answers are written, where a call does not say it. */
export function standingOptions(fields: ChatRainFields): RainOptions {
  return { ...CHAT_DEFAULTS, ...decodingOptions(fields) };
}

/** What says how answers are written. Chains send options for other models along with a call: they mean nothing here. */
function decodingOptions(given: ChatRainFields | Partial<ChatRainCallOptions>): RainOptions {
  return pick(given, DECODING);
}

/**
 * How the core is to write one answer: what the model was made with, and what this call says.
 *
 * @throws {OptionError} for tools, a choice or a format that cannot be meant
 */
export function requestOf(fields: RainOptions, options: Partial<ChatRainCallOptions>): RainOptions {
  const { tools = [], tool_choice, parallel_tool_calls, response_format, onRainEvent, outputVersion, n, topLogprobs } = options;
  const { stop = options.stopSequences } = options;
  checkByRules({ onRainEvent, outputVersion, n, topLogprobs }, OWN_RULES);
  const known = toolsOf(tools);
  return {
    ...fields,
    ...decodingOptions(options),
    ...(stop === undefined ? {} : { stop }),
    ...(known.length === 0 ? {} : { tools: known }),
    ...(tool_choice === undefined ? {} : { toolChoice: toolChoiceOf(tool_choice) }),
    ...(parallel_tool_calls === undefined ? {} : { parallelCalls: parallel_tool_calls }),
    ...(response_format === undefined ? {} : formatOf(response_format)),
  };
}

/** The same, of an answer that is streamed: JSON grows, unless it is said that it does not. */
export function inSteps(request: RainOptions): RainOptions {
  const { format } = request;
  return format?.type === "json" && format.inSteps !== false ? { ...request, format: { ...format, inSteps: true } } : request;
}

/** What a call may say here, with the names of other models for some of it. */
const CALL_OPTIONS = [
  ...DECODING,
  ...[
    "n",
    "onRainEvent",
    "topLogprobs",
    "parallel_tool_calls",
    "response_format",
    "stop",
    "stopSequences",
    "tools",
    "tool_choice",
    "outputVersion",
  ],
  ...["signal", "timeout", "callbacks", "metadata", "configurable", "recursionLimit", "maxConcurrency", "runName"],
];

/** Names of other models' that are one slip away from one of ours, and are none. */
const OTHERS_OPTIONS: readonly string[] = ["model", "topA"];

/** Slips in a name of this length: of a short one, two leave nothing of it. */
function mostSlips({ length }: string): number {
  return length < 8 ? 1 : 2;
}

/**
 * A line for each option of a call that other models name as we do but for its spelling (`max_tokens`): chains send along what means something elsewhere.
 *
 * @throws {OptionError} for one that is a slip or two away from one of ours, and nobody's
 */
export function spelledOtherwise(options: object): readonly string[] {
  const unknown = Object.keys(options).filter((name) => !CALL_OPTIONS.includes(name) && !OTHERS_OPTIONS.includes(name));
  return unknown.flatMap((name) => {
    const guess = didYouMean(name, CALL_OPTIONS, mostSlips);
    if (guess === "") return [];
    const complaint = `Expected known options of a call, got \`${name}\`${guess}`;
    if (!CALL_OPTIONS.some((known) => bare(known) === bare(name))) throw new OptionError(name, complaint, Reflect.get(options, name));
    return [`${complaint}: it changes nothing.`];
  });
}

/** Without what tells `max_tokens` from `maxTokens`. */
function bare(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}

function formatOf(format: ResponseFormat): Pick<RainOptions, "format"> {
  switch (format?.type) {
    case "text":
      return {};
    case "json_object":
      return { format: { type: "json", schema: { type: "object" } } };
    case "json_schema":
      return { format: schemaFormat(format) };
    default: {
      const received: unknown = format satisfies never;
      const expected = "of type `text`, `json_object` or `json_schema`";
      throw new OptionError("response_format", complaint("response_format", expected, received), received);
    }
  }
}

function schemaFormat({ json_schema: given }: ResponseFormat & { readonly type: "json_schema" }): JsonFormat {
  if (isRecord(given) && isRecord(given.schema)) {
    const { schema, isValid, inSteps: grows = isValid === undefined } = given;
    return { type: "json", schema, ...(isValid === undefined ? {} : { isValid }), ...(grows ? {} : { inSteps: false }) };
  }
  const expected = "`{ schema }`, a schema in an object";
  throw new OptionError("response_format", complaint("response_format.json_schema", expected, given), given);
}

/** A request as plain data: what tells the answers of a cache apart. Defaults that decide the text are in it, so that a new default makes a new key. */
export function dataOf({ judge, format, tools, ...request }: RainOptions): Record<string, unknown> & { readonly principle: Principle } {
  const { mode, temperature, topK, topP, preset, principle, thoughts, thinkingBudget } = DEFAULTS;
  const given = Object.entries(request).filter(([, value]) => typeof value !== "function" && !(value instanceof AbortSignal));
  const judged = typeof judge === "function" ? { judge: idOf(judge) } : {};
  const decisive = { mode, preset, temperature, topK, topP, principle, thoughts, thinkingBudget };
  // What else makes a text or a call valid is the parser's and the tool's to check, of an answer from a cache too.
  const formatted = format?.type === "json" ? { format: { type: format.type, schema: format.schema } } : {};
  const callable = tools === undefined ? {} : { tools: tools.map(({ isValid: _, ...tool }) => tool) };
  return { ...decisive, ...Object.fromEntries(given), ...formatted, ...callable, ...judged };
}

/** A judge that was handed over has nothing by which two could be told apart: in another process it is another one. */
const IDS = new WeakMap<FindJudge, string>();

function idOf(judge: FindJudge): string {
  const id = IDS.get(judge) ?? randomUUID();
  IDS.set(judge, id);
  return id;
}

/** What names a model to people, and in traces: never a path, which may say whose machine it is, nor what an address carries along. */
export function modelName(model: string | Engine): string {
  if (typeof model !== "string") return model.facts.model;
  return /^https?:/.test(model) ? basename(new URL(model).pathname) : model.startsWith("hf:") ? model : basename(model);
}

/** What tells two models apart that have the same name. */
export function modelKey(model: string | Engine): string {
  const place = typeof model === "string" ? model : JSON.stringify(model.facts);
  return `${modelName(model)}#${createHash("sha256").update(place).digest("hex").slice(0, 12)}`;
}

function pick(from: object, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(from).filter(([name, value]) => value !== undefined && names.includes(name)));
}

function forAll(names: readonly string[], rule: Rule): Readonly<Record<string, Rule>> {
  return Object.fromEntries(names.map((name) => [name, rule]));
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}
