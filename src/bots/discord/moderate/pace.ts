import { LRUCache } from "lru-cache";
import type { Judgement } from "../../guard/index.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;

/** Messages are counted minute by minute, so many minutes together. */
const MINUTES = 10;

/** The newest verdicts that are looked at together. */
const NEWEST = 50;

/** Servers that are remembered. */
const MOST_GUILDS = 10_000;

/** Counts by the number of a minute, or of an hour. */
type Counts = Map<number, number>;

interface GuildPace {
  readonly written: Counts;
  /** Of each hour the most that was written in ten minutes. */
  readonly busiest: Counts;
  readonly judged: Counts;
  /** What the newest verdicts have cost, in milliseconds. */
  costs: readonly number[];
}

/** How fast servers write, and how fast their messages are judged. It is kept in memory. */
export class Pace {
  readonly #guilds = new LRUCache<string, GuildPace>({ max: MOST_GUILDS });
  readonly #timed = new Map<string, Promise<unknown>>();
  readonly #now: () => number;
  #underWay = 0;
  /** What a verdict would have had up to now of one worker, which shares its time among all that are under way. */
  #share = 0;
  #sharedAt = 0;

  /** @param now a monotonic clock, in milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Counts a message that is to be judged, or would be if moderation were on. */
  wrote(guild: string, at: number): void {
    const { written, busiest } = this.#of(guild);
    count(written, at);
    const hour = Math.floor(at / HOUR_MS);
    busiest.set(hour, Math.max(busiest.get(hour) ?? 0, sumOf(written)));
    forgetBefore(busiest, hour - DAY_HOURS);
  }

  /** Counts a message that was judged. */
  judged(guild: string, at: number): void {
    count(this.#of(guild).judged, at);
  }

  /** Measures what it costs to judge a message. Where no judge was asked, or it failed, nothing is known. */
  async measured(guild: string, work: () => Promise<Judgement>): Promise<Judgement> {
    this.#tick(1);
    const before = this.#share;
    let cost: number | undefined;
    try {
      const judgement = await work();
      this.#tick(0);
      if (judgement.findings.length > 0) cost = this.#share - before;
      return judgement;
    } finally {
      this.#tick(-1);
      const pace = this.#of(guild);
      if (cost !== undefined) pace.costs = [...pace.costs, cost].slice(-NEWEST);
    }
  }

  /** The same for a text that is judged only to know what that costs: one at a time for each guild. */
  async timed(guild: string, work: () => Promise<Judgement>): Promise<void> {
    const timing = this.#timed.get(guild) ?? this.measured(guild, work).finally(() => this.#timed.delete(guild));
    this.#timed.set(guild, timing);
    await timing;
  }

  /** What it costs to judge a message, in seconds: the median, as finding a judge may take minutes. `undefined`: not known. */
  secondsOf(guild: string): number | undefined {
    const costs = this.#of(guild).costs.toSorted((one, other) => one - other);
    const median = costs[Math.floor(costs.length / 2)];
    return median === undefined ? undefined : median / 1000;
  }

  /** Messages a minute in the ten minutes of the last day in which most were written. */
  busiest(guild: string, at: number): number {
    const { busiest } = this.#of(guild);
    forgetBefore(busiest, Math.floor(at / HOUR_MS) - DAY_HOURS);
    return Math.max(0, ...busiest.values()) / MINUTES;
  }

  /** Messages that were judged a minute, in the last ten, or since the first of them. */
  judgedLately(guild: string, at: number): number {
    const { judged } = this.#of(guild);
    forgetBefore(judged, Math.floor(at / MINUTE_MS) - MINUTES + 1);
    const since = Math.min(...judged.keys()) * MINUTE_MS;
    return judged.size === 0 ? 0 : sumOf(judged) / Math.max(1, (at - since) / MINUTE_MS);
  }

  #of(guild: string): GuildPace {
    const pace = this.#guilds.get(guild) ?? { written: new Map(), busiest: new Map(), judged: new Map(), costs: [] };
    this.#guilds.set(guild, pace);
    return pace;
  }

  #tick(more: number): void {
    const now = this.#now();
    if (this.#underWay > 0) this.#share += (now - this.#sharedAt) / this.#underWay;
    this.#sharedAt = now;
    this.#underWay += more;
  }
}

/** The newest ten minutes are kept. */
function count(minutes: Counts, at: number): void {
  const minute = Math.floor(at / MINUTE_MS);
  minutes.set(minute, (minutes.get(minute) ?? 0) + 1);
  forgetBefore(minutes, minute - MINUTES + 1);
}

function forgetBefore(counts: Counts, first: number): void {
  for (const number of counts.keys()) if (number < first) counts.delete(number);
}

function sumOf(counts: Counts): number {
  return [...counts.values()].reduce((sum, messages) => sum + messages, 0);
}
