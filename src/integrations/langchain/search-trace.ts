import { CallbackManager, type CallbackManagerForChainRun, type CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";

/** How these runs are named in traces. */
const RUN_NAME = "rain_search";

const IDENTITY = { lc: 1, type: "not_implemented", id: ["rain-align", "langchain", RUN_NAME] } satisfies Parameters<
  CallbackManager["handleChainStart"]
>[0];

/**
 * Each search as a child run of the model's: it begins with the first text that is left, and ends when something is committed or the
 * answer ends. In numbers only: what was left stays inside.
 */
export class SearchTrace {
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
