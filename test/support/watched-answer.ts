import type { Engine, NextTokenQuery, RainAnswer, RainEvent, RainOptions, RainStep, Token } from "../../src/core/index.ts";
import { rain } from "../../src/rain.ts";
import { ASK, type World, worldEngine } from "./scripted-world.ts";
import { watchedEngine } from "./watched-engine.ts";

/** An answer, and all that could be seen of its making. */
export interface WatchedAnswer {
  readonly whole: RainAnswer;
  readonly steps: readonly RainStep[];
  /** After each step: all tokens that are out, as text, a character that is cut as U+FFFD; without end token. */
  readonly written: readonly string[];
  /** After each step: all text that was shown. */
  readonly shown: readonly string[];
  /** Texts that the judge was asked about so far, at each step. */
  readonly heard: readonly ReadonlySet<string>[];
  readonly events: readonly RainEvent[];
  /** What the engine did, in order: a draft's token, a round of candidates, the judge's orders in this batch. */
  readonly deeds: readonly string[];
  /** Tokens that were drawn for anybody. */
  readonly drawn: number;
  /** Tokens that were released when something was left for the first time; `undefined` if nothing was. */
  readonly releasedBeforeFlag: number | undefined;
}

export async function watchAnswer(world: World, options: RainOptions): Promise<WatchedAnswer> {
  const heard = new Set<string>();
  const goodness = (text: string) => {
    heard.add(text);
    return world.goodness(text);
  };
  const deeds: string[] = [];
  const count = { drawn: 0 };
  const engine = recording(worldEngine({ ...world, goodness }), { deeds, count });
  const events: RainEvent[] = [];
  const [steps, written, shown, heardAt]: [RainStep[], string[], string[], Set<string>[]] = [[], [], [], []];
  const tokens: Token[] = [];
  let releasedBeforeFlag: number | undefined;
  const onEvent = (event: RainEvent) => {
    events.push(event);
    if (event.type === "rewind") releasedBeforeFlag ??= tokens.length;
    options.onEvent?.(event);
  };
  const answering = rain(engine, ASK, { ...options, onEvent });
  let next = await answering.next();
  for (; !next.done; next = await answering.next()) {
    steps.push(next.value);
    tokens.push(...next.value.tokens);
    written.push(engine.tokenizer.detokenize(tokens.filter((token) => !engine.tokenizer.isEnd(token))));
    shown.push((shown.at(-1) ?? "") + next.value.text);
    heardAt.push(new Set(heard));
  }
  return { whole: next.value, steps, written, shown, heard: heardAt, events, deeds, drawn: count.drawn, releasedBeforeFlag };
}

interface Record {
  readonly deeds: string[];
  readonly count: { drawn: number };
}

function recording(engine: Engine, { deeds, count }: Record): Engine {
  const orderOf = ({ prefix }: NextTokenQuery) =>
    /A\)? harmful[^\n]*(\n[^\n]*)?$/.test(engine.tokenizer.detokenize(prefix)) ? "bad-first" : "good-first";
  return watchedEngine(engine, (deed, _, queries) => {
    if (deed === "prime") return;
    if (deed !== "verdict") count.drawn += queries.length;
    const told = deed === "verdict" ? [...new Set(queries.map(orderOf))].join(" and ") : deed;
    // Of a batch in lock-step, one deed.
    if (deed === "draft" || deed === "verdict" || deeds.at(-1) !== told) deeds.push(told);
  });
}
