import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { RainAnswer } from "../core/index.ts";
import type { AnswerQueue } from "../serving/index.ts";

/** Forward tokens for each written one. */
const COSTS = [1, 1.05, 1.1, 1.25, 1.5, 2, 3, 5, 10, 20];

/** Figures for Prometheus. Nothing of a text, a key or a person is in them. */
export class ServerMetrics {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  readonly #registry = new Registry();
  readonly #requests = new Counter({
    name: "rain_requests_total",
    help: "Requests, by status",
    labelNames: ["status"],
    registers: [this.#registry],
  });
  readonly #answers = new Counter({
    name: "rain_answers_total",
    help: "Answers, by how they ended",
    labelNames: ["finish"],
    registers: [this.#registry],
  });
  readonly #tokens = new Counter({
    name: "rain_tokens_total",
    help: "Tokens written, computed and left",
    labelNames: ["kind"],
    registers: [this.#registry],
  });
  readonly #rewinds = new Counter({ name: "rain_rewinds_total", help: "Rewinds", registers: [this.#registry] });
  readonly #cost = new Histogram({
    name: "rain_forward_per_token",
    help: "Forward tokens for each written one, by answer",
    buckets: COSTS,
    registers: [this.#registry],
  });

  constructor(queue: AnswerQueue) {
    const registers = [this.#registry];
    new Gauge({
      name: "rain_running",
      help: "Answers that are being written",
      registers,
      collect() {
        this.set(queue.running);
      },
    });
    new Gauge({
      name: "rain_waiting",
      help: "Answers that wait",
      registers,
      collect() {
        this.set(queue.waiting);
      },
    });
  }

  request(status: number): void {
    this.#requests.inc({ status: String(status) });
  }

  answer({ finishReason, meter, discarded, rewinds, cost }: RainAnswer): void {
    this.#answers.inc({ finish: finishReason });
    this.#tokens.inc({ kind: "written" }, meter.emitted);
    this.#tokens.inc({ kind: "thought" }, meter.thoughtTokens);
    this.#tokens.inc({ kind: "forward" }, meter.forward);
    this.#tokens.inc({ kind: "discarded" }, discarded);
    this.#rewinds.inc(rewinds);
    this.#cost.observe(cost.fpe);
  }

  async text(): Promise<string> {
    return await this.#registry.metrics();
  }
}
