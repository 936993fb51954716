import type { BaseChatModelCallOptions, BaseChatModelParams, BindToolsInput } from "@langchain/core/language_models/chat_models";
import { checkOptions, complaint, DEFAULTS, type Engine, OptionError, type RainOptions } from "../../core/index.ts";
import type { OnRainEvent } from "./rain-events.ts";
import { LOAD_OPTIONS, type LoadOptions } from "./shared-engine.ts";

/** How an answer is written, except for what LangChain has names of its own for. */
export type Decoding = Omit<RainOptions, "signal" | "onEvent" | "stop" | "tools" | "toolChoice" | "parallelCalls" | "format">;

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
   * Whether the judge is measured beside the first answer by each principle: about two dozen short questions, whose outcome `onNotice` is
   * told if it is bad. @default true
   */
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
  "outputVersion",
] satisfies readonly (keyof BaseChatModelParams)[];

const OWN_FIELDS: readonly string[] = [
  "model",
  "onRainEvent",
  "traceSearch",
  "checkJudge",
  "onNotice",
] satisfies readonly (keyof ChatRainFields)[];

/** Names of LangChain's for what the core calls otherwise, or what belongs to one answer. */
const NOT_DECODING: readonly string[] = ["signal", "onEvent", "tools", "toolChoice", "parallelCalls", "format"];

const DECODING = Object.keys(DEFAULTS).filter((name) => !NOT_DECODING.includes(name));

/** @throws {OptionError} for what is neither a name nor an engine */
export function modelField({ model = "embedded" }: ChatRainFields): string | Engine {
  const isModel = typeof model === "string" ? model !== "" : typeof model === "object" && model !== null && "facts" in model;
  if (isModel) return model;
  throw new OptionError("model", complaint("model", "`embedded`, a path, an address or an engine", model), model);
}

/** Fields that are plain data, and say what a model of the same kind would be made with. */
export const SERIALIZED_FIELDS: readonly string[] = [
  "model",
  ...LOAD_OPTIONS,
  ...DECODING.filter((name) => typeof Reflect.get(DEFAULTS, name) !== "function"),
  "traceSearch",
  "checkJudge",
  "outputVersion",
  "disableStreaming",
];

/**
 * The part of the fields that says how answers are written.
 *
 * @throws {OptionError} for an unknown name (with the nearest known one) or a value outside its range
 */
export function decodingFields(fields: ChatRainFields): RainOptions {
  const misplaced = NOT_DECODING.find((name) => Reflect.get(fields, name) !== undefined);
  if (misplaced !== undefined) {
    const value: unknown = Reflect.get(fields, misplaced);
    throw new OptionError(misplaced, complaint(misplaced, "left out here (say it with a call, or bind it)", value), value);
  }
  const others = [...LANGCHAIN_FIELDS, ...OWN_FIELDS, ...LOAD_OPTIONS];
  const given = pick(fields, (name) => !others.includes(name));
  checkOptions(given);
  return given;
}

/** The part of the call options that says how this answer is written. Chains send options for other models along: they mean nothing here. */
export function decodingOptions(options: Partial<ChatRainCallOptions>): RainOptions {
  return pick(options, (name) => DECODING.includes(name));
}

export function loadOptions(fields: ChatRainFields): LoadOptions {
  const names: readonly string[] = LOAD_OPTIONS;
  return pick(fields, (name) => names.includes(name));
}

function pick(from: object, isWanted: (name: string) => boolean): Record<string, unknown> {
  return Object.fromEntries(Object.entries(from).filter(([name, value]) => value !== undefined && isWanted(name)));
}
