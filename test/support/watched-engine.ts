import type { Engine } from "../../src/core/engine/engine.ts";

/** The same engine; `onCall` hears of every call that computes, just before it is made (of `generate`, before each token). */
export function watchedEngine(
  engine: Engine,
  onCall: (method: "prime" | "generate" | "sampleMany" | "likeliest" | "compare") => void,
): Engine {
  return {
    facts: engine.facts,
    render: (turns) => engine.render(turns),
    renderText: (text) => engine.renderText(text),
    tokenize: (text) => engine.tokenize(text),
    detokenize: (tokens, after) => engine.detokenize(tokens, after),
    isEnd: (token) => engine.isEnd(token),
    async prime(prefixes, call, options) {
      onCall("prime");
      await engine.prime(prefixes, call, options);
    },
    async *generate(continuation, call) {
      onCall("generate");
      for await (const drawn of engine.generate(continuation, call)) {
        yield drawn;
        onCall("generate");
      }
    },
    async sampleMany(continuations, call) {
      onCall("sampleMany");
      return engine.sampleMany(continuations, call);
    },
    async likeliest(lookahead, call) {
      onCall("likeliest");
      return engine.likeliest(lookahead, call);
    },
    checkFormat: (format) => engine.checkFormat(format),
    async compare(questions, call) {
      onCall("compare");
      return engine.compare(questions, call);
    },
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}
