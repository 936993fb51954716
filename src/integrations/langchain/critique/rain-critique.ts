import type { CallbackManagerForChainRun } from "@langchain/core/callbacks/manager";
import type { BaseLanguageModelInput } from "@langchain/core/language_models/base";
import {
  AIMessage,
  AIMessageChunk,
  type BaseMessage,
  type BaseMessageLike,
  coerceMessageLikeToMessage,
  HumanMessage,
} from "@langchain/core/messages";
import { Runnable, type RunnableConfig } from "@langchain/core/runnables";
import { complaint, OptionError, type Rule } from "../../../core/index.ts";
import { checked } from "../../judging/options.ts";
import { asChunk, asMessage, type ChatRunnable, isRunnable } from "../unseen-call.ts";
import { CritiqueContext } from "./context.ts";
import { type CritiqueOutcome, type CritiqueRequest, critique, outcomeOf } from "./critique.ts";
import { CritiquedModel, type CritiquedModelFields } from "./critiqued-model.ts";
import { CRITIQUE_TABLE, type CritiqueOptions } from "./options.ts";

export interface RainCritiqueOptions extends CritiqueOptions {
  /** What writes drafts, and judges them unless `judge` is given. Without it, drafts that come from elsewhere are only judged. */
  readonly model?: ChatRunnable;
}

/**
 * What a critique is asked about:
 * - a conversation (a prompt, text, or messages): its model answers it;
 * - a conversation that ends with the assistant's message: that message is the first draft;
 * - a message alone, from a model in the same chain: it is judged, and cannot be written again, as the question is unknown;
 * - `{ messages, draft }`, to judge a draft and have it written again; `{ messages }` alone is the state of a message graph.
 */
export type CritiqueInput = BaseLanguageModelInput | AIMessage | AIMessageChunk | CritiqueState;

export interface CritiqueState {
  readonly messages: BaseLanguageModelInput;
  readonly draft?: BaseMessage | string;
}

export interface CritiqueResult extends Pick<CritiqueOutcome, "value" | "rewinds" | "accepted"> {
  /** What was accepted, or the refusal; what all drafts cost is in its `usage_metadata`. */
  readonly message: AIMessage | AIMessageChunk;
}

const MODEL_RULE: Rule = { expected: "a chat model, or another runnable that answers messages", isMet: isRunnable };

/**
 * Self-critique behind any chat model, also hosted ones that show no logits: drafts are judged, sentence by sentence where the model can
 * continue a prefix and as a whole where it cannot; what is judged bad is left, and written again.
 *
 * In place of the model, nothing but accepted text is ever seen:
 * ```ts
 * const critique = new RainCritique({ model });
 * const { message, value, rewinds, accepted } = await prompt.pipe(critique).invoke(input);
 * const text = await prompt.pipe(critique.asModel()).pipe(new StringOutputParser()).invoke(input);
 * ```
 * Behind the model, the *output* of the chain is clean, but the model's own run shows its draft to callbacks and event streams, and
 * the question is unknown, so that a bad draft is cut short and not written again:
 * ```ts
 * const { message } = await prompt.pipe(model).pipe(new RainCritique({ judge: engine })).invoke(input);
 * ```
 * Its stream gives `{ message }` for each accepted part, then the rest; chunks add up, as those of `RunnableParallel` do.
 */
export class RainCritique extends Runnable<CritiqueInput, CritiqueResult> {
  override lc_namespace = ["rain_align", "critique"];
  readonly #context: CritiqueContext;
  readonly #model: ChatRunnable | undefined;

  /** @throws {OptionError} for an option that cannot be meant */
  constructor(options: RainCritiqueOptions = {}) {
    super();
    const { model, ...settings } = checked(options, { ...CRITIQUE_TABLE, model: [MODEL_RULE, undefined] });
    if (model === undefined && settings.judge === undefined)
      throw new OptionError("judge", complaint("judge", "given where there is no `model` to judge itself", undefined), undefined);
    this.#model = model;
    this.#context = new CritiqueContext(settings);
  }

  static override lc_name(): string {
    return "RainCritique";
  }

