import type { Engine } from "../../src/core/engine.ts";

/** What happens at an engine's calls, counted from 1. A hook that throws makes the call fail. */
export interface Hooks {
  /** Just before the engine is asked, which waits for it. */
  readonly before?: (call: number, engine: Engine) => unknown;
  /** When it has its result, just before that is handed over. */
  readonly after?: (call: number, engine: Engine) => unknown;
}

export interface FaultyEngine {
  readonly engine: Engine;
  readonly calls: () => number;
  /** Prefixes that are still held. */
  readonly open: () => number;
}

/** The same engine, and what is to happen at its calls. */
export function faultyEngine(engine: Engine, { before, after }: Hooks = {}): FaultyEngine {
  let calls = 0;
  let open = 0;
  const counted = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const call = ++calls;
    await before?.(call, engine);
    const result = await work();
    after?.(call, engine);
    return result;
  };
  const faulty: Engine = {
    facts: engine.facts,
    tokenizer: engine.tokenizer,
    formats: engine.formats,
    next: (queries, call) => counted(() => engine.next(queries, call)),
    hold(prefix) {
      const held = engine.hold(prefix);
      open++;
      return {
        [Symbol.dispose]() {
          open--;
          held[Symbol.dispose]();
        },
      };
    },
    distributions: (passage, call) => counted(() => engine.distributions(passage, call)),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
  return { engine: faulty, calls: () => calls, open: () => open };
}

/** At most `most` of the numbers from 1 to `last`, all along the way, the first and the last among them. For what takes long to try at each. */
export function allAlong(last: number, most: number): readonly number[] {
  if (last <= most) return Array.from({ length: last }, (_, index) => index + 1);
  return Array.from({ length: most }, (_, index) => Math.round(1 + ((last - 1) * index) / (most - 1)));
}
