/** One answer on an engine: from the request to the text that RAIN let pass, and what is told of it. */
import { DEFAULTS, EitherSignal, type Engine, type Fitness, type Prompting, type RainEvent, unfitNotice } from "../../core/index.ts";
import type { AnswerQueue, QueuedOptions } from "../../serving/index.ts";
import type { Account, Answered, AnswerRequest, AnswerWaiting, CoursePoint } from "./inference.ts";
import { InferenceError } from "./inference-error.ts";
import type { Judges } from "./judges.ts";

/** A model that works. */
export interface LoadedModel {
  readonly engine: Engine;
  readonly queue: AnswerQueue;
  readonly judges: Judges;
}

export interface WritingOptions {
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number;
  /** How conversations are put to the model. @default "auto" */
  readonly prompting?: Prompting | undefined;
  /** Bound of one answer, from when it begins. */
  readonly answerTimeoutMs: number;
  /** Bound of one verdict. */
  readonly judgeTimeoutMs: number;
}

/** @throws {InferenceError} `unfit`, `late`; and all that the queue and the judge throw */
export async function writeAnswer(
  { engine, queue, judges }: LoadedModel,
  { now, prompting = DEFAULTS.prompting, answerTimeoutMs, judgeTimeoutMs }: WritingOptions,
  request: AnswerRequest,
  { signal, onText, onPosition }: AnswerWaiting,
): Promise<Answered> {
  using deadline = new Deadline(signal);
  const { guild, preset, maxTokens, temperature, seed, revealDiscarded } = request;
  const principle = judges.same(request.principle);
  // It may have to read labelled answers first: no answer waits longer for that than for being written.
  deadline.begin(answerTimeoutMs);
  const found = await judges.found({ principle, preset, prompting }, deadline.signal);
  deadline.end();
  const course = new CourseRecorder();
  let begun = now();
  const options: QueuedOptions = {
    preset,
    maxTokens,
    temperature,
    seed,
    revealDiscarded,
    prompting,
    principle,
    // Neither judged nor read by anybody.
    thoughts: "hidden",
    // A channel goes on for ever.
    contextShift: true,
    key: guild,
    // Without a reader, all of it can still be rewound.
    ...(onText === undefined ? { heldBack: Number.POSITIVE_INFINITY } : {}),
    ...(onPosition === undefined ? {} : { onPosition }),
    // The one that judges the whole text, too. Asked by letters, an engine has one for each answer.
    ...(engine.findJudge === undefined ? {} : { judge: () => found }),
    onUnfit: "refuse",
    signal: deadline.signal,
    judgeSignal: () => AbortSignal.timeout(judgeTimeoutMs),
    onEvent: (event) => course.add(event),
    onBegin: () => {
      begun = now();
      deadline.begin(answerTimeoutMs);
    },
  };
  const answering = queue.rain(request.turns, options);
  let text = "";
  let next = await answering.next();
  for (; !next.done; next = await answering.next()) {
    // What has no value is core's line for a refusal; guilds have their own.
    if (next.value.text === "" || next.value.value === undefined) continue;
    text += next.value.text;
    onText?.(text);
  }
  const { finishReason, rewinds, droppedTurns = 0, meter, judge } = next.value;
  if (judge?.isFit === false) throw new InferenceError("unfit", unfitNotice(judge.fitness as Fitness, engine.facts.model));
  const spent = { tokens: meter.emitted, forwardTokens: meter.forward, decodeSeconds: (now() - begun) / 1000 };
  return { text, finishReason, account: { principle: request.principle.name, rewinds, droppedTurns, ...spent, ...course.account } };
}

/** Follows an answer while it is written: which verdicts there were, and where. */
class CourseRecorder {
  readonly #points: CoursePoint[] = [];
  readonly #discarded: string[] = [];
  #committed = 0;

  add(event: RainEvent): void {
    if (event.type === "rewind") {
      this.#points.push({ tokens: event.committed, value: event.value, kind: "rewind" });
      if (event.discarded !== undefined) this.#discarded.push(event.discarded);
      return;
    }
    const { tokens, value } = event.step;
    this.#committed += tokens.length;
    if (value !== undefined) this.#points.push({ tokens: this.#committed, value, kind: "commit" });
  }

  get account(): Pick<Account, "course" | "discarded"> {
    return { course: this.#points, discarded: this.#discarded };
  }
}

/** A signal that is aborted with another one, or when time is up. */
export class Deadline implements Disposable {
  readonly #own = new AbortController();
  readonly #either: EitherSignal;
  #timer: NodeJS.Timeout | undefined;

  constructor(other?: AbortSignal) {
    this.#either = new EitherSignal(other, this.#own.signal);
  }

  get signal(): AbortSignal {
    return this.#either.signal;
  }

  /** Time begins to run, or begins anew. */
  begin(timeoutMs: number): void {
    clearTimeout(this.#timer);
    const late = () => this.#own.abort(new InferenceError("late", `Expected an end within ${timeoutMs} ms, got none`));
    this.#timer = setTimeout(late, timeoutMs);
  }

  /** It takes as long as it takes, until time begins to run again. */
  end(): void {
    clearTimeout(this.#timer);
  }

  [Symbol.dispose](): void {
    this.end();
    this.#either[Symbol.dispose]();
  }
}
