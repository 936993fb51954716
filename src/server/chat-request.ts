import { z } from "zod";
import {
  checkOptions,
  type JsonSchema,
  MODES,
  ON_UNFIT,
  POINT_OUT_RESULTS,
  PRESETS,
  PRINCIPLES,
  type Preset,
  type Principle,
  principle,
  type RainOptions,
  THOUGHTS,
  type Tool,
  type ToolChoice,
  type Turn,
} from "../core/index.ts";
import { THINKING_BUDGETS } from "../serving/index.ts";
import { flag, number, oneOf, parsed, text, whole } from "./fields.ts";
import { messages, turnsOf } from "./messages.ts";
import { type ParameterNames, RequestError } from "./request-error.ts";

/** Choices that may be asked for at once. */
const MOST_CHOICES = 8;

export const NONE = "left out, or what stands for nothing: it is not supported here";

export const schemaObject = z.record(z.string(), z.unknown(), "a JSON schema");

const functionTool = z.strictObject(
  {
    type: oneOf("function"),
    function: z.strictObject(
      { name: text, description: text.nullish(), parameters: schemaObject.nullish(), strict: flag.nullish() },
      "an object of `name`, `description` and `parameters`",
    ),
  },
  "a tool of `type` `function`",
);

const CHOICE = "one of `none`, `auto`, `required`, or a function by its name";

const toolChoice = z.union(
  [z.enum(["none", "auto", "required"]), z.strictObject({ type: z.literal("function"), function: z.strictObject({ name: text }) })],
  CHOICE,
);

const FORMAT = "of `type` `text`, `json_object` or `json_schema`";

const responseFormat = z.discriminatedUnion(
  "type",
  [
    z.strictObject({ type: z.literal("text") }),
    z.strictObject({ type: z.literal("json_object") }),
    z.strictObject({
      type: z.literal("json_schema"),
      json_schema: z.strictObject(
        { name: text, description: text.nullish(), schema: schemaObject, strict: flag.nullish() },
        "an object of `name` and `schema`",
      ),
    }),
  ],
  FORMAT,
);

/** How this library writes and judges. */
const rainPart = z.strictObject(
  {
    mode: oneOf(...MODES).optional(),
    preset: oneOf(...(Object.keys(PRESETS) as [Preset, ...Preset[]])).optional(),
    principle: z
      .union(
        [
          oneOf(...(Object.keys(PRINCIPLES) as [string, ...string[]])),
          z.strictObject({ name: text.optional(), question: text, good: text, bad: text }),
        ],
        `one of ${Object.keys(PRINCIPLES)
          .map((name) => `\`${name}\``)
          .join(", ")}, or an object of \`question\`, \`good\` and \`bad\``,
      )
      .optional(),
    threshold: number(-1, 1).optional(),
    falseFlags: number(0.0001, 0.5).optional(),
    heldBack: whole(0).optional(),
    thoughts: oneOf(...THOUGHTS).optional(),
    thinkingBudget: whole(0).optional(),
    contextShift: flag.optional(),
    pointOutResults: oneOf(...POINT_OUT_RESULTS).optional(),
    onUnfit: oneOf(...ON_UNFIT).optional(),
    onExhausted: oneOf("refuse", "best", "error").optional(),
    refusal: text.optional(),
    /** Whether a stream also tells each rewind, as it happens. */
    events: flag.optional(),
  },
  "an object of options",
);

/** What both of OpenAI's APIs for conversations have in common, by the same names. */
export const sharedShape = {
  model: text.optional(),
  stream: flag.optional(),
  temperature: number(0, 10).optional(),
  top_p: number(0, 1).optional(),
  seed: z.int("an integer").optional(),
  parallel_tool_calls: flag.optional(),
  rain: rainPart.optional(),
  // Whose request it is, and what it is filed under: nothing that the answer depends on.
  user: text.optional(),
  safety_identifier: text.optional(),
  prompt_cache_key: text.optional(),
  prompt_cache_retention: text.optional(),
  service_tier: text.optional(),
  metadata: z.record(z.string(), z.unknown(), "an object").optional(),
  store: flag.optional(),
} as const;

