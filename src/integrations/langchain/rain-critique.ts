import type { CallbackManagerForChainRun } from "@langchain/core/callbacks/manager";
import { type AIMessage, AIMessageChunk } from "@langchain/core/messages";
import { Runnable, type RunnableConfig } from "@langchain/core/runnables";
import { complaint, OptionError } from "../../core/index.ts";
import { type ChatRunnable, isRunnable } from "./chat-call.ts";
import { Critic } from "./critic.ts";
import { outcomeOf } from "./critique.ts";
import { askingOf, type CritiqueInput, type ParsedCritiqueInput } from "./critique-input.ts";
import { CRITIQUE_RULES, type CritiqueOptions, checked, type Rules } from "./critique-options.ts";
import { CritiquedModel, type CritiquedModelFields } from "./critiqued-model.ts";
import { asChunk, asMessage } from "./message-chunk.ts";

export interface RainCritiqueOptions extends CritiqueOptions {
  /** Who writes drafts, and judges them unless `judge` is given. Without it, drafts that come from elsewhere are only judged. */
  readonly model?: ChatRunnable;
}

export interface CritiqueResult {
  /** What was accepted, or the refusal; what all drafts cost is in its `usage_metadata`. */
  readonly message: AIMessage | AIMessageChunk;
  /** Of the message; where nothing was accepted, of the best draft that was found. -1 (bad) to 1 (good); 0 where nobody judged. */
  readonly value: number;
  /** How often a draft was left for another one. */
  readonly rewinds: number;
  /** Whether all of the message passed the judge. A refusal did not, nor did what an unfit judge left unjudged (`onUnfit`). */
  readonly accepted: boolean;
}

const RULES: Rules<Required<RainCritiqueOptions>> = {
  ...CRITIQUE_RULES,
  model: { expected: "a chat model, or another runnable that answers messages", isMet: isRunnable },
};

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
 * nobody knows what was asked, so that a bad draft is cut short and not written again:
 * ```ts
 * const { message } = await prompt.pipe(model).pipe(new RainCritique({ judge: engine })).invoke(input);
 * ```
 * Its stream gives `{ message }` for each accepted part, then the rest; chunks add up, as those of `RunnableParallel` do.
 */
export class RainCritique extends Runnable<CritiqueInput, CritiqueResult> {
  override lc_namespace = ["rain_align", "critique"];
  readonly #critic: Critic;
  readonly #model: ChatRunnable | undefined;

  /** @throws {OptionError} for an option that cannot be meant */
  constructor(options: RainCritiqueOptions = {}) {
    super();
    const { model, ...critique } = checked(options, RULES);
    if (model === undefined && critique.judge === undefined)
      throw new OptionError("judge", complaint("judge", "given where there is no `model` to judge itself", undefined), undefined);
    this.#model = model;
    this.#critic = new Critic(critique);
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
        const { conversation, draft } = askingOf(given);
        let whole = new AIMessageChunk("");
        for await (const chunk of this.#write({ conversation, draft: draft && only(draft) }, config, run)) whole = whole.concat(chunk);
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
    return new CritiquedModel({ ...fields, model: this.#model, critic: this.#critic });
  }

  /**
   * A chat model that yields only what this critique accepts of `model`'s drafts.
   *
   * @throws {OptionError} when it is none that answers messages
   */
  wrap(model: ChatRunnable): CritiquedModel {
    if (!isRunnable(model)) throw new OptionError("model", complaint("model", RULES.model.expected, model), model);
    return new CritiquedModel({ model, critic: this.#critic });
  }

  async *#stream(
    inputs: AsyncGenerator<CritiqueInput>,
    config: Partial<RunnableConfig> | undefined,
    run: CallbackManagerForChainRun | undefined,
  ): AsyncGenerator<Partial<CritiqueResult>> {
    let last = new AIMessageChunk("");
    for await (const chunk of this.#write(await this.#asking(inputs), config, run)) {
      yield { message: chunk };
      last = chunk;
    }
    yield restOf(last);
  }

  /** A draft that comes in chunks is read as it comes; everything else once it is whole. */
  async #asking(inputs: AsyncGenerator<CritiqueInput>): Promise<Draft> {
    const first = await inputs.next();
    if (first.done) return { ...askingOf([]), draft: undefined };
    if (AIMessageChunk.isInstance(first.value)) return { conversation: [], draft: chunks(first.value, inputs) };
    let whole = first.value;
    for await (const input of inputs) whole = this._concatOutputChunks(whole, input);
    const { conversation, draft } = askingOf(whole);
    return { conversation, draft: draft && only(draft) };
  }

  #write({ conversation, draft }: Draft, config: Partial<RunnableConfig> | undefined, run: CallbackManagerForChainRun | undefined) {
    const given = { ...(draft === undefined ? {} : { draft }), ...(this.#model === undefined ? {} : { model: this.#model }) };
    return this.#critic.write({ ...given, conversation, signal: config?.signal, run, trace: run?.getChild() });
  }
}

/** What a critique was asked about, with a draft that may still be on its way. */
interface Draft {
  readonly conversation: ParsedCritiqueInput["conversation"];
  readonly draft: AsyncIterable<AIMessageChunk> | undefined;
}

async function* only<One>(one: One): AsyncGenerator<One, void, void> {
  yield one;
}

async function* chunks(first: AIMessageChunk, others: AsyncGenerator<CritiqueInput>): AsyncGenerator<AIMessageChunk, void, void> {
  yield asChunk(first);
  for await (const other of others) yield asChunk(other as AIMessageChunk);
}

function restOf(message: AIMessageChunk): Pick<CritiqueResult, "value" | "rewinds" | "accepted"> {
  const { value, rewinds, accepted } = outcomeOf(message);
  return { value, rewinds, accepted };
}
