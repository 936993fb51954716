import type { Engine, Prefix, Token } from "../../core/index.ts";

/** An engine that remembers what it has computed. */
export interface RememberedEngine {
  readonly engine: Engine;
  /** From now on, what is expected of these tokens behind a prefix is computed once; what is asked about others goes to the engine itself. */
  readonly remember: (tokens: readonly Token[]) => void;
}

/** The same engine, for a judge that is fitted several times to much the same answers: each text is cut into tokens once, and each prefix is read once. */
export function rememberedEngine(engine: Engine): RememberedEngine {
  const cut = new Map<string, readonly Token[]>();
  const logits = new Map<string, readonly number[]>();
  let remembered: readonly Token[] = [];
  let places = new Map<Token, number>();

  const tokenize: Engine["tokenize"] = (text) => {
    const tokens = cut.get(text) ?? engine.tokenize(text);
    cut.set(text, tokens);
    return [...tokens];
  };
  async function logitsBehind(prefix: Prefix, call: Parameters<Engine["next"]>[1]): Promise<readonly number[]> {
    const key = prefix.join(" ");
    const known = logits.get(key) ?? (await engine.next([{ prefix, tokens: remembered }], call))[0] ?? [];
    logits.set(key, known);
    return known;
  }
  const next: Engine["next"] = async (queries, call) => {
    call.signal?.throwIfAborted();
    if (!queries.every((query) => query.tokens.every((token) => places.has(token)))) return await engine.next(queries, call);
    const all: number[][] = [];
    for (const { prefix, tokens: asked } of queries) {
      const known = await logitsBehind(prefix, call);
      all.push(asked.map((token) => known[places.get(token) as number] as number));
    }
    return all;
  };
  const remember = (tokens: readonly Token[]) => {
    logits.clear();
    remembered = [...new Set(tokens)];
    places = new Map(remembered.map((token, index) => [token, index]));
  };
  const own: Readonly<Record<string | symbol, unknown>> = { tokenize, next };
  const get = (target: Engine, name: string | symbol) => {
    if (Object.hasOwn(own, name)) return own[name];
    const value: unknown = Reflect.get(target, name, target);
    return typeof value === "function" ? value.bind(target) : value;
  };
  return { engine: new Proxy(engine, { get }), remember };
}