/** `none`: the model is asked not to think. */
export const effort = oneOf("none", "minimal", "low", "medium", "high", "xhigh");

/** What the gateway of SGLang writes into every request that it passes on, by the values that ask for nothing. */
const ofGateways = {
  no_stop_trim: z.literal(false, NONE).optional(),
  ignore_eos: z.literal(false, NONE).optional(),
  skip_special_tokens: z.literal(true, NONE).optional(),
  separate_reasoning: z.literal(true, NONE).optional(),
  stream_reasoning: z.literal(true, NONE).optional(),
  return_hidden_states: z.literal(false, NONE).optional(),
} as const;

const chatSchema = z.strictObject({
  ...sharedShape,
  ...ofGateways,
  messages,
  stream_options: z.strictObject({ include_usage: flag.optional(), include_obfuscation: flag.optional() }, "an object").optional(),
  max_tokens: whole(1).optional(),
  max_completion_tokens: whole(1).optional(),
  n: z
    .int(`an integer from 1 to ${MOST_CHOICES}`)
    .min(1, `an integer from 1 to ${MOST_CHOICES}`)
    .max(MOST_CHOICES, `an integer from 1 to ${MOST_CHOICES}`)
    .optional(),
  stop: z.union([text, z.array(text, "a list of texts")], "a text or a list of texts").optional(),

  top_k: z.int("an integer").optional(),
  min_p: number(0, 1).optional(),
  presence_penalty: number(-2, 2).optional(),
  frequency_penalty: number(-2, 2).optional(),
  repetition_penalty: number(0, 10).optional(),
  logit_bias: z.record(z.string().regex(/^\d+$/, "numbers of tokens"), number(-100, 100), "an object of numbers by token").optional(),

  tools: z.array(functionTool, "a list of tools").optional(),
  tool_choice: toolChoice.optional(),
  response_format: responseFormat.optional(),
  reasoning_effort: effort.optional(),
  // Said by clients of vLLM and llama-server, which do not continue an assistant's last message of their own accord.
  continue_final_message: flag.optional(),
  add_generation_prompt: flag.optional(),
  chat_template_kwargs: z.strictObject({ enable_thinking: flag.optional() }, "an object of `enable_thinking`").optional(),

  logprobs: flag.optional(),

  // What is not supported, by the values that ask for nothing. Tokens that were likely and not taken are judged by nobody.
  top_logprobs: z.literal(0, NONE).optional(),
  best_of: z.literal(1, NONE).optional(),
  echo: z.literal(false, NONE).optional(),
  modalities: z.tuple([z.literal("text")], NONE).optional(),
  verbosity: z.literal("medium", NONE).optional(),
  functions: z.array(z.unknown()).max(0, NONE).optional(),
});

/** By what parameters of chat completions options are known. */
export const CHAT_NAMES: ParameterNames = {
  turns: "messages",
  maxTokens: "max_tokens",
  temperature: "temperature",
  topP: "top_p",
  topK: "top_k",
  minP: "min_p",
  presencePenalty: "presence_penalty",
  frequencyPenalty: "frequency_penalty",
  repetitionPenalty: "repetition_penalty",
  logitBias: "logit_bias",
  seed: "seed",
  stop: "stop",
  tools: "tools",
  toolChoice: "tool_choice",
  parallelCalls: "parallel_tool_calls",
  format: "response_format",
  logprobs: "logprobs",
};

/** What a client asks for. */
export interface ChatRequest {
  /** As the client calls it. */
  readonly model: string | undefined;
  readonly turns: readonly Turn[];
  readonly options: RainOptions;
  readonly choices: number;
  readonly isStream: boolean;
  readonly includesUsage: boolean;
  readonly includesEvents: boolean;
  /** By which parameter the client says how long an answer may be. */
  readonly limit: string;
  /** Whose turn it is in the queue, of one key. */
  readonly user: string;
}

