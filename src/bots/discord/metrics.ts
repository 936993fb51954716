import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Inference, Outcome } from "../guard/index.ts";
import type { OutboundFilter } from "./outbound-filter.ts";

/** What is measured from outside. */
interface Measured {
  readonly outbound: Pick<OutboundFilter, "leaks">;
  readonly inference: Pick<Inference, "load">;
  readonly shards: () => readonly { readonly isReady: boolean }[];
  /** The longest time that the gateway takes to answer a shard, in milliseconds; negative while it is not known. */
  readonly gatewayPing: () => number;
}

const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64];

/** Figures for Prometheus. None of them names a person, a guild or a text. */
export class Metrics {
  readonly registry = new Registry();
  readonly #registers = [this.registry];
  readonly #replies = this.#counter("rain_replies_total", "Answers that were posted");
  readonly #rewinds = this.#counter("rain_rewinds_total", "Times that something was written, judged bad and left");
  readonly refusals = this.#counter("rain_refusals_total", "Questions that got no answer, by reason", ["reason"]);
  readonly judged = this.#counter("rain_judged_total", "Messages of people that were judged");
  readonly against = this.#counter("rain_judged_against_total", "... and that a principle spoke against");
  readonly filtered = this.#counter("rain_filtered_total", "Messages of people that filters decided about, without a judge");
  readonly unjudged = this.#counter("rain_unjudged_total", "Messages of people that could not be judged");
  readonly #decode = this.#histogram("rain_decode_seconds", "Time from the first to the last step of an answer");
  readonly #reply = this.#histogram("rain_reply_seconds", "Time from a question to its posted answer");

  constructor({ outbound, inference, shards, gatewayPing }: Measured) {
    this.#gauge("rain_queue", "Answers that are written, and that wait", async (gauge) => {
      // Of a model that cannot be reached no queue is known.
      const load = await inference.load().catch(() => undefined);
      gauge.reset();
      if (load === undefined) return;
      gauge.set({ state: "running" }, load.running);
      gauge.set({ state: "waiting" }, load.waiting);
    });
    this.#gauge("rain_shards", "Shards that there are to be, and those that are connected", (gauge) => {
      const all = shards();
      gauge.set({ state: "wanted" }, all.length);
      gauge.set({ state: "answering" }, all.filter(({ isReady }) => isReady).length);
    });
    this.#gauge("rain_gateway_ping_seconds", "Time that Discord's gateway takes to answer", (gauge) =>
      gauge.set(Math.max(0, gatewayPing()) / 1000),
    );
    this.#gauge("rain_leaks", "Texts that the outbound filter stopped as they were not vetted; anything but 0 is a bug", (gauge) =>
      gauge.set(outbound.leaks),
    );
  }

  /** What became of a question, and how long it took in all. */
  outcome(outcome: Outcome, seconds: number): void {
    if (outcome.kind === "ignore") return;
    if (outcome.kind === "refuse") this.refusals.inc({ reason: outcome.reason });
    else {
      this.#replies.inc();
      this.#reply.observe(seconds);
    }
    if (outcome.account === undefined) return;
    this.#rewinds.inc(outcome.account.rewinds);
    this.#decode.observe(outcome.account.decodeSeconds);
  }

  #counter(name: string, help: string, labelNames: string[] = []): Counter {
    return new Counter({ name, help, labelNames, registers: this.#registers });
  }

  #histogram(name: string, help: string): Histogram {
    return new Histogram({ name, help, buckets: SECONDS, registers: this.#registers });
  }

  /** @param collect sets it, whenever the figures are read */
  #gauge(name: string, help: string, collect: (gauge: Gauge) => void | Promise<void>): void {
    const gauge: Gauge = new Gauge({ name, help, labelNames: ["state"], registers: this.#registers, collect: () => collect(gauge) });
  }
}
