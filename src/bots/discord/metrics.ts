import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Inference } from "../guard/inference.ts";
import type { Outcome, Reason } from "../guard/outcome.ts";
import type { Door } from "./door.ts";

/** What is measured from outside. */
export interface Gauges {
  readonly door: Pick<Door, "leaks">;
  readonly inference: Pick<Inference, "load">;
  readonly shards: () => readonly { readonly isReady: boolean }[];
  /** The longest time that the gateway takes to answer a shard, in milliseconds; negative while it is not known. */
  readonly gatewayPing: () => number;
}

const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64];

/** Figures for Prometheus. None of them names a person, a guild or a text. */
export class Metrics {
  readonly registry = new Registry();
  readonly #replies = this.#counter("rain_replies_total", "Answers that were posted");
  readonly #rewinds = this.#counter("rain_rewinds_total", "Times that something was written, judged bad and left");
  readonly #refusals = new Counter({
    name: "rain_refusals_total",
    help: "Questions that got no answer, by reason",
    labelNames: ["reason"],
    registers: [this.registry],
  });
  readonly #judged = this.#counter("rain_judged_total", "Messages of people that were judged");
  readonly #against = this.#counter("rain_judged_against_total", "... and that a principle spoke against");
  readonly #unjudged = this.#counter("rain_unjudged_total", "Messages of people that could not be judged");
  readonly #decode = this.#histogram("rain_decode_seconds", "Time from the first to the last step of an answer");
  readonly #reply = this.#histogram("rain_reply_seconds", "Time from a question to its posted answer");

  constructor({ door, inference, shards, gatewayPing }: Gauges) {
    const registers = [this.registry];
    new Gauge({
      name: "rain_queue",
      help: "Answers that are written, and that wait",
      labelNames: ["state"],
      registers,
      async collect() {
        // A model that cannot be reached has no queue that anybody knows of.
        const load = await inference.load().catch(() => undefined);
        this.reset();
        if (load === undefined) return;
        this.set({ state: "running" }, load.running);
        this.set({ state: "waiting" }, load.waiting);
      },
    });
    new Gauge({
      name: "rain_shards",
      help: "Shards that there are to be, and those that are connected",
      labelNames: ["state"],
      registers,
      collect() {
        const all = shards();
        this.set({ state: "wanted" }, all.length);
        this.set({ state: "answering" }, all.filter(({ isReady }) => isReady).length);
      },
    });
    new Gauge({
      name: "rain_gateway_ping_seconds",
      help: "Time that Discord's gateway takes to answer",
      registers,
      collect() {
        this.set(Math.max(0, gatewayPing()) / 1000);
      },
    });
    new Gauge({
      name: "rain_leaks",
      help: "Texts that were stopped at the door as nobody had vetted them; anything but 0 is a bug",
      registers,
      collect() {
        this.set(door.leaks);
      },
    });
  }

  /** What became of a question, and how long it took in all. */
  outcome(outcome: Outcome, seconds: number): void {
    if (outcome.kind === "ignore") return;
    if (outcome.kind === "refuse") this.refusal(outcome.reason);
    else {
      this.#replies.inc();
      this.#reply.observe(seconds);
    }
    if (outcome.account === undefined) return;
    this.#rewinds.inc(outcome.account.rewinds);
    this.#decode.observe(outcome.account.decodeSeconds);
  }

  refusal(reason: Reason): void {
    this.#refusals.inc({ reason });
  }

  judged(isAgainst: boolean): void {
    this.#judged.inc();
    if (isAgainst) this.#against.inc();
  }

  unjudged(): void {
    this.#unjudged.inc();
  }

  #counter(name: string, help: string): Counter {
    return new Counter({ name, help, registers: [this.registry] });
  }

  #histogram(name: string, help: string): Histogram {
    return new Histogram({ name, help, buckets: SECONDS, registers: [this.registry] });
  }
}