  /**
   * @throws {RainViolationError} when nothing passes and `onExhausted` is "error"
   * @throws {JudgeError} when the judge gives no usable verdict: nothing unjudged is released
   * @throws {OptionError} for an input that cannot be meant
   */
  override async invoke(input: CritiqueInput, options?: Partial<RunnableConfig>): Promise<CritiqueResult> {
    return await this._callWithConfig(
      async (given: CritiqueInput, config?: Partial<RunnableConfig>, run?: CallbackManagerForChainRun) => {
        let whole = new AIMessageChunk("");
        for await (const chunk of this.#write(caseOf(given), config, run)) whole = whole.concat(chunk);
        return { message: asMessage(whole), ...restOf(whole) };
      },
      input,
      options,
    );
  }

  override async *_streamIterator(input: CritiqueInput, options?: Partial<RunnableConfig>): AsyncGenerator<CritiqueResult> {
    yield* this.transform(only(input), options);
  }

  override async *transform(generator: AsyncGenerator<CritiqueInput>, options?: Partial<RunnableConfig>): AsyncGenerator<CritiqueResult> {
    yield* this._transformStreamWithConfig(
      generator,
      (inputs, run, config) => this.#stream(inputs, config, run) as AsyncGenerator<CritiqueResult>,
      options,
    );
  }

  /**
   * The same as a chat model, to be used wherever one is.
   *
   * @throws {OptionError} when no model was given
   */
  asModel(fields: Pick<CritiquedModelFields, "cache" | "callbacks" | "metadata" | "tags"> = {}): CritiquedModel {
    if (this.#model === undefined)
      throw new OptionError("model", complaint("model", "given where the critique is to be a model", undefined), undefined);
    return new CritiquedModel({ ...fields, model: this.#model, context: this.#context });
  }

  /**
   * A chat model that yields only what this critique accepts of `model`'s drafts.
   *
   * @throws {OptionError} when it is none that answers messages
   */
  wrap(model: ChatRunnable): CritiquedModel {
    if (!isRunnable(model)) throw new OptionError("model", complaint("model", MODEL_RULE.expected, model), model);
    return new CritiquedModel({ model, context: this.#context });
  }

  async *#stream(
    inputs: AsyncGenerator<CritiqueInput>,
    config: Partial<RunnableConfig> | undefined,
    run: CallbackManagerForChainRun | undefined,
  ): AsyncGenerator<Partial<CritiqueResult>> {
    let last = new AIMessageChunk("");
    for await (const chunk of this.#write(await this.#caseIn(inputs), config, run)) {
      yield { message: chunk };
      last = chunk;
    }
    yield restOf(last);
  }

  /** A draft that comes in chunks is read as it comes; everything else once it is whole. */
  async #caseIn(inputs: AsyncGenerator<CritiqueInput>): Promise<CritiqueCase> {
    const first = await inputs.next();
    if (first.done) return caseOf([]);
    if (AIMessageChunk.isInstance(first.value)) return { conversation: [], draft: chunks(first.value, inputs) };
    let whole = first.value;
    for await (const input of inputs) whole = this._concatOutputChunks(whole, input);
    return caseOf(whole);
  }

  #write(
    asked: CritiqueCase,
    config: Partial<RunnableConfig> | undefined,
    run: CallbackManagerForChainRun | undefined,
  ): AsyncGenerator<AIMessageChunk, void, void> {
    return critique({ ...asked, model: this.#model, signal: config?.signal, run, trace: run?.getChild() }, this.#context);
  }
}

function restOf(message: AIMessageChunk): Pick<CritiqueResult, "value" | "rewinds" | "accepted"> {
  const { value, rewinds, accepted } = outcomeOf(message);
  return { value, rewinds, accepted };
}

/** An input, taken apart; the draft may still be on its way. */
type CritiqueCase = Pick<CritiqueRequest, "conversation" | "draft">;

/** @throws {OptionError} when it is none of what may be asked */
function caseOf(input: CritiqueInput): CritiqueCase {
  if (isMessage(input)) return input.type === "ai" ? { conversation: [], draft: only(asChunk(input)) } : { conversation: [input] };
  if (!isState(input)) return split(conversationOf(input));
  const { messages, draft } = input;
  if (draft === undefined) return split(conversationOf(messages));
  return { conversation: conversationOf(messages), draft: only(asChunk(draftOf(draft))) };
}

function draftOf(draft: unknown): BaseMessage {
  if (typeof draft === "string") return new AIMessage(draft);
  if (isMessage(draft)) return draft;
  throw new OptionError("draft", complaint("draft", "a message or a text", draft), draft);
}

function split(conversation: readonly BaseMessage[]): CritiqueCase {
  const last = conversation.at(-1);
  if (last === undefined) throw new OptionError("messages", complaint("messages", "a conversation of one message or more", []), []);
  return last.type === "ai" ? { conversation: conversation.slice(0, -1), draft: only(asChunk(last)) } : { conversation };
}

function conversationOf(input: BaseLanguageModelInput): readonly BaseMessage[] {
  if (typeof input === "string") return [new HumanMessage(input)];
  if (Array.isArray(input)) return input.map(messageOf);
  if (typeof input === "object" && input !== null && "toChatMessages" in input) return input.toChatMessages();
  throw new OptionError("input", complaint("input", "a prompt, text, messages, a message or `{ messages, draft }`", input), input);
}

function messageOf(given: BaseMessageLike, index: number): BaseMessage {
  try {
    return coerceMessageLikeToMessage(given);
  } catch (cause) {
    const expected = "a message, or what LangChain makes one of";
    throw Object.assign(new OptionError("messages", complaint(`messages[${index}]`, expected, given), given), { cause });
  }
}

function isState(input: CritiqueInput): input is CritiqueState {
  return typeof input === "object" && input !== null && !Array.isArray(input) && "messages" in input && !("toChatMessages" in input);
}

function isMessage(input: unknown): input is BaseMessage {
  return typeof input === "object" && input !== null && "_getType" in input;
}

async function* only<One>(one: One): AsyncGenerator<One, void, void> {
  yield one;
}

async function* chunks(first: AIMessageChunk, others: AsyncGenerator<CritiqueInput>): AsyncGenerator<AIMessageChunk, void, void> {
  yield asChunk(first);
  for await (const other of others) yield asChunk(other as AIMessageChunk);
}
