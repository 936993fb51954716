import type { Answering, FinishReason, RainAnswer, RainStep } from "./answer.ts";
import { prime } from "./decoding.ts";
import { type Boundary, Ending, firstStop, TextStream } from "./ending.ts";
import type { Call, Constrained, Continuation, Engine, LogitsProcessing, Prefix, Sampling, Token, Turn } from "./engine.ts";
import { ContextFullError, ExhaustedError } from "./errors.ts";
import type { Principle } from "./judge/principle.ts";
import type { AnswerJudge } from "./judge/verdict.ts";
import { Meter, type Purpose } from "./meter.ts";
import { isBegun } from "./opening.ts";
import type { Settings } from "./options.ts";
import type { JsonFormat } from "./output-format.ts";

/** A conversation as the writer of the answer reads it. A judge may read it in another form. */
export interface Prompt {
  readonly prefix: Prefix;
  /** The beginning that it has in common with the prompts of all conversations; empty where there is none. */
  readonly constant: Prefix;
  /** Where the answer ends. */
  readonly boundary: Boundary;
}

/** Puts a conversation to a model. */
export type PromptOf = (engine: Engine, turns: readonly Turn[], settings: Settings) => Prompt;

/** What is to be answered, and how. */
export interface GenerationRequest {
  readonly engine: Engine;
  readonly turns: readonly Turn[];
  readonly settings: Settings;
  readonly promptOf: PromptOf;
  /** Whether a text ends in calls, which are no part of it: it may be empty in front of them. */
  readonly hasCalls?: (text: string) => boolean;
  /** What is asked of a whole answer besides, as it was written. */
  readonly isValid?: ((answer: readonly Token[]) => Promise<boolean>) | undefined;
}

/** A way of decoding, by `options.mode`. */
export type Decode = (request: GenerationRequest, judge: AnswerJudge) => Answering;

/** What is known of tokens as they are committed. */
type Found = Pick<RainStep, "value" | "visits" | "rewinds">;

/** One answer as it is being written: what was committed so far, and its account. Every mode commits through it. */
export class Generation {
  readonly engine: Engine;
  readonly settings: Settings;
  readonly turns: readonly Turn[];
  /** All that stands before the answer. */
  readonly prompt: Prefix;
  readonly ending: Ending;
  readonly meter = new Meter();
  /** Tokens that were drawn for whatever reason, the committed ones included. */
  drawn = 0;
  readonly #constant: Prefix;
  readonly #processing: LogitsProcessing | undefined;
  readonly #hasCalls: (text: string) => boolean;
  readonly #isValid: GenerationRequest["isValid"];
  readonly #committed: Token[] = [];
  readonly #stream: TextStream;
  #text = "";
  /** Under a format: what will be shown at the end. */
  #held = "";
  #rewinds = 0;
  #value: number | undefined;
  #isRefused = false;
  /** Whether the answer begins with its first word; only the continuation of an assistant's turn may begin with a space. */
  readonly #isFresh: boolean;

  /** @throws {ContextFullError} when the conversation leaves no room for an answer */
  constructor({ engine, turns, settings, promptOf, hasCalls = () => false, isValid }: GenerationRequest) {
    this.engine = engine;
    this.settings = settings;
    this.turns = turns;
    this.#processing = processingIn(settings);
    const { prefix, constant, boundary } = promptOf(engine, turns, settings);
    this.prompt = prefix;
    this.#constant = constant;
    this.#hasCalls = hasCalls;
    this.#isValid = isValid;
    const room = roomBehind({ prefix, constant }, engine, settings);
    this.ending = new Ending(engine, this.prompt, { boundary, limit: Math.min(settings.maxTokens, room) });
    this.#stream = new TextStream(engine, this.prompt, boundary);
    this.#isFresh = !isBegun(turns);
  }

  /** The answer so far, in tokens. */
  get committed(): readonly Token[] {
    return this.#committed;
  }

