import type { LlamaContextSequence } from "node-llama-cpp";
import { KvCache } from "../../src/engines/llama/kv-cache.ts";
import { Slot } from "../../src/engines/llama/slot.ts";

/** Holds tokens and computes none. */
class Sequence {
  tokens: readonly number[] = [];
  readonly needsCheckpoints = false;
  /** Whether the next copies into it fail. */
  isBroken = false;

  get nextTokenIndex(): number {
    return this.tokens.length;
  }

  async adaptStateToTokens(tokens: readonly number[]): Promise<void> {
    this.tokens = [...tokens];
  }

  async clearHistory(): Promise<void> {
    this.tokens = [];
  }

  async _copyStateFromOtherSequence(source: Sequence, length: number): Promise<boolean> {
    // llama.cpp moves the memory later.
    await Promise.resolve();
    this.tokens = this.isBroken ? [] : source.tokens.slice(0, length);
    return !this.isBroken;
  }
}

/** Slots of a cache, of which each holds tokens of its own. */
export class SlotScene {
  readonly sequences: readonly Sequence[];
  readonly slots: readonly Slot[];
  readonly cache: KvCache;

  constructor(count: number, canCopy = true) {
    this.sequences = Array.from({ length: count }, () => new Sequence());
    this.slots = this.sequences.map((sequence, index) => new Slot(sequence as unknown as LlamaContextSequence, index));
    this.cache = new KvCache(this.slots, canCopy);
    for (const [index, slot] of this.slots.entries()) {
      this.hold(slot, Array(20).fill(100 + index));
      slot.lastUsed = (index + 1) / (count + 1);
    }
  }

  hold(slot: Slot, tokens: readonly number[]): void {
    slot.append(tokens);
    (this.sequences[slot.index] as Sequence).tokens = [...slot.tokens];
  }

  /** What all slots hold. */
  get held(): string[] {
    return this.slots.map(({ tokens }) => tokens.join(" "));
  }
}
