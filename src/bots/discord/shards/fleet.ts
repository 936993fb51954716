import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { ShardingManager } from "discord.js";
import { AggregatorRegistry, Gauge, Registry } from "prom-client";
import type { Operation } from "../http-server.ts";
import type { Readiness } from "../readiness.ts";
import type { MetricSnapshot } from "../vitals.ts";
import { type Keeping, KeptShard } from "./kept-shard.ts";

/** What the process of a shard runs: the same place seen from `src` and from `dist`. */
const PROGRAM = fileURLToPath(new URL(`./program${extname(import.meta.url)}`, import.meta.url));

/** All shards of a bot, a process each. */
export class Fleet implements Operation {
  readonly #shards: readonly KeptShard[];
  /** What each one said last. */
  readonly #figures = new Map<KeptShard, MetricSnapshot>();
  readonly #own = new Registry();
  readonly #counts = new Gauge({
    name: "rain_shards",
    help: "Shards that there are to be, and those that answer",
    labelNames: ["state"],
    registers: [this.#own],
  });

  constructor(keeping: Keeping) {
    const { shards } = keeping.post;
    // A number: by "auto" the library asks Discord itself, and always at the same address.
    const manager = new ShardingManager(PROGRAM, { totalShards: shards, respawn: false });
    this.#shards = Array.from({ length: shards }, (_, id) => new KeptShard(manager.createShard(id), keeping));
  }

  /** Starts them, one after the other. */
  start(): void {
    for (const shard of this.#shards) void shard.start();
  }

  readonly readiness = async (): Promise<Readiness> => {
    const all = this.#shards.map(async (shard) => {
      const { reasons } = ((await shard.ask("readiness")) ?? { reasons: { process: "no answer" } }) as Pick<Readiness, "reasons">;
      return Object.entries(reasons).map(([name, reason]) => [`shard ${shard.id} ${name}`, reason]);
    });
    const reasons = Object.fromEntries((await Promise.all(all)).flat()) as Readiness["reasons"];
    return { isReady: Object.keys(reasons).length === 0, reasons };
  };

  /** Sums over all. Who does not answer counts with what it said last: a sum that falls and rises again would look like new events. */
  readonly metrics = async (): Promise<string> => {
    const answers = await Promise.all(this.#shards.map((shard) => this.#ask(shard)));
    this.#counts.set({ state: "wanted" }, this.#shards.length);
    this.#counts.set({ state: "answering" }, answers.filter((isAnswer) => isAnswer).length);
    return await AggregatorRegistry.aggregate([...this.#figures.values(), await this.#own.getMetricsAsJSON()]).metrics();
  };

  /** Resolves when all have ended, which they are made to after so long. */
  async leave(how: { readonly isSudden: boolean; readonly limitMs: number }): Promise<void> {
    await Promise.all(this.#shards.map((shard) => shard.leave(how)));
  }

  /** Whether it answers. */
  async #ask(shard: KeptShard): Promise<boolean> {
    const figures = (await shard.ask("figures")) as MetricSnapshot | undefined;
    if (figures !== undefined) this.#figures.set(shard, figures);
    return figures !== undefined;
  }
}
