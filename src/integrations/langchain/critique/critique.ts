import type { CallbackManager } from "@langchain/core/callbacks/manager";
import { AIMessage, AIMessageChunk, type BaseMessage, SystemMessage } from "@langchain/core/messages";
import { complaint, DEFAULTS, OptionError, type Turn } from "../../../core/index.ts";
import { dispatchRainEvent, type EventSink, type RainCustomEvent } from "../../judging/events.ts";
import {
  type JudgeAbout,
  type JudgeMetadata,
  judgeAbout,
  judgedValue,
  judgeMetadata,
  type TextJudge,
  unfitError,
} from "../../judging/text-judge.ts";
import { RainViolationError } from "../../judging/violation.ts";
import { wordlessErrors } from "../../judging/wordless.ts";
import { type ChatRunnable, callUnseen, streamUnseen } from "../unseen-call.ts";
import type { CritiqueContext } from "./context.ts";
import { type Draft, type DraftPart, isCut, type JudgedParts, partsOf, readable } from "./draft.ts";
import type { CritiqueSettings } from "./options.ts";

/** One answer that is to be written, or only judged. */
export interface CritiqueRequest {
  readonly conversation: readonly BaseMessage[];
  /** A first draft, if there is one already. */
  readonly draft?: AsyncIterable<AIMessageChunk> | undefined;
  /** What writes drafts. Without it, only the one that is given is judged. */
  readonly model?: ChatRunnable | undefined;
  /** What is asked whether it can continue a prefix, where that is another object than the model: without tools, for example. */
  readonly origin?: ChatRunnable | undefined;
  /** Call options for the model. */
  readonly options?: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal | undefined;
  /** The run that is told of events. */
  readonly run?: EventSink | undefined;
  /** Where drafts and verdicts show, if they are to be seen. */
  readonly trace?: CallbackManager | undefined;
  /** What of the answer is judged. @default all */
  readonly judged?: JudgedParts | undefined;
}

/** How an answer came about. Plain data. */
export interface CritiqueOutcome {
  /** Of the answer; where nothing was accepted, of the best draft that was found. -1 (bad) to 1 (good); 0 where nothing was judged. */
  readonly value: number;
  /** How often a draft was left for another one. */
  readonly rewinds: number;
  /** Texts that the judge was asked about. */
  readonly evaluations: number;
  /** Whether all of the answer passed the judge. A refusal, what `best` let through, and what an unfit judge left unjudged (`onUnfit`) did not. */
  readonly accepted: boolean;
  /** Which judge decided. An unfit one has not: then nothing was judged. */
  readonly judge: JudgeMetadata;
}

/** What the metadata of an answer's last part say of how it came about. */
export function outcomeOf({ response_metadata }: AIMessageChunk): CritiqueOutcome {
  return (response_metadata as { readonly rain: CritiqueOutcome }).rain;
}

/**
 * RAIN with a chat model that shows no logits: draft, judge, and release what is good; where something is not, leave it, go back to
 * the last good sentence, and let the model write on from there. Nothing is released unjudged, and nothing released is taken back.
 * The last chunk carries usage and metadata.
 *
 * @throws {OptionError} when there is neither a draft nor a model that writes one
 * @throws {RainViolationError} when nothing passes and `onExhausted` is "error"
 * @throws {JudgeError} when the judge gives no usable verdict, or is unfit and `onUnfit` is "error"
 */
export async function* critique(request: CritiqueRequest, context: CritiqueContext): AsyncGenerator<AIMessageChunk, void, void> {
  const { model, origin = model, draft } = request;
  const { settings } = context;
  if (model === undefined && draft === undefined)
    throw new OptionError("model", complaint("model", "given where there is no draft to judge", undefined), undefined);
  const seen = { signal: request.signal, trace: settings.drafts === "traced" ? request.trace : undefined };
  const judge = context.judgeFor(model);
  const isBySentence = await context.isBySentence(origin, seen);
  const about = await judgeAbout(judge, { ...seen, principle: settings.principle });
  yield* new CritiqueRun({ ...request, ...seen }, settings, judge, about, isBySentence).answer();
}

