import { LlamaEngine } from "../../src/engines/llama/engine.ts";
import { loadLlamaParts } from "../../src/engines/llama/load.ts";

export interface CountedEngine {
  readonly engine: LlamaEngine;
  /** Batches that llama.cpp was given to decode. */
  readonly decodes: () => number;
}

interface Counting {
  /** @default 16 */
  readonly sequences?: number;
  /** @default true */
  readonly canCopy?: boolean;
  /** Whether what one is told does not depend on who else asks, to the last digit. @default false */
  readonly deterministic?: boolean;
  /** Told the number of each batch, from 1, before it is decoded. If it throws, the decode fails with that error. */
  readonly onDecode?: (decode: number) => void;
}

/** An engine that counts its native decode calls: node-llama-cpp asks for each what goes into it. */
export async function countedEngine(
  model: string,
  { sequences = 16, canCopy = true, deterministic = false, onDecode }: Counting = {},
): Promise<CountedEngine> {
  const parts = await loadLlamaParts({ model, gpu: false, threads: 1 });
  await parts.context.dispose();
  let decodes = 0;
  const context = await parts.model.createContext({
    sequences,
    contextSize: parts.model.trainContextSize,
    threads: 1,
    batching: {
      itemPrioritizationStrategy: ({ items, size }) => {
        decodes++;
        onDecode?.(decodes);
        let room = size;
        return items.map((item) => {
          const processAmount = Math.min(room, item.tokens.length);
          room -= processAmount;
          return { item, processAmount };
        });
      },
    },
  });
  return { engine: new LlamaEngine({ ...parts, context, canCopy, deterministic }), decodes: () => decodes };
}
