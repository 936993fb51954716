import type { Call, Engine } from "../../src/core/engine.ts";

/** The same engine; `onCall` hears of every call that computes, just before it is made (of `generate`, before each token). */
export function watchedEngine(
  engine: Engine,
  onCall: (method: "prime" | "generate" | "sampleMany" | "likeliest" | "next" | "compare" | "distributions", call: Call) => void,
): Engine {
  return {
    facts: engine.facts,
    render: (turns) => engine.render(turns),
    renderText: (text) => engine.renderText(text),
    tokenize: (text) => engine.tokenize(text),
    detokenize: (tokens, after) => engine.detokenize(tokens, after),
    nameOf: (token) => engine.nameOf(token),
    isEnd: (token) => engine.isEnd(token),
    async prime(prefixes, call, options) {
      onCall("prime", call);
      await engine.prime(prefixes, call, options);
    },
    async *generate(continuation, call) {
      onCall("generate", call);
      for await (const drawn of engine.generate(continuation, call)) {
        yield drawn;
        onCall("generate", call);
      }
    },
    async sampleMany(continuations, call) {
      onCall("sampleMany", call);
      return engine.sampleMany(continuations, call);
    },
    async likeliest(lookahead, call) {
      onCall("likeliest", call);
      return engine.likeliest(lookahead, call);
    },
    checkFormat: (format) => engine.checkFormat(format),
    async next(queries, call) {
      onCall("next", call);
      return engine.next(queries, call);
    },
    async compare(questions, call) {
      onCall("compare", call);
      return engine.compare(questions, call);
    },
    async distributions(passage, call) {
      onCall("distributions", call);
      return engine.distributions(passage, call);
    },
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}
