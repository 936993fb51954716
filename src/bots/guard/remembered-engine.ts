import type { Engine, Prefix, Token } from "../../core/index.ts";

/**
 * The same engine, which computes what it expects behind a prefix once: a judge that is fitted several times reads its answers once. It remembers the
 * logits of these tokens; what is asked about others goes to the engine itself.
 */
export function rememberedEngine(engine: Engine, tokens: readonly Token[]): Engine {
  const places = new Map(tokens.map((token, index) => [token, index]));
  const known = new Map<string, readonly number[]>();

  async function logitsBehind(prefix: Prefix, call: Parameters<Engine["next"]>[1]): Promise<readonly number[]> {
    const key = prefix.join(" ");
    const remembered = known.get(key) ?? (await engine.next([{ prefix, tokens }], call))[0] ?? [];
    known.set(key, remembered);
    return remembered;
  }

  const next: Engine["next"] = async (queries, call) => {
    call.signal?.throwIfAborted();
    if (!queries.every((query) => query.tokens.every((token) => places.has(token)))) return await engine.next(queries, call);
    const all: number[][] = [];
    for (const { prefix, tokens: asked } of queries) {
      const logits = await logitsBehind(prefix, call);
      all.push(asked.map((token) => logits[places.get(token) as number] as number));
    }
    return all;
  };
  return new Proxy(engine, {
    get: (target, name) => {
      if (name === "next") return next;
      const own: unknown = Reflect.get(target, name, target);
      return typeof own === "function" ? own.bind(target) : own;
    },
  });
}
