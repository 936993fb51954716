import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4FinishReason,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
  LanguageModelV4StreamResult,
  LanguageModelV4Usage,
  SharedV4ProviderMetadata,
} from "@ai-sdk/provider";
import {
  type Answering,
  checkOptions,
  type Engine,
  type FinishReason,
  type RainAnswer,
  type RainOptions,
  type Settings,
} from "../../core/index.ts";
import { AnswerQueue, type AnswerQueueOptions, callId, checkRequiredCall, requiresCall, withWritableSchemas } from "../../serving/index.ts";
import { judgeMetadata } from "../judging/text-judge.ts";
import { type AskedOptions, optionsOf } from "./call-options.ts";
import { ContentOfParts, partsOf } from "./content.ts";
import { turnsOf } from "./prompt.ts";

/** How a model answers where a call does not say, and how many answers it writes at once. */
export interface RainModelOptions extends RainOptions, AnswerQueueOptions {}

/**
 * A local model that judges its own draft while it writes, rewinds, and writes something better, as a model of the AI SDK: for `generateText`, `streamText`, objects, tools and
 * agents. Only judged text is streamed. How an answer came about stands in `providerMetadata.rain`; options by their own names go into `providerOptions.rain`.
 *
 * ```ts
 * await using engine = await loadLlamaEngine({ model: "embedded" });
 * const { text } = await generateText({ model: rainModel(engine), prompt: "How do I paint the bank?" });
 * ```
 *
 * @param options what each answer begins with. @default the library's, but that each answer has another seed and is as long as the context lets it be
 * @throws {OptionError} for options that cannot be meant
 */
export function rainModel(engine: Engine, options: RainModelOptions = {}): LanguageModelV4 {
  return new RainModel(engine, options);
}

class RainModel implements LanguageModelV4 {
  readonly specificationVersion = "v4";
  readonly provider = "rain-align";
  readonly supportedUrls = {};
  readonly modelId: string;
  readonly #engine: Engine;
  readonly #queue: AnswerQueue;
  readonly #defaults: RainOptions;

