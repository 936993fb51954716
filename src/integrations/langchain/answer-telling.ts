import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import type { RainEvent as CoreEvent, FinishReason, RainStep } from "../../core/index.ts";
import { type OnRainEvent, RAIN_EVENT, type RainEvent } from "./rain-events.ts";
import { SearchTrace } from "./search-trace.ts";

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