/** A part, and what the judge thinks of it. */
interface JudgedPart {
  readonly part: DraftPart;
  readonly value: number;
}

/** One request as it is answered: what was released so far, and what is known of what was not. */
class CritiqueRun {
  readonly #request: CritiqueRequest;
  readonly #settings: CritiqueSettings;
  readonly #judge: TextJudge;
  readonly #about: Partial<JudgeAbout>;
  readonly #isBySentence: boolean;
  readonly #report: JudgeMetadata;
  readonly #bounds: Bounds;
  readonly #turns: readonly Turn[];
  /** Values that were given, by text: the same draft may come twice. */
  readonly #values = new Map<string, number>();
  /** The answer so far: what was released. */
  #accepted = "";
  #isPassed = true;
  #value = 1;
  #rewinds = 0;
  #evaluations = 0;
  /** The best of what was flagged behind the accepted text. */
  #best: JudgedPart | undefined;
  /** A message without content that adds up what all drafts cost. */
  #costs = new AIMessageChunk("");

  constructor(request: CritiqueRequest, settings: CritiqueSettings, judge: TextJudge, about: Partial<JudgeAbout>, isBySentence: boolean) {
    this.#request = request;
    this.#settings = settings;
    this.#judge = judge;
    this.#about = about;
    this.#isBySentence = isBySentence;
    this.#bounds = boundsOf(settings.threshold === undefined ? about : { threshold: settings.threshold });
    this.#report = judgeMetadata({ ...about, threshold: this.#bounds.threshold });
    this.#turns = turnsOf(request.conversation);
  }

  async *answer(): AsyncGenerator<AIMessageChunk, void, void> {
    if (!this.#report.isFit && this.#settings.onUnfit !== "plain") {
      yield await this.#withhold();
      return;
    }
    let parts = this.#partsOf(this.#request.draft ?? this.#write());
    try {
      for (;;) {
        const flagged = yield* this.#follow(parts);
        if (flagged === undefined) return;
        if (this.#mayRewind()) await this.#rewind(flagged);
        else {
          const best = await this.#giveUp(flagged);
          if (best === undefined) {
            yield this.#refusal();
            return;
          }
          yield await this.#commit(best);
          if (best.part.draft !== undefined) return;
          if (best === flagged) continue;
        }
        await parts.return();
        parts = this.#partsOf(this.#write());
      }
    } finally {
      await parts.return();
    }
  }

  /** What is said where the judge is unfit and nothing unjudged is to pass. No draft is written, and one that is there is left unread. */
  async #withhold(): Promise<AIMessageChunk> {
    const { onUnfit, onExhausted, principle } = this.#settings;
    await this.#request.draft?.[Symbol.asyncIterator]().return?.();
    // Where an error is wanted when nothing passes, a sentence is of no use.
    if (onUnfit === "error" || onExhausted === "error") throw unfitError(principle, this.#about);
    this.#isPassed = false;
    this.#value = 0;
    return this.#refusal();
  }

  #partsOf(draft: AsyncIterable<AIMessageChunk>): AsyncGenerator<DraftPart, void, void> {
    return partsOf(wordlessErrors(draft, this.#request.signal), {
      isBySentence: this.#isBySentence,
      behind: this.#accepted,
      principle: this.#settings.principle,
    });
  }

