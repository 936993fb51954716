/** Options of the AI SDK's calls as options of an answer. */
import type {
  LanguageModelV4CallOptions,
  LanguageModelV4FunctionTool,
  LanguageModelV4ProviderTool,
  LanguageModelV4ToolChoice,
  SharedV4Warning,
} from "@ai-sdk/provider";
import type { JsonSchema, RainOptions, Tool, ToolChoice } from "../../core/index.ts";
import { THINKING_BUDGETS } from "../../serving/index.ts";

/** What an answer is asked for, and what of it cannot be had. */
export interface AskedOptions {
  readonly options: RainOptions;
  readonly warnings: SharedV4Warning[];
}

/** What a call says goes before `defaults`; under `providerOptions.rain` are options by their own names. */
export function optionsOf(call: LanguageModelV4CallOptions, defaults: RainOptions, inSteps: boolean): AskedOptions {
  const { temperature, topP, topK, presencePenalty, frequencyPenalty, tools = [], toolChoice, reasoning, providerOptions } = call;
  const functions = tools.filter(isFunction);
  const given = {
    maxTokens: call.maxOutputTokens,
    temperature,
    // "From the fewest that reach 0" is the likeliest one alone.
    topP: topP === 0 ? Number.MIN_VALUE : topP,
    // 0 and -1 say "all" to others.
    topK: topK !== undefined && topK < 1 ? Number.MAX_SAFE_INTEGER : topK,
    presencePenalty,
    frequencyPenalty,
    seed: call.seed,
    stop: call.stopSequences?.filter((stop) => stop !== ""),
    format: formatOf(call.responseFormat, inSteps),
    signal: call.abortSignal,
    ...thinking(reasoning),
    ...(functions.length === 0 ? {} : { tools: functions.map(toolOf), toolChoice: choiceOf(toolChoice) }),
    ...providerOptions?.["rain"],
  };
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { options: { ...defaults, ...(known as RainOptions) }, warnings: tools.filter((tool) => !isFunction(tool)).map(unsupported) };
}

type AskedTool = LanguageModelV4FunctionTool | LanguageModelV4ProviderTool;

function isFunction(tool: AskedTool): tool is LanguageModelV4FunctionTool {
  return tool.type === "function";
}

function unsupported({ name }: AskedTool): SharedV4Warning {
  return { type: "unsupported", feature: `the tool ${name}`, details: "It runs at another provider. Give it as a function." };
}

function toolOf({ name, description, inputSchema }: LanguageModelV4FunctionTool): Tool {
  return { name, description, parameters: inputSchema as Tool["parameters"] };
}

function choiceOf(choice: LanguageModelV4ToolChoice | undefined): ToolChoice {
  if (choice?.type === "tool") return { name: choice.toolName };
  return choice?.type === "required" ? "any" : (choice?.type ?? "auto");
}

function formatOf(format: LanguageModelV4CallOptions["responseFormat"], inSteps: boolean): RainOptions["format"] {
  return format?.type === "json" ? { type: "json", schema: (format.schema ?? { type: "object" }) as JsonSchema, inSteps } : undefined;
}

function thinking(effort: LanguageModelV4CallOptions["reasoning"]): RainOptions {
  if (effort === undefined || effort === "provider-default") return {};
  return effort === "none" ? { thoughts: "off" } : { thinkingBudget: THINKING_BUDGETS[effort] };
}