  constructor(engine: Engine, { concurrency, maxWaiting, ...options }: RainModelOptions) {
    this.modelId = engine.facts.model;
    this.#engine = engine;
    this.#defaults = { seed: -1, maxTokens: engine.facts.contextSize, ...options };
    checkOptions(this.#defaults);
    this.#queue = new AnswerQueue(engine, {
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(maxWaiting === undefined ? {} : { maxWaiting }),
    });
  }

  async doGenerate(call: LanguageModelV4CallOptions): Promise<LanguageModelV4GenerateResult> {
    const asked = this.#asked(call, false);
    const writing = this.#write(call, asked);
    const parts = new ContentOfParts();
    let next = await writing.next();
    for (; !next.done; next = await writing.next()) parts.add(next.value);
    return { content: parts.content, ...next.value, response: this.#response(), warnings: asked.warnings };
  }

  /** What cannot be meant rejects; what fails later, fails in the stream. */
  async doStream(call: LanguageModelV4CallOptions): Promise<LanguageModelV4StreamResult> {
    const asked = this.#asked(call, true);
    const writing = this.#write(call, asked);
    const opening: LanguageModelV4StreamPart[] = [
      { type: "stream-start", warnings: asked.warnings },
      { type: "response-metadata", ...this.#response() },
    ];
    return { stream: ReadableStream.from(streamed(opening, writing)) as ReadableStream<LanguageModelV4StreamPart> };
  }

  /**
   * Warnings say what of a tool's schema is asked of whole calls only.
   *
   * @param inSteps whether an object grows, each part judged before it comes
   */
  #asked(call: LanguageModelV4CallOptions, inSteps: boolean): AskedOptions {
    const { options, warnings } = optionsOf(call, this.#defaults, inSteps);
    const writable = withWritableSchemas(options, this.#engine, (message) => warnings.push({ type: "other", message }));
    return { options: writable, warnings };
  }

  #response() {
    return { modelId: this.modelId };
  }

  /** @throws {OptionError} at once, for what cannot be meant */
  #write({ prompt }: LanguageModelV4CallOptions, { options }: AskedOptions): Writing {
    const settings = checkOptions(options);
    return told(this.#queue.rain(turnsOf(prompt), options), settings);
  }
}

/** Texts, thoughts and calls as they are released; at the end, its account. */
type Writing = AsyncGenerator<LanguageModelV4StreamPart, Account, void>;

/** What is told of an answer at its end. */
interface Account {
  readonly finishReason: LanguageModelV4FinishReason;
  readonly usage: LanguageModelV4Usage;
  readonly providerMetadata: SharedV4ProviderMetadata;
}

async function* streamed(
  opening: readonly LanguageModelV4StreamPart[],
  writing: Writing,
): AsyncGenerator<LanguageModelV4StreamPart, void, void> {
  yield* opening;
  try {
    const account = yield* writing;
    yield { type: "finish", ...account };
  } catch (error) {
    yield { type: "error", error };
  }
}

async function* told(answering: Answering, settings: Settings): Writing {
  const texts = new TextParts();
  try {
    let next = await answering.next();
    for (; !next.done; next = await answering.next()) {
      const { text, thought, call } = next.value;
      if (thought !== undefined) yield* partsOf([{ type: "reasoning", text: thought }]);
      yield* texts.add(text);
      if (call === undefined) continue;
      yield* texts.end();
      yield* partsOf([{ type: "tool-call", toolCallId: callId(), toolName: call.name, input: JSON.stringify(call.arguments) }]);
    }
    yield* texts.end();
    if (requiresCall(settings)) checkRequiredCall(next.value, "maxOutputTokens");
    return accountOf(next.value, settings);
  } finally {
    // Who leaves early is written no more.
    await answering.return(undefined as never);
  }
}

/** A text bit by bit, as one part that is open until something else comes. */
class TextParts {
  #count = 0;
  #isOpen = false;

  *add(delta: string): Generator<LanguageModelV4StreamPart, void, void> {
    if (delta === "") return;
    if (!this.#isOpen) yield { type: "text-start", id: `text-${++this.#count}` };
    this.#isOpen = true;
    yield { type: "text-delta", id: `text-${this.#count}`, delta };
  }

  *end(): Generator<LanguageModelV4StreamPart, void, void> {
    if (this.#isOpen) yield { type: "text-end", id: `text-${this.#count}` };
    this.#isOpen = false;
  }
}

const ENDS = { stop: "stop", length: "length", content_filter: "content-filter", tool_calls: "tool-calls" } as const satisfies Record<
  FinishReason,
  LanguageModelV4FinishReason["unified"]
>;

function accountOf(answer: RainAnswer, { mode, principle }: Settings): Account {
  const { finishReason, promptTokens, meter, value, seed, rewinds, discarded, droppedTurns = 0, cutCall, judge } = answer;
  const read = Math.min(promptTokens, meter.spent.prompt.tokens);
  const rain = {
    mode,
    ...(mode === "vanilla" ? {} : { principle: principle.name }),
    ...(value === undefined ? {} : { value }),
    ...(judge === undefined ? {} : { judge: { ...judgeMetadata(judge) } }),
    seed,
    rewinds,
    evaluations: meter.evaluations,
    discardedTokens: discarded,
    forwardTokens: meter.forward,
    droppedTurns,
    ...(cutCall === undefined ? {} : { cutCall: { name: cutCall.name ?? null, arguments: cutCall.arguments } }),
  };
  return {
    finishReason: { unified: ENDS[finishReason], raw: finishReason },
    usage: {
      inputTokens: { total: promptTokens, noCache: read, cacheRead: promptTokens - read, cacheWrite: undefined },
      outputTokens: { total: meter.emitted + meter.thoughtTokens, text: meter.emitted, reasoning: meter.thoughtTokens },
    },
    providerMetadata: { rain },
  };
}
