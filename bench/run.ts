/** One answer, with what it took. */
import {
  type Call,
  type Engine,
  type NextTokenQuery,
  type NextTokens,
  type RainAnswer,
  type RainOptions,
  rain,
  type Token,
  type Turn,
} from "rain-align";
import { PassOn } from "./pass-on.ts";

export interface Run {
  readonly answer: RainAnswer;
  readonly tokens: readonly Token[];
  readonly milliseconds: number;
  /** What had happened when the first step was released. */
  readonly first: {
    readonly milliseconds: number;
    /** Tokens that were drawn behind the very first one. */
    readonly drawnBehind: number;
  };
  /** Summed over the tokens: how many stood drawn behind each one when it was released. */
  readonly waited: number;
}

/** Writes one answer; the clock starts when the prompt is in the cache, if the caller has primed it. */
export async function run(engine: Engine, turns: readonly Turn[], options: RainOptions): Promise<Run> {
  const watched = new DrawingWatch(engine);
  const promptLength = engine.tokenizer.render(turns).length;
  const started = performance.now();
  const tokens: Token[] = [];
  let first: Run["first"] | undefined;
  let waited = 0;
  const steps = rain(watched, turns, options);
  for (;;) {
    const next = await steps.next();
    const milliseconds = performance.now() - started;
    first ??= { milliseconds, drawnBehind: Math.max(0, watched.drawn - 1) };
    if (next.done) return { answer: next.value, tokens, milliseconds, first, waited };
    for (const token of next.value.tokens) waited += Math.max(0, watched.length - promptLength - tokens.push(token));
  }
}

/** Sees every token that is drawn for one answer. */
class DrawingWatch extends PassOn {
  /** Tokens drawn so far, for whatever reason. */
  drawn = 0;
  /** Length of the text that is being drawn, its prompt included. */
  length = 0;

  override async next(queries: readonly NextTokenQuery[], call: Call): Promise<NextTokens[]> {
    const drawn = queries.filter(({ topK = 0 }) => topK > 0 && call.purpose !== "evaluate" && call.purpose !== "prompt");
    this.drawn += drawn.length;
    if (drawn.length > 0) this.length = Math.max(...drawn.map(({ prefix }) => prefix.length + 1));
    return await this.engine.next(queries, call);
  }
}
