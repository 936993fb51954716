/**
 * Copies what one sequence has computed to another one. node-llama-cpp 3.22 can do it, and its own decision context does, but
 * the method is not in its types: this file is the only one that knows it. Without it an engine computes again what it
 * would have copied.
 *
 * The call returns at once; llama.cpp moves the memory with the next decode. That moves a whole sequence's cells however
 * few are in use: on a CPU about half a decode step for a 135M model with 2,048 cells.
 */
import type { LlamaContextSequence } from "node-llama-cpp";

interface Copying {
  _copyStateFromOtherSequence(source: LlamaContextSequence, length: number): Promise<boolean>;
}

export function canCopySequences(sequence: LlamaContextSequence): boolean {
  return isCopying(sequence);
}

/** Makes `target` hold all that `source` holds. `false`: it could not, and `target` holds nothing to rely on. */
export async function copySequence(source: LlamaContextSequence, target: LlamaContextSequence): Promise<boolean> {
  return isCopying(target) && (await target._copyStateFromOtherSequence(source, source.nextTokenIndex));
}

function isCopying(sequence: LlamaContextSequence): sequence is LlamaContextSequence & Copying {
  return "_copyStateFromOtherSequence" in sequence && typeof sequence._copyStateFromOtherSequence === "function";
}