  /** Another draft; as it is written only where parts of it are released before its end. */
  async *#write(): AsyncGenerator<AIMessageChunk, void, void> {
    const { conversation, options, signal, trace } = this.#request;
    // A request has a draft or a model, and without a model nothing is written again.
    const model = this.#request.model as ChatRunnable;
    const messages = askedAgain(conversation, this.#accepted, this.#rewinds === 0 ? "" : this.#settings.guidance);
    const call = { signal, trace, ...(options === undefined ? {} : { options }) };
    if (this.#isBySentence) yield* streamUnseen(model, messages, call);
    else yield await callUnseen(model, messages, call);
  }

  /** Releases a draft as far as it is good; gives the part that is not. */
  async *#follow(parts: AsyncGenerator<DraftPart, void, void>): AsyncGenerator<AIMessageChunk, JudgedPart | undefined, void> {
    const { isFit } = this.#report;
    for (let next = await parts.next(); !next.done; next = await parts.next()) {
      const part = next.value;
      this.#costs = this.#costs.concat(new AIMessageChunk({ content: "", ...part.draft?.cost }));
      const judged = { part, value: isFit ? await this.#valueOf(part) : 0 };
      if (isFit && judged.value < this.#leastOf(part)) {
        if (this.#best === undefined || judged.value > this.#best.value) this.#best = judged;
        return judged;
      }
      yield await this.#commit(judged);
    }
    return undefined;
  }

  /** Where there is nothing to read, there is nothing to object to; but a whole draft that says and calls nothing is no answer. */
  async #valueOf({ text, draft }: DraftPart): Promise<number> {
    const { principle, judgeSignal } = this.#settings;
    const { judged = { text: true, toolCalls: true }, signal, trace } = this.#request;
    const answer = readable(this.#accepted + text, draft, judged);
    if (answer === "") return judged.text && draft?.calls.length === 0 ? -1 : 1;
    const known = this.#values.get(answer);
    if (known !== undefined) return known;
    const turns: Turn[] = [...this.#turns, { role: "assistant", text: answer }];
    const value = await judgedValue(turns, this.#judge, { principle, judgeSignal, signal, trace });
    this.#evaluations++;
    this.#values.set(answer, value);
    return value;
  }

  /**
   * Where one draft was flagged the next one is likely bad, too: what is taken in its place has to be likely good, and so has the whole answer in the end;
   * further beginnings only have to be unsuspicious. What its limit has cut has no end of its own: it is a beginning.
   */
  #leastOf({ draft }: DraftPart): number {
    const { threshold, beginningThreshold, acceptance } = this.#bounds;
    // Each rewind is behind one draft, so that there are as many tries.
    const accepted = this.#rewinds > 0 ? acceptance?.(this.#rewinds) : undefined;
    if (draft !== undefined && isCut(draft)) return Math.max(beginningThreshold, accepted?.beginning ?? -1);
    if (draft !== undefined) return Math.max(threshold, accepted?.whole ?? -1);
    return this.#best === undefined ? beginningThreshold : Math.max(beginningThreshold, accepted?.beginning ?? -1);
  }

  /** What is released of a part; in an answer's last one, with its account. */
  async #commit({ part, value }: JudgedPart): Promise<AIMessageChunk> {
    const { text, draft, chunk } = part;
    const { isFit } = this.#report;
    this.#isPassed &&= isFit && value >= this.#leastOf(part);
    this.#accepted += text;
    this.#best = undefined;
    this.#value = value;
    // Of what was not judged, nothing is told.
    if (text !== "" && isFit) await this.#dispatch({ type: "commit", text, value });
    return draft === undefined ? chunk : chunk.concat(this.#account(draft.facts));
  }

  #mayRewind(): boolean {
    const { model, conversation } = this.#request;
    return model !== undefined && conversation.length > 0 && this.#rewinds < this.#settings.retries;
  }

  async #rewind({ part, value }: JudgedPart): Promise<void> {
    this.#rewinds++;
    const discarded = this.#settings.revealDiscarded ? { discarded: part.text } : {};
    await this.#dispatch({ type: "rewind", rewinds: this.#rewinds, value, ...discarded });
  }

  /**
   * Where nothing passes and no draft may be left any more: the best of what was flagged, if that is to be taken.
   *
   * @throws {RainViolationError} where that is to be an error
   */
  async #giveUp(flagged: JudgedPart): Promise<JudgedPart | undefined> {
    const best = this.#best ?? flagged;
    const { onExhausted, principle } = this.#settings;
    this.#isPassed = false;
    if (onExhausted === "best") return best;
    const { value } = best;
    this.#value = value;
    await this.#dispatch({ type: "violation", stage: "output", value });
    if (onExhausted === "refuse") return undefined;
    const { threshold } = this.#bounds;
    throw new RainViolationError("output", { principle: principle.name, threshold, value, rewinds: this.#rewinds });
  }

  /** A sentence instead of an answer; behind the beginning of one, nothing: the two would not fit together. */
  #refusal(): AIMessageChunk {
    const text = this.#accepted === "" ? this.#settings.refusal : "";
    return new AIMessageChunk(text).concat(this.#account({ finish_reason: "content_filter" }));
  }

  /** What is told at the end: what the provider says of the last draft, how the answer came about, and what all drafts cost. */
  #account(facts: Draft["facts"]): AIMessageChunk {
    const { usage_metadata } = this.#costs;
    const outcome: CritiqueOutcome = {
      value: this.#value,
      rewinds: this.#rewinds,
      evaluations: this.#evaluations,
      accepted: this.#isPassed,
      judge: this.#report,
    };
    const rain = { mode: "critique", principle: this.#settings.principle.name, ...outcome };
    return new AIMessageChunk({
      content: "",
      response_metadata: { ...facts, rain },
      ...(usage_metadata === undefined ? {} : { usage_metadata }),
    });
  }

  async #dispatch(event: RainCustomEvent): Promise<void> {
    await dispatchRainEvent(event, this.#settings.onRainEvent, this.#request.run);
  }
}

/** From which values on a whole answer and a beginning of one pass, and from which they are taken in place of what was flagged. */
interface Bounds extends Pick<JudgeAbout, "acceptance"> {
  readonly threshold: number;
  readonly beginningThreshold: number;
}

function boundsOf({ threshold = DEFAULTS.threshold, beginningThreshold = threshold, acceptance }: Partial<JudgeAbout>): Bounds {
  return { threshold, beginningThreshold, acceptance };
}

/** The conversation that asks for another draft. */
function askedAgain(conversation: readonly BaseMessage[], prefix: string, guidance: string): BaseMessage[] {
  const guided = guidance === "" ? [...conversation] : withGuidance(conversation, guidance);
  // Providers refuse an assistant's message that ends in white space.
  const begun = prefix.trimEnd();
  return begun === "" ? guided : [...guided, new AIMessage(begun)];
}

/** Providers want one system message, and want it first. */
function withGuidance([first, ...others]: readonly BaseMessage[], guidance: string): BaseMessage[] {
  if (first?.type !== "system") return [new SystemMessage(guidance), ...(first === undefined ? [] : [first]), ...others];
  const { content } = first;
  const both = typeof content === "string" ? `${content}\n\n${guidance}` : [...content, { type: "text", text: guidance }];
  return [new SystemMessage({ content: both }), ...others];
}

/** A conversation as the judge reads it. What a tool gave back is a turn of the user's side. */
function turnsOf(messages: readonly BaseMessage[]): readonly Turn[] {
  const turns = messages.map((message): Turn => {
    const { type, text } = message;
    if (type === "ai") return { role: "assistant", text: [text, ...callsOf(message)].join("\n").trim() };
    return { role: type === "system" || type === "developer" ? "system" : "user", text };
  });
  return turns.filter(({ text }) => text !== "");
}

function callsOf(message: BaseMessage): string[] {
  const { tool_calls, invalid_tool_calls } = message as Partial<AIMessageChunk>;
  const valid = (tool_calls ?? []).map(({ name, args }) => `${name}(${JSON.stringify(args)})`);
  const invalid = (invalid_tool_calls ?? []).map(({ name, args }) => `${name ?? ""}(${args ?? ""})`);
  return [...valid, ...invalid];
}
