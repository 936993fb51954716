import { CallbackManager, type CallbackManagerForChainRun, type CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import type { FinishReason, RainEvent, RainStep } from "../../../core/index.ts";
import { forAnybody, type OnRainEvent, RAIN_EVENT, type RainCustomEvent } from "../../judging/events.ts";

export interface AnswerListeners {
  readonly onRainEvent: OnRainEvent | undefined;
  /** The run that dispatches events, where there is one. */
  readonly run: CallbackManagerForLLMRun | undefined;
  readonly traceSearch: boolean;
}

/** Tells of one answer: the caller's own listener at once, LangChain's callbacks in the same order, but without discarded text. */
export class AnswerEvents {
  readonly #onRainEvent: OnRainEvent | undefined;
  readonly #run: CallbackManagerForLLMRun | undefined;
  readonly #trace: SearchTrace | undefined;
  #rewinds = 0;
  /** What was tried since the last commit: how often, and its best value. */
  #tried = NOTHING_TRIED;
  /** What was dispatched so far. */
  #dispatched: Promise<unknown> = Promise.resolve();

  constructor({ onRainEvent, run, traceSearch }: AnswerListeners) {
    this.#onRainEvent = onRainEvent;
    this.#run = run;
    this.#trace = traceSearch && run !== undefined ? new SearchTrace(run) : undefined;
  }

  /** For the core's `onEvent`. */
  readonly onEvent = (event: RainEvent): void => {
    if (event.type === "rewind") this.#rewound(event);
    else this.#committed(event.step);
  };

  /** Resolves when LangChain's callbacks have heard all. */
  async ended(reason: FinishReason): Promise<void> {
    const tried = this.#tried;
    if (reason === "content_filter") this.#emit({ type: "violation", stage: "output", value: tried.bestLeft });
    this.#then(() => this.#trace?.end({ ...tried, found: false }));
    await this.#dispatched;
  }

  async failed(error: unknown): Promise<void> {
    this.#then(() => this.#trace?.fail(error));
    await this.#dispatched;
  }

  #rewound({ value, committed, discarded }: RainEvent & { readonly type: "rewind" }): void {
    const { rewinds, bestLeft } = this.#tried;
    this.#rewinds++;
    this.#tried = { rewinds: rewinds + 1, bestLeft: Math.max(bestLeft, value) };
    this.#then(() => this.#trace?.begin(committed));
    this.#emit({ type: "rewind", rewinds: this.#rewinds, value, ...(discarded === undefined ? {} : { discarded }) });
  }

  /** What was not judged, in `vanilla` mode, is not told of. */
  #committed({ text, call, cutCall, thought, value }: RainStep): void {
    if (value === undefined) return;
    const tried = this.#tried;
    this.#tried = NOTHING_TRIED;
    this.#then(() => this.#trace?.end({ ...tried, found: true, value }));
    if (thought !== undefined) return;
    const called = call === undefined ? cutCall : { ...call, arguments: JSON.stringify(call.arguments) };
    this.#emit({ type: "commit", text: called === undefined ? text : `${called.name}(${called.arguments})`, value });
  }

  #emit(event: RainCustomEvent): void {
    const told = this.#onRainEvent?.(event);
    this.#dispatched = Promise.all([this.#dispatched, told]);
    this.#dispatched.catch(() => undefined);
    this.#then(() => this.#run?.handleCustomEvent(RAIN_EVENT, forAnybody(event)));
  }

  #then(work: () => Promise<unknown> | undefined): void {
    this.#dispatched = this.#dispatched.then(work);
    // `ended` and `failed` reject as a callback throws; until then it must not end the process.
    this.#dispatched.catch(() => undefined);
  }
}

const NOTHING_TRIED = { rewinds: 0, bestLeft: -1 };

/** How these runs are named in traces. */
const RUN_NAME = "rain_search";

const IDENTITY = { lc: 1, type: "not_implemented", id: ["rain-align", "langchain", RUN_NAME] } satisfies Parameters<
  CallbackManager["handleChainStart"]
>[0];

/**
 * Each search as a child run of the model's: it begins with the first text that is left, and ends when something is committed or the
 * answer ends. In numbers only: what was left stays inside.
 */
class SearchTrace {
  readonly #run: CallbackManagerForLLMRun;
  #search: CallbackManagerForChainRun | undefined;

  constructor(run: CallbackManagerForLLMRun) {
    this.#run = run;
  }

  async begin(committedTokens: number): Promise<void> {
    if (this.#search !== undefined) return;
    const { runId, handlers } = this.#run;
    // So that no surface takes what happens in it for an answer.
    const marks = { tags: ["nostream"], metadata: { lc_source: "rain" } };
    const manager = new CallbackManager(runId, { handlers: [...handlers], ...marks });
    this.#search = await manager.handleChainStart(IDENTITY, { committedTokens }, undefined, undefined, undefined, undefined, RUN_NAME);
  }

  async end(outcome: Readonly<Record<string, number | boolean>>): Promise<void> {
    const search = this.#search;
    this.#search = undefined;
    await search?.handleChainEnd(outcome);
  }

  async fail(error: unknown): Promise<void> {
    const search = this.#search;
    this.#search = undefined;
    await search?.handleChainError(error);
  }
}
