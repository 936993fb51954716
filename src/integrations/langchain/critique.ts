import type { CallbackManager } from "@langchain/core/callbacks/manager";
import { AIMessageChunk, type BaseMessage } from "@langchain/core/messages";
import type { Turn } from "../../core/index.ts";
import { type ChatRunnable, callUnseen, streamUnseen } from "./chat-call.ts";
import { askedAgain } from "./continuation.ts";
import type { CritiqueSettings } from "./critique-options.ts";
import type { Draft } from "./draft.ts";
import { judgedValue, type TextJudge } from "./judging.ts";
import { announce, type EventSink, type RainEvent } from "./rain-events.ts";
import { readable, turnsOf } from "./readable.ts";
import { type Unit, unitsOf } from "./units.ts";
import { RainViolationError } from "./violation-error.ts";

/** One answer that is to be written, or only judged. */
export interface CritiqueCase {
  readonly conversation: readonly BaseMessage[];
  /** A first draft, if somebody has written one. */
  readonly draft?: AsyncIterable<AIMessageChunk>;
  /** Who writes drafts. Without it, only the one that is given is judged. */
  readonly model?: ChatRunnable;
  /** Whom to ask whether it can continue a prefix, where that is another object than the model: without tools, for example. */
  readonly origin?: ChatRunnable;
  /** Call options for the model. */
  readonly options?: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal | undefined;
  /** The run that is told of events. */
  readonly run?: EventSink | undefined;
  /** Where drafts and verdicts show, if they are to be seen. */
  readonly trace?: CallbackManager | undefined;
  /** What of the answer is judged. @default all */
  readonly judged?: { readonly text: boolean; readonly toolCalls: boolean };
}

/** How an answer came about. Plain data. */
export interface Outcome {
  /** Of the answer; where nothing was accepted, of the best draft that was found. -1 (bad) to 1 (good). */
  readonly value: number;
  /** How often a draft was left for another one. */
  readonly rewinds: number;
  /** Texts that the judge was asked about. */
  readonly evaluations: number;
  /** Whether all of the answer passed the judge. A refusal, and what `best` let through, did not. */
  readonly accepted: boolean;
}

/** Who judges a case, and how. */
export interface Court {
  readonly settings: CritiqueSettings;
  readonly judge: TextJudge;
  /** Whether sentences are judged and released one by one. */
  readonly isBySentence: boolean;
}

interface Flagged {
  readonly unit: Unit;
  readonly value: number;
}

interface Course extends Court {
  readonly request: CritiqueCase;
  readonly turns: readonly Turn[];
  /** Values that were given, by text: the same draft may come twice. */
  readonly values: Map<string, number>;
  /** The answer so far: what was released. */
  accepted: string;
  isPassed: boolean;
  value: number;
  rewinds: number;
  evaluations: number;
  /** The best of what was flagged behind the accepted text. */
  best: Flagged | undefined;
  isOver: boolean;
  /** A message without content that adds up what all drafts cost. */
  spent: AIMessageChunk;
}

/**
 * RAIN with a chat model that shows no logits: draft, judge, and release what is good; where something is not, leave it, go back to
 * the last good sentence, and let the model write on from there. Nothing is released unjudged, and nothing released is taken back.
 *
 * @throws {RainViolationError} when nothing passes and `onExhausted` is "error"
 * @throws {JudgeError} when the judge gives no usable verdict
 */
export async function* critique(request: CritiqueCase, court: Court): AsyncGenerator<AIMessageChunk, void, void> {
  const course = begin(request, court);
  const reading = { isBySentence: court.isBySentence, principle: court.settings.principle };
  let units = unitsOf(request.draft ?? write(course), { ...reading, behind: "" });
  try {
    for (;;) {
      const flagged = yield* follow(units, course);
      if (flagged === undefined) return;
      const taken = mayRewind(course) ? undefined : yield* giveUp(course);
      if (course.isOver) return;
      if (taken === flagged) continue;
      if (taken === undefined) await rewind(flagged, course);
      await units.return();
      units = unitsOf(write(course), { ...reading, behind: course.accepted });
    }
  } finally {
    await units.return();
  }
}

/** What the metadata of an answer's last part say of how it came about. */
export function outcomeOf({ response_metadata }: AIMessageChunk): Outcome {
  return (response_metadata as { readonly rain: Outcome }).rain;
}

function begin(request: CritiqueCase, court: Court): Course {
  return {
    ...court,
    request,
    turns: turnsOf(request.conversation),
    values: new Map(),
    accepted: "",
    isPassed: true,
    value: 1,
    rewinds: 0,
    evaluations: 0,
    best: undefined,
    isOver: false,
    spent: new AIMessageChunk(""),
  };
}