/** What the operator decides for all requests. */
export interface RequestRules {
  /** What each answer begins with. */
  readonly defaults: RainOptions;
  /** Whether a request may be laxer than these: ask for text that nobody judged, or that did not pass, or was judged by another principle. */
  readonly allowsUnjudged: boolean;
}

/** @throws {RequestError} for what is not supported, and what cannot be meant */
export function chatRequest(body: unknown, rules: RequestRules): ChatRequest {
  return requestOf(parsed(chatSchema, body), rules);
}

/** What a chat completion is asked for, when it was checked. */
export type AskedChat = z.output<typeof chatSchema>;

export function requestOf(asked: AskedChat, rules: RequestRules): ChatRequest {
  if (asked.stream_options !== undefined && asked.stream !== true)
    throw new RequestError("Expected `stream_options` where `stream` is true, got it without", { param: "stream_options" });
  checkContinuing(asked);
  return {
    model: asked.model,
    turns: turnsOf(asked.messages),
    options: optionsOf(asked, rules),
    choices: asked.n ?? 1,
    isStream: asked.stream === true,
    includesUsage: asked.stream_options?.include_usage === true,
    includesEvents: asked.rain?.events === true,
    limit: asked.max_completion_tokens === undefined ? "max_tokens" : "max_completion_tokens",
    user: asked.user ?? asked.safety_identifier ?? "",
  };
}

/** An assistant's last message is continued, and any other one is answered: a request may say so, and nothing else. */
function checkContinuing({ messages: all, continue_final_message: isContinued, add_generation_prompt: isOpened }: AskedChat): void {
  const isLast = all.at(-1)?.role === "assistant";
  const refuse = (param: string, got: boolean) => {
    const message = `Expected \`${param}\` to be ${!got} where the last message is ${isLast ? "" : "not "}an assistant's, got \`${got}\``;
    throw new RequestError(message, { param });
  };
  if (isContinued !== undefined && isContinued !== isLast) refuse("continue_final_message", isContinued);
  if (isOpened !== undefined && isOpened === isLast) refuse("add_generation_prompt", isOpened);
}

function optionsOf(asked: AskedChat, rules: RequestRules): RainOptions {
  const { top_p: topP, top_k: topK, seed, stop, tools = [], tool_choice, response_format } = asked;
  const given: RainOptions = {
    ...rainOptions(asked.rain ?? {}, rules),
    ...thinking(asked),
    ...defined({
      maxTokens: asked.max_completion_tokens ?? asked.max_tokens,
      temperature: asked.temperature,
      // "From the fewest that reach 0" is the likeliest one alone.
      topP: topP === 0 ? Number.MIN_VALUE : topP,
      // 0 and -1 say "all" to other servers.
      topK: topK !== undefined && topK < 1 ? Number.MAX_SAFE_INTEGER : topK,
      minP: asked.min_p,
      presencePenalty: asked.presence_penalty,
      frequencyPenalty: asked.frequency_penalty,
      repetitionPenalty: asked.repetition_penalty === 0 ? undefined : asked.repetition_penalty,
      logitBias: asked.logit_bias,
      seed: seed === undefined ? undefined : seedOf(seed),
      stop: stop === undefined ? undefined : [stop].flat().filter((one) => one !== ""),
      parallelCalls: asked.parallel_tool_calls,
      format: formatOf(response_format, asked.stream === true),
      logprobs: asked.logprobs,
    }),
  };
  const options = { ...rules.defaults, ...given };
  return tools.length === 0 ? options : { ...options, tools: tools.map(toolOf), toolChoice: choiceOf(tool_choice, tools) };
}

/** Other servers take any integer. -1: another one each time. */
function seedOf(seed: number): number {
  return seed === -1 ? seed : seed >>> 0;
}

function thinking({ reasoning_effort: effort, chat_template_kwargs }: AskedChat): RainOptions {
  if (effort === "none" || chat_template_kwargs?.enable_thinking === false) return { thoughts: "off" };
  return effort === undefined ? {} : { thinkingBudget: THINKING_BUDGETS[effort] };
}

