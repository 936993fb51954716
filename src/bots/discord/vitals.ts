import type { MetricObjectWithValues, MetricValue } from "prom-client";
import type { Inference } from "../guard/inference.ts";
import type { Store } from "../guard/store/store.ts";
import type { Bot } from "./bot.ts";
import type { Operation } from "./http-server.ts";
import { NotReady, type Readiness, readinessOf } from "./readiness.ts";

/** Figures as data, which may travel. */
export type MetricSnapshot = readonly MetricObjectWithValues<MetricValue<string>>[];

/** What can be asked of the bot of one process at any time, also while it comes up part by part. */
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
      gateway: async () => {
        if (this.#bot?.isReady !== true) throw new NotReady("not connected");
      },
      store: () => this.#store.ping(),
      model: async () => {
        if (this.#inference === undefined) throw new NotReady("not loaded yet");
        await this.#inference.load();
      },
    });

  readonly metrics = async (): Promise<string> => (await this.#bot?.metrics.registry.metrics()) ?? "";

  readonly figures = async (): Promise<MetricSnapshot> => (await this.#bot?.metrics.registry.getMetricsAsJSON()) ?? [];
}