  /** Where what the model has written begins: it has thought token by token, too. */
  get writtenFrom(): number {
    const { role, opening = [] } = this.turns.at(-1) ?? {};
    const isBehind = role === "assistant" && opening.every((token, index) => token === this.prompt.at(index - opening.length));
    return this.prompt.length - (isBehind ? opening.length : 0);
  }

  get isOver(): boolean {
    return this.ending.isOver(this.#committed);
  }

  /** Whether these tokens are a whole answer that says nothing. To continue a turn, nothing more need be said; nor in front of a call. */
  isEmpty(answer: readonly Token[]): boolean {
    const last = this.turns.at(-1);
    const isBegun = last?.role === "assistant" && last.text.trim() !== "";
    if (isBegun || !this.ending.isOver(answer) || this.#textOf(this.ending.readable(answer)).trim() !== "") return false;
    return !this.#hasCalls(this.#textOf(answer));
  }

  /** Whether something is asked of the whole answer that cannot be kept while it is written. */
  get isChecked(): boolean {
    const { format } = this.settings;
    return this.#isValid !== undefined || (format?.type === "json" && format.isValid !== undefined);
  }

  /** Whether these tokens may be what is asked for: a beginning, and what the length limit has cut, always may. */
  async isValid(answer: readonly Token[]): Promise<boolean> {
    if (!this.isChecked) return true;
    const { format } = this.settings;
    const { isValid = () => true, inSteps = false }: Partial<JsonFormat> = format?.type === "json" ? format : {};
    const said = this.ending.said(answer);
    const text = this.#textOf(said);
    // In steps, the last bracket would be out before the end is drawn.
    const isWhole = said.length < answer.length || (inSteps && isObjectOrList(text));
    return !isWhole || ((await isValid(text)) && ((await this.#isValid?.(answer)) ?? true));
  }

  #textOf(answer: readonly Token[]): string {
    return this.engine.tokenizer.detokenize(answer, this.prompt);
  }

  /** What holds for each token of the answer. */
  get constraints(): Constrained {
    const { format } = this.settings;
    const formatted = format === undefined ? {} : { format, formatStart: this.prompt.length };
    return { ...formatted, processing: this.#processing, writtenFrom: this.writtenFrom };
  }

  /** How far a text is written before it is judged. Under a format it means something only as a whole, unless it is wanted in steps. */
  get horizon(): Principle["horizon"] {
    return this.#isWhole ? "end" : this.settings.principle.horizon;
  }

  get #isWhole(): boolean {
    const { format } = this.settings;
    return format !== undefined && !(format.type === "json" && format.inSteps);
  }

  /** Computes the prompt. */
  async prime(): Promise<void> {
    if (this.#constant.length > 0) await prime(this.engine, [this.#constant], this.call("prompt"), { keep: true });
    const { format, processing, writtenFrom } = this.constraints;
    await prime(this.engine, [this.prompt], this.call("prompt"), { format, processing, writtenFrom });
  }

  /** The user's own way of drawing tokens. */
  sampling(seed: number): Sampling {
    const { temperature, topK, topP, minP, xtcProbability, xtcThreshold } = this.settings;
    return { temperature, topK, topP, minP, xtcProbability, xtcThreshold, seed };
  }

  /** A whole answer, in one go; or the rest of one that begins so. */
  draft(seed: number, start: readonly Token[] = []): Continuation {
    return {
      ...this.constraints,
      prefix: [...this.prompt, ...start],
      sampling: this.sampling(seed),
      maxTokens: this.ending.limit - start.length,
      until: (tokens) => this.ending.isOver([...start, ...tokens]),
    };
  }

  call(purpose: Purpose): Call {
    return { purpose, meter: this.meter, signal: this.settings.signal };
  }

  /**
   * Whether the best of what failed is to be taken all the same.
   *
   * @param best its value; left out where nobody judges
   * @throws {ExhaustedError} when `onExhausted` is "error"
   */
  takesFailed(best?: number): boolean {
    const { onExhausted, principle, threshold } = this.settings;
    switch (onExhausted) {
      case "best":
        return true;
      case "refuse":
        return false;
      case "error":
        throw new ExhaustedError(principle.name, { committed: this.committed.length, best, threshold });
      default:
        return onExhausted satisfies never;
    }
  }

  /** Appends tokens to the answer, for good. */
  commit(tokens: readonly Token[], found: Found): RainStep {
    this.#committed.push(...tokens);
    this.meter.emitted += tokens.length;
    this.#rewinds += found.rewinds;
    this.#value = found.value;
    const released = this.#stream.push(this.ending.said(tokens)) + (this.isOver ? this.#stream.finish() : "");
    const step: RainStep = { tokens, text: this.#releaseInTime(released), ...found };
    this.settings.onEvent({ type: "commit", step });
    return step;
  }

  /**
   * Ends the answer because nothing acceptable was found. Text that is out stays as it is, without a sentence glued to it;
   * where there is none, the refusal is the answer. Like all text it ends before a stop string.
   */
  refuse(refusal: string, rewinds: number): RainStep {
    this.#isRefused = true;
    this.#rewinds += rewinds;
    const rest = this.#show(this.#stream.finish());
    if (this.#text !== "") return { tokens: [], text: rest, value: this.#value, visits: 0, rewinds };
    this.#value = undefined;
    const stop = firstStop(refusal, this.settings.stop);
    return { tokens: [], text: this.#show(stop < 0 ? refusal : refusal.slice(0, stop)), value: undefined, visits: 0, rewinds };
  }

  conclude(): RainAnswer {
    const { meter } = this;
    return {
      text: this.#text,
      finishReason: this.#finishReason(),
      value: this.#value,
      rewinds: this.#rewinds,
      seed: this.settings.seed,
      promptTokens: this.prompt.length,
      meter,
      cost: meter.cost,
      discarded: this.drawn - meter.emitted,
    };
  }

  #finishReason(): FinishReason {
    if (this.#isRefused) return "content_filter";
    const isEnded = this.ending.said(this.#committed).length < this.#committed.length;
    return isEnded || this.#stream.isStopped ? "stop" : "length";
  }

  /** Text of a format is shown at its end, all at once, unless it is wanted in steps. */
  #releaseInTime(released: string): string {
    if (!this.#isWhole) return this.#show(released);
    this.#held += released;
    return this.isOver ? this.#show(this.#held) : "";
  }

  #show(released: string): string {
    const shown = this.#isFresh && this.#text === "" ? released.trimStart() : released;
    this.#text += shown;
    return shown;
  }
}

/** `undefined` where logits stay as they are: then no more has to be read of the model than the likeliest tokens. */
function processingIn(settings: Settings): LogitsProcessing | undefined {
  const { logitBias, repetitionPenalty, presencePenalty, frequencyPenalty, dryMultiplier } = settings;
  const isNeutral = repetitionPenalty === 1 && presencePenalty === 0 && frequencyPenalty === 0 && dryMultiplier === 0;
  return isNeutral && Object.keys(logitBias).length === 0 ? undefined : settings;
}

/** What to do about a conversation that leaves no room. Where the oldest turns are dropped already, what is left is too long. */
export function adviceOn({ contextShift }: Settings): string | undefined {
  return contextShift ? undefined : "shorten the conversation, have its oldest turns dropped (`contextShift`), or choose a larger context";
}

/** Whether a text is JSON behind which nothing can follow. */
function isObjectOrList(text: string): boolean {
  if (!/[}\]]\s*$/.test(text)) return false;
  try {
    return typeof JSON.parse(text) === "object";
  } catch {
    return false;
  }
}

/** @throws {ContextFullError} where there is no room for an answer */
function roomBehind({ prefix, constant }: Pick<Prompt, "prefix" | "constant">, { facts }: Engine, settings: Settings): number {
  const room = facts.contextSize - prefix.length;
  if (room > 0) return room;
  const share = `${constant.length} of them are URIAL's instruction and examples`;
  const advice = constant.length === 0 ? adviceOn(settings) : `${share}: show fewer, \`urialExamples\`, or choose a larger context`;
  throw new ContextFullError(prefix.length + 1, facts.contextSize, advice);
}