function rainOptions(
  { principle: wished, events: _, ...rest }: z.output<typeof rainPart>,
  { defaults, allowsUnjudged }: RequestRules,
): RainOptions {
  const options = defined({ ...rest, principle: wished === undefined ? undefined : principleOf(wished) });
  if (!allowsUnjudged) refuseLaxer(options, defaults);
  return options;
}

function principleOf(wished: NonNullable<z.output<typeof rainPart>["principle"]>): Principle | undefined {
  if (typeof wished === "string") return PRINCIPLES[wished];
  const { name = "of the request", question, good, bad } = wished;
  return principle({ name, question, good, bad });
}

/** From the laxest to the strictest. */
const BY_STRICTNESS: readonly Preset[] = ["fast", "balanced", "strict"];

/** A request may be stricter than the server, and no laxer. */
function refuseLaxer(asked: RainOptions, defaults: RainOptions): void {
  const own = checkOptions(defaults);
  const rank = (preset: Preset) => BY_STRICTNESS.indexOf(preset);
  refuseIf(asked.mode !== undefined && asked.mode !== "adaptive" && asked.mode !== own.mode, "mode", asked.mode);
  // The very one: another with the same question may call bad what this one calls good, or be asked where this one is read.
  refuseIf(asked.principle !== undefined && asked.principle !== own.principle, "principle", asked.principle?.name);
  refuseIf(asked.preset !== undefined && rank(asked.preset) < rank(own.preset), "preset", asked.preset);
  // Of a share of false flags and a threshold, one takes the place of the other: how they compare is not known before the judge is.
  refuseIf(
    asked.falseFlags !== undefined && (own.falseFlags === undefined || asked.falseFlags < own.falseFlags),
    "falseFlags",
    asked.falseFlags,
  );
  refuseIf(
    asked.threshold !== undefined && (own.falseFlags !== undefined || asked.threshold < own.threshold),
    "threshold",
    asked.threshold,
  );
  refuseIf(asked.heldBack !== undefined && asked.heldBack < own.heldBack, "heldBack", asked.heldBack);
  refuseIf(asked.onExhausted === "best" && own.onExhausted !== "best", "onExhausted", asked.onExhausted);
  refuseIf(asked.onUnfit === "plain" && own.onUnfit !== "plain", "onUnfit", asked.onUnfit);
}

function refuseIf(isLaxer: boolean, name: string, got: unknown): void {
  if (!isLaxer) return;
  const param = `rain.${name}`;
  const message = `Expected \`${param}\` to be as strict as the server's own (which was not started with \`--allow-unjudged\`), got \`${String(got)}\``;
  throw new RequestError(message, { code: "laxer_than_server", param });
}

function toolOf({ function: { name, description, parameters } }: z.output<typeof functionTool>): Tool {
  return { name, description: description ?? undefined, parameters: parameters ?? { type: "object", properties: {} } };
}

function choiceOf(choice: AskedChat["tool_choice"], tools: readonly z.output<typeof functionTool>[]): ToolChoice {
  if (choice === undefined || choice === "auto") return "auto";
  if (choice === "required") return "any";
  if (choice === "none") return "none";
  const { name } = choice.function;
  if (tools.some((tool) => tool.function.name === name)) return { name };
  throw new RequestError(`Expected \`tool_choice\` to name one of \`tools\`, got \`${name}\``, { param: "tool_choice" });
}

/** In a stream JSON grows, each part judged before it is sent. */
function formatOf(format: AskedChat["response_format"], inSteps: boolean): RainOptions["format"] {
  if (format === undefined || format.type === "text") return undefined;
  const schema = format.type === "json_object" ? { type: "object" } : (format.json_schema.schema as JsonSchema);
  return { type: "json", schema, inSteps };
}

/** Without what is `undefined`: it would take the place of a default. */
function defined<Values extends object>(values: Values): { [Name in keyof Values]?: Exclude<Values[Name], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as ReturnType<typeof defined<Values>>;
}
