import type { LlamaContextSequence } from "node-llama-cpp";
import { KvCache } from "../../src/engines/llama/kv-cache.ts";
import { Slot } from "../../src/engines/llama/slot.ts";

/** Checkpoints that a sequence keeps. */
export const MOST_CHECKPOINTS = 4;

/** Holds tokens and computes none. One that needs checkpoints goes back to these alone, as node-llama-cpp does. */
class Sequence {
  tokens: readonly number[] = [];
  checkpoints: readonly number[] = [];
  readonly needsCheckpoints: boolean;
  /** Whether the next copies into it fail. */
  isBroken = false;

  constructor(needsCheckpoints: boolean) {
    this.needsCheckpoints = needsCheckpoints;
  }

  get nextTokenIndex(): number {
    return this.tokens.length;
  }

  async takeCheckpoint(): Promise<void> {
    this.checkpoints = [...this.checkpoints, this.tokens.length].slice(-MOST_CHECKPOINTS);
  }

  async adaptStateToTokens(tokens: readonly number[]): Promise<void> {
    this.checkpoints = this.checkpoints.filter((at) => at <= tokens.length);
    this.tokens = this.needsCheckpoints ? tokens.slice(0, this.checkpoints.at(-1) ?? 0) : [...tokens];
  }

  async clearHistory(): Promise<void> {
    this.tokens = [];
    this.checkpoints = [];
  }

  async _copyStateFromOtherSequence(source: Sequence, length: number): Promise<boolean> {
    // llama.cpp moves the memory later.
    await Promise.resolve();
    this.tokens = this.isBroken ? [] : source.tokens.slice(0, length);
    this.checkpoints = source.checkpoints;
    return !this.isBroken;
  }
}

/** Slots of a cache, of which each holds tokens of its own. */
export class SlotScene {
  readonly sequences: readonly Sequence[];
  readonly slots: readonly Slot[];
  readonly cache: KvCache;

  constructor(count: number, canCopy = true, needsCheckpoints = false) {
    this.sequences = Array.from({ length: count }, () => new Sequence(needsCheckpoints));
    this.slots = this.sequences.map((sequence, index) => new Slot(sequence as unknown as LlamaContextSequence, index, MOST_CHECKPOINTS));
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