/** Releases a draft as far as it is good; gives the unit that is not. */
async function* follow(units: AsyncGenerator<Unit, void, void>, course: Course): AsyncGenerator<AIMessageChunk, Flagged | undefined, void> {
  for (let next = await units.next(); !next.done; next = await units.next()) {
    const unit = next.value;
    course.spent = course.spent.concat(new AIMessageChunk({ content: "", ...unit.draft?.cost }));
    const judged = { unit, value: await judge(unit, course) };
    if (judged.value < course.settings.threshold) {
      if (course.best === undefined || judged.value > course.best.value) course.best = judged;
      return judged;
    }
    yield* commit(judged, course);
  }
  return undefined;
}

/** Where there is nothing to read, there is nothing to object to. */
async function judge({ text, draft }: Unit, course: Course): Promise<number> {
  const { request, settings, values } = course;
  const { principle, judgeSignal } = settings;
  const { judged = { text: true, toolCalls: true }, signal, trace } = request;
  const answer = readable(course.accepted + text, draft, judged);
  if (answer === "") return 1;
  const known = values.get(answer);
  if (known !== undefined) return known;
  const turns: Turn[] = [...course.turns, { role: "assistant", text: answer }];
  const value = await judgedValue(turns, course.judge, { principle, judgeSignal, signal, trace });
  course.evaluations++;
  values.set(answer, value);
  return value;
}

async function* commit({ unit, value }: Flagged, course: Course): AsyncGenerator<AIMessageChunk, void, void> {
  const { settings } = course;
  course.accepted += unit.text;
  course.best = undefined;
  course.value = value;
  course.isPassed &&= value >= settings.threshold;
  if (unit.text !== "") await tell({ type: "commit", text: unit.text, value }, course);
  course.isOver = unit.draft !== undefined;
  yield unit.draft === undefined ? unit.chunk : unit.chunk.concat(account(unit.draft.facts, course));
}

function mayRewind({ request, rewinds, settings }: Course): boolean {
  return request.model !== undefined && request.conversation.length > 0 && rewinds < settings.retries;
}

async function rewind({ unit, value }: Flagged, course: Course): Promise<void> {
  course.rewinds++;
  const { revealDiscarded } = course.settings;
  await tell({ type: "rewind", rewinds: course.rewinds, value, ...(revealDiscarded ? { discarded: unit.text } : {}) }, course);
}

/** Ends the answer, or goes on with the best of what was flagged, which it gives. */
async function* giveUp(course: Course): AsyncGenerator<AIMessageChunk, Flagged | undefined, void> {
  const { best, rewinds, settings } = course;
  const { onExhausted, principle, threshold } = settings;
  const value = best?.value ?? -1;
  course.isPassed = false;
  if (onExhausted === "best" && best !== undefined) {
    yield* commit(best, course);
    return best;
  }
  course.value = value;
  await tell({ type: "violation", stage: "output", value }, course);
  if (onExhausted === "error") throw new RainViolationError("output", { principle: principle.name, threshold, value, rewinds });
  course.isOver = true;
  yield refusal(course);
  return undefined;
}

/** A sentence instead of an answer; behind the beginning of one, nothing: the two would not fit together. */
function refusal(course: Course): AIMessageChunk {
  const text = course.accepted === "" ? course.settings.refusal : "";
  return new AIMessageChunk(text).concat(account({ finish_reason: "content_filter" }, course));
}

/** What is told at the end: what the provider says of the last draft, how the answer came about, and what all drafts cost. */
function account(facts: Draft["facts"], course: Course): AIMessageChunk {
  const { usage_metadata } = course.spent;
  const { value, rewinds, evaluations, isPassed: accepted } = course;
  const rain = { mode: "critique", principle: course.settings.principle.name, value, rewinds, evaluations, accepted };
  return new AIMessageChunk({
    content: "",
    response_metadata: { ...facts, rain },
    ...(usage_metadata === undefined ? {} : { usage_metadata }),
  });
}

/** Another draft; as it is written only where parts of it are released before its end. */
async function* write({ request, settings, accepted, rewinds, isBySentence }: Course): AsyncGenerator<AIMessageChunk, void, void> {
  const { conversation, options = {}, signal, trace } = request;
  // Whoever asks gives a draft or a model, and without a model nothing is written again.
  const model = request.model as ChatRunnable;
  const messages = askedAgain(conversation, { prefix: accepted, guidance: rewinds === 0 ? "" : settings.guidance });
  if (isBySentence) yield* streamUnseen(model, messages, { options, signal, trace });
  else yield await callUnseen(model, messages, { options, signal, trace });
}

async function tell(event: RainEvent, { settings, request }: Course): Promise<void> {
  await announce(event, settings.onRainEvent, request.run);
}
