import type { Engine } from "../../src/core/engine.ts";

/** What happens at an engine's calls, counted from 1. A hook that throws makes the call fail. */
export interface Hooks {
  /** Just before the engine is asked, which waits for it; of `generate`, before each token. */
  readonly before?: (call: number, engine: Engine) => unknown;
  /** When it has its result, just before that is handed over. */
  readonly after?: (call: number, engine: Engine) => unknown;
}

export interface FaultyEngine {
  readonly engine: Engine;
  readonly calls: () => number;
  /** Generations that nobody has closed. */
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
    render: (turns) => engine.render(turns),
    renderText: (text) => engine.renderText(text),
    tokenize: (text) => engine.tokenize(text),
    detokenize: (tokens, prefix) => engine.detokenize(tokens, prefix),
    nameOf: (token) => engine.nameOf(token),
    isEnd: (token) => engine.isEnd(token),
    prime: (prefixes, call, options) => counted(() => engine.prime(prefixes, call, options)),
    async *generate(continuation, call) {
      const tokens = engine.generate(continuation, call);
      open++;
      try {
        for (;;) {
          const next = await counted(() => tokens.next());
          if (next.done) return;
          yield next.value;
        }
      } finally {
        open--;
        await tokens.return();
      }
    },
    sampleMany: (continuations, call) => counted(() => engine.sampleMany(continuations, call)),
    likeliest: (lookahead, call) => counted(() => engine.likeliest(lookahead, call)),
    checkFormat: (format) => engine.checkFormat(format),
    next: (queries, call) => counted(() => engine.next(queries, call)),
    compare: (questions, call) => counted(() => engine.compare(questions, call)),
    distributions: (passage, call) => counted(() => engine.distributions(passage, call)),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
  return { engine: faulty, calls: () => calls, open: () => open };
}
