import type { Call, Engine, NextTokenQuery, NextTokens } from "../../src/core/engine.ts";

/** What a call is for: to read prefixes that something will follow, to ask for a verdict, or to draw tokens of a kind. */
export type Deed = "prime" | "verdict" | "draft" | "expand" | "simulate" | "distributions";

/** The same engine; `onCall` hears of every call that computes, just before it is made. */
export function watchedEngine(
  engine: Engine,
  onCall: (deed: Deed, call: Call, queries: readonly NextTokenQuery[]) => void = () => undefined,
): Engine {
  return {
    facts: engine.facts,
    formats: engine.formats,
    tokenizer: engine.tokenizer,
    async next(queries, call): Promise<NextTokens[]> {
      onCall(deedOf(queries, call), call, queries);
      return await engine.next(queries, call);
    },
    hold: (prefix) => engine.hold(prefix),
    async distributions(passage, call) {
      onCall("distributions", call, []);
      return await engine.distributions(passage, call);
    },
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

function deedOf(queries: readonly NextTokenQuery[], { purpose }: Call): Deed {
  const isPriming = queries.some(({ topK = 0 }) => topK > 0);
  if (purpose === "evaluate") return isPriming ? "prime" : "verdict";
  return purpose === "prompt" ? "prime" : purpose;
}

/** Of several in a row that are the same, one. */
export function withoutRepeats<Item>(items: readonly Item[]): Item[] {
  return items.filter((item, index) => item !== items[index - 1]);
}
