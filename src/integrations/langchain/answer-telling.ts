import { CallbackManager, type CallbackManagerForChainRun, type CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import type { RainEvent as CoreEvent, FinishReason, RainStep } from "../../core/index.ts";
import { type OnRainEvent, RAIN_EVENT, type RainEvent } from "./rain-events.ts";

export interface Listeners {
  readonly onRainEvent: OnRainEvent | undefined;
  /** The run in whose name events are dispatched, where there is one. */
  readonly run: CallbackManagerForLLMRun | undefined;
  readonly traceSearch: boolean;
}

/** Tells of one answer: to the caller's own listener at once, to LangChain's callbacks in the same order, but without discarded text. */
export class AnswerTelling {
  readonly #onRainEvent: OnRainEvent | undefined;
  readonly #run: CallbackManagerForLLMRun | undefined;
  readonly #trace: SearchTrace | undefined;
  #rewinds = 0;
  #best = -1;
  /** What was dispatched so far. */
  #dispatched: Promise<unknown> = Promise.resolve();

  constructor({ onRainEvent, run, traceSearch }: Listeners) {
    this.#onRainEvent = onRainEvent;
    this.#run = run;
    this.#trace = traceSearch && run !== undefined ? new SearchTrace(run) : undefined;
  }

  /** For the core's `onEvent`. */
  readonly hear = (event: CoreEvent): void => {
    if (event.type === "rewind") this.#rewound(event);
    else this.#committed(event.step);
  };

  /** Resolves when LangChain's callbacks have heard all so far. */
  async settled(): Promise<void> {
    await this.#dispatched;
  }

  async ended(reason: FinishReason): Promise<void> {
    if (reason === "content_filter") this.#tell({ type: "violation", stage: "output", value: this.#best });
    this.#then(() => this.#trace?.ended(undefined));
    await this.#dispatched;
  }

  async failed(error: unknown): Promise<void> {
    this.#then(() => this.#trace?.failed(error));
    await this.#dispatched;
  }

  #rewound({ value, committed, discarded }: CoreEvent & { readonly type: "rewind" }): void {
    this.#rewinds++;
    this.#best = Math.max(this.#best, value);
    this.#then(() => this.#trace?.left(value, committed));
    this.#tell({ type: "rewind", rewinds: this.#rewinds, value, ...(discarded === undefined ? {} : { discarded }) });
  }

  /** What nobody judged, in `vanilla` mode, is not told of. */
  #committed({ text, call, value }: RainStep): void {
    if (value === undefined) return;
    this.#best = -1;
    this.#then(() => this.#trace?.ended(value));
    this.#tell({ type: "commit", text: call === undefined ? text : `${call.name}(${JSON.stringify(call.arguments)})`, value });
  }

  #tell(event: RainEvent): void {
    const told = this.#onRainEvent?.(event);
    this.#dispatched = Promise.all([this.#dispatched, told]);
    this.#dispatched.catch(() => undefined);
    const { discarded: _, ...safe } = { discarded: undefined, ...event };
    this.#then(() => this.#run?.handleCustomEvent(RAIN_EVENT, safe));
  }

  #then(work: () => Promise<unknown> | undefined): void {
    this.#dispatched = this.#dispatched.then(work);
    // Who waits for it hears of a callback that throws; until then it must not end the process.
    this.#dispatched.catch(() => undefined);
  }
}

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
  #rewinds = 0;
  #best = -1;

  constructor(run: CallbackManagerForLLMRun) {
    this.#run = run;
  }

  async left(value: number, committed: number): Promise<void> {
    if (this.#search === undefined) {
      const manager = new CallbackManager(this.#run.runId);
      manager.setHandlers([...this.#run.handlers]);
      // So that nobody takes what happens in it for an answer.
      manager.addTags(["nostream"]);
      manager.addMetadata({ lc_source: "rain" });
      const inputs = { committedTokens: committed };
      this.#search = await manager.handleChainStart(IDENTITY, inputs, undefined, undefined, undefined, undefined, RUN_NAME);
    }
    this.#rewinds++;
    this.#best = Math.max(this.#best, value);
  }

  /** @param value of what was found; `undefined` if nothing was */
  async ended(value: number | undefined): Promise<void> {
    const search = this.#search;
    if (search === undefined) return;
    const tried = { rewinds: this.#rewinds, bestLeft: this.#best };
    this.#search = undefined;
    this.#rewinds = 0;
    this.#best = -1;
    await search.handleChainEnd(value === undefined ? { ...tried, found: false } : { ...tried, found: true, value });
  }

  async failed(error: unknown): Promise<void> {
    const search = this.#search;
    this.#search = undefined;
    await search?.handleChainError(error);
  }
}
