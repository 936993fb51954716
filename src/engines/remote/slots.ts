import PQueue from "p-queue";
import type { Prefix } from "../../core/engine.ts";

/** One of the places in which a server keeps a prefix. */
interface ServerSlot {
  readonly index: number;
  /** What it holds, as far as is known here: others may use the server, too. */
  tokens: Prefix;
  /** When it was used last, counted in uses. */
  used: number;
  /** It computes one request at a time. */
  readonly line: PQueue;
}

/** Which slot of a server reads which prefix: the one where it costs the least, counting what those lose who will come back to theirs. */
export class SlotTable {
  readonly #slots: readonly ServerSlot[];
  readonly #held = new Set<{ readonly prefix: Prefix }>();
  /** Oldest first. */
  #kept: Prefix[] = [];
  #uses = 0;

  constructor(count: number) {
    this.#slots = Array.from({ length: count }, (_, index) => ({ index, tokens: [], used: 0, line: new PQueue({ concurrency: 1 }) }));
  }

  /** Reads a prefix in a slot, when its turn has come. */
  async read<Result>(prefix: Prefix, work: (slot: number) => Promise<Result>): Promise<Result> {
    const held = [...[...this.#held].map((lease) => lease.prefix), ...this.#kept];
    const costs = new Map(this.#slots.map((slot) => [slot, costOf(slot, prefix, held)]));
    const [slot] = this.#slots.toSorted((one, other) => (costs.get(one) ?? 0) - (costs.get(other) ?? 0) || one.used - other.used);
    const { index, line } = slot as ServerSlot;
    Object.assign(slot as ServerSlot, { tokens: [...prefix], used: ++this.#uses });
    return await line.add(() => work(index));
  }

  /** Whoever holds a prefix will come back to it, grown or not. */
  hold(prefix: Prefix): Disposable {
    const lease = { prefix };
    this.#held.add(lease);
    return { [Symbol.dispose]: () => void this.#held.delete(lease) };
  }

  /** Nobody holds it, but it will be needed again. Half of the slots at most are kept so. */
  keep(prefix: Prefix): void {
    const others = this.#kept.filter((other) => shared(other, prefix) < other.length);
    const most = Math.floor(this.#slots.length / 2);
    this.#kept = most === 0 ? [] : [...others, [...prefix]].slice(-most);
  }
}

/** Tokens to compute now, and those that the holders of what the slot has will have to compute again. */
function costOf({ tokens }: ServerSlot, prefix: Prefix, held: readonly Prefix[]): number {
  const lost = held.map((other) => Math.max(0, shared(other, tokens) - shared(other, prefix)));
  return prefix.length - shared(prefix, tokens) + lost.reduce((sum, count) => sum + count, 0);
}

/** So many tokens are the same at the beginning of both. */
function shared(one: Prefix, other: Prefix): number {
  const shorter = Math.min(one.length, other.length);
  let length = 0;
  while (length < shorter && one[length] === other[length]) length++;
  return length;
}
