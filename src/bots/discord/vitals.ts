import type { Inference } from "../guard/inference.ts";
import type { Store } from "../guard/store/store.ts";
import type { Bot } from "./bot.ts";
import type { Operation } from "./http-server.ts";
import { type Check, NotReady, type Readiness, readinessOf } from "./readiness.ts";

/** What can be asked of the bot at any time, also while it comes up part by part. */
export class Vitals implements Operation {
  readonly #store: Store;
  #inference: Inference | undefined;
  #bot: Bot | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  set inference(inference: Inference) {
    this.#inference = inference;
  }

  set bot(bot: Bot) {
    this.#bot = bot;
  }

  readonly readiness = async (): Promise<Readiness> =>
    await readinessOf({
      ...this.#gateway(),
      store: () => this.#store.ping(),
      model: async () => {
        if (this.#inference === undefined) throw new NotReady("not loaded yet");
        await this.#inference.load();
      },
    });

  readonly metrics = async (): Promise<string> => (await this.#bot?.metrics.registry.metrics()) ?? "";

  /** Of several shards each one by itself. */
  #gateway(): Readonly<Record<string, Check>> {
    const check = (isReady: boolean | undefined) => async () => {
      if (isReady !== true) throw new NotReady("not connected");
    };
    const shards = this.#bot?.shards ?? [];
    if (shards.length < 2) return { gateway: check(this.#bot?.isReady) };
    return Object.fromEntries(shards.map(({ id, isReady }) => [`shard ${id} gateway`, check(isReady)]));
  }
}
