import type { CallbackManager } from "@langchain/core/callbacks/manager";
import { AIMessageChunk, type BaseMessage } from "@langchain/core/messages";
import { DEFAULTS, type Fitness, JudgeError, type Turn, unfitNotice } from "../../core/index.ts";
import { type ChatRunnable, callUnseen, streamUnseen } from "./chat-call.ts";
import { askedAgain } from "./continuation.ts";
import type { CritiqueSettings } from "./critique-options.ts";
import type { Draft } from "./draft.ts";
import { type JudgeMetadata, judgeMetadata } from "./judge-metadata.ts";
import { type JudgeAbout, judgeAbout, judgedValue, type TextJudge } from "./judging.ts";
import { isName } from "./provider-facts.ts";
import { announce, type EventSink, type RainEvent } from "./rain-events.ts";
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
export interface CritiqueOutcome {
  /** Of the answer; where nothing was accepted, of the best draft that was found. -1 (bad) to 1 (good); 0 where nobody judged. */
  readonly value: number;
  /** How often a draft was left for another one. */
  readonly rewinds: number;
  /** Texts that the judge was asked about. */
  readonly evaluations: number;
  /** Whether all of the answer passed the judge. A refusal, what `best` let through, and what nobody judged did not. */
  readonly accepted: boolean;
  /** Which judge decided. An unfit one has not: then nobody judged. */
  readonly judge: JudgeMetadata;
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

/** From which values on a whole answer and a beginning of one pass, and from which they are taken in place of what was flagged. */
interface Bounds {
  readonly threshold: number;
  readonly beginningThreshold: number;
  readonly acceptance: number;
  readonly beginningAcceptance: number;
}

interface Course extends Court {
  readonly request: CritiqueCase;
  readonly turns: readonly Turn[];
  readonly about: JudgeAbout | undefined;
  readonly report: JudgeMetadata;
  readonly bounds: Bounds;
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
 * @throws {JudgeError} when the judge gives no usable verdict, or is unfit and `onUnfit` is "error"
 */
export async function* critique(request: CritiqueCase, court: Court): AsyncGenerator<AIMessageChunk, void, void> {
  const course = await begin(request, court);
  if (!course.report.isFit && court.settings.onUnfit !== "plain") {
    yield await withheld(course);
    return;
  }
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
export function outcomeOf({ response_metadata }: AIMessageChunk): CritiqueOutcome {
  return (response_metadata as { readonly rain: CritiqueOutcome }).rain;
}

async function begin(request: CritiqueCase, court: Court): Promise<Course> {
  const { principle, threshold } = court.settings;
  const about = await judgeAbout(court.judge, { ...request, principle });
  return {
    ...court,
    request,
    turns: turnsOf(request.conversation),
    about,
    report: judgeMetadata(about?.fitness, about?.model),
    bounds: boundsOf(threshold === undefined ? (about ?? {}) : { threshold }),
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

function boundsOf({ threshold = DEFAULTS.threshold, beginningThreshold = threshold, ...accepted }: Partial<JudgeAbout>): Bounds {
  const { acceptance = threshold, beginningAcceptance = beginningThreshold } = accepted;
  return { threshold, beginningThreshold, acceptance, beginningAcceptance };
}

/** What is said where the judge is unfit and nothing unjudged is to pass. Nobody writes a draft, and one that is there is left unread. */
async function withheld(course: Course): Promise<AIMessageChunk> {
  const { request, settings, about } = course;
  await request.draft?.[Symbol.asyncIterator]().return?.();
  // Who wants an error where nothing passes has no use for a sentence.
  if (settings.onUnfit === "error" || settings.onExhausted === "error")
    throw new JudgeError(settings.principle.name, unfitNotice(about?.fitness as Fitness, about?.model ?? ""));
  course.isPassed = false;
  course.value = 0;
  return refusal(course);
}

/** Releases a draft as far as it is good; gives the unit that is not. */
async function* follow(units: AsyncGenerator<Unit, void, void>, course: Course): AsyncGenerator<AIMessageChunk, Flagged | undefined, void> {
  for (let next = await units.next(); !next.done; next = await units.next()) {
    const unit = next.value;
    course.spent = course.spent.concat(new AIMessageChunk({ content: "", ...unit.draft?.cost }));
    const judged = { unit, value: course.report.isFit ? await judge(unit, course) : 0 };
    if (course.report.isFit && judged.value < leastOf(unit, course)) {
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

/**
 * Where one draft was flagged the next one is likely bad, too: what is taken in its place has to be likely good, and so has the whole answer in the end;
 * further beginnings only have to be unsuspicious.
 */
function leastOf({ draft }: Unit, { bounds, best, rewinds }: Course): number {
  const { threshold, beginningThreshold, acceptance, beginningAcceptance } = bounds;
  if (draft !== undefined) return rewinds > 0 ? Math.max(threshold, acceptance) : threshold;
  return best === undefined ? beginningThreshold : Math.max(beginningThreshold, beginningAcceptance);
}

async function* commit({ unit, value }: Flagged, course: Course): AsyncGenerator<AIMessageChunk, void, void> {
  const { isFit } = course.report;
  course.isPassed &&= isFit && value >= leastOf(unit, course);
  course.accepted += unit.text;
  course.best = undefined;
  course.value = value;
  // Of what nobody judged, nothing is told.
  if (unit.text !== "" && isFit) await tell({ type: "commit", text: unit.text, value }, course);
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
  const { best, rewinds, settings, bounds } = course;
  const { onExhausted, principle } = settings;
  const value = best?.value ?? -1;
  course.isPassed = false;
  if (onExhausted === "best" && best !== undefined) {
    yield* commit(best, course);
    return best;
  }
  course.value = value;
  await tell({ type: "violation", stage: "output", value }, course);
  if (onExhausted === "error")
    throw new RainViolationError("output", { principle: principle.name, threshold: bounds.threshold, value, rewinds });
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
  const { value, rewinds, evaluations, isPassed: accepted, report: judge } = course;
  const rain = { mode: "critique", principle: course.settings.principle.name, value, rewinds, evaluations, accepted, judge };
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

/** What is judged of an answer. */
interface Judged {
  /** Its text, and what the model thought before it. */
  readonly text: boolean;
  /** Names and arguments of its tool calls. */
  readonly toolCalls: boolean;
}

/**
 * All of an answer that a person could read: thoughts, text, tool calls.
 *
 * @param text the answer so far
 * @param draft what it ends with, once that is whole
 */
function readable(text: string, draft: Draft | undefined, judged: Judged): string {
  const { thoughts = [], calls = [] } = draft ?? {};
  const said = judged.text ? [...thoughts, text] : [];
  const called = judged.toolCalls ? calls.map(wordsOf) : [];
  return [...said, ...called].filter((part) => part.trim() !== "").join("\n");
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

/** An id goes along unread, unless somebody wrote a text there. */
function wordsOf({ id, name, args }: Draft["calls"][number]): string {
  const call = `${name}(${args})`;
  return id === undefined || isName(id) ? call : `${call} ${id}`;
}

function callsOf(message: BaseMessage): string[] {
  const { tool_calls, invalid_tool_calls } = message as Partial<AIMessageChunk>;
  const valid = (tool_calls ?? []).map(({ name, args }) => `${name}(${JSON.stringify(args)})`);
  const invalid = (invalid_tool_calls ?? []).map(({ name, args }) => `${name ?? ""}(${args ?? ""})`);
  return [...valid, ...invalid];
}
