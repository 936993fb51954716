import { type Call, Ending, type Engine, type Prefix, stopStrings, type Token } from "../../core/index.ts";
import { NEXT_TURN } from "../../pairs/index.ts";

export interface Answering {
  readonly prefix: Prefix;
  /** Whether the model reads plain lines: then its answer ends before the next turn. */
  readonly isPlain: boolean;
  /** A positive integer. */
  readonly maxTokens: number;
}

export interface GreedyAnswer {
  /** The end token, if it came to one, is the last of them. */
  readonly tokens: readonly Token[];
  /** Whether it was cut at `maxTokens`. */
  readonly isCut: boolean;
}

/** What the model says when it always takes the likeliest token: the same whenever it is asked, whatever was asked before. */
export async function greedyAnswer(engine: Engine, { prefix, isPlain, maxTokens }: Answering, call: Call): Promise<GreedyAnswer> {
  // Puts the prompt into the cache in the same batches each time: two tokens that are as likely but for a last digit might change places.
  await engine.distributions({ prefix, tokens: prefix.slice(-1), isAfresh: true }, { ...call, purpose: "prompt" });
  const ending = new Ending(engine, prefix, { boundary: isPlain ? NEXT_TURN : stopStrings([]), limit: maxTokens });
  const until = (tokens: readonly Token[]) => ending.isOver(tokens);
  const sampling = { temperature: 0, topK: 1, topP: 1, seed: 0 };
  const drawn: Token[] = [];
  for await (const { token } of engine.generate({ prefix, sampling, maxTokens, until }, call)) drawn.push(token);
  const last = drawn.at(-1);
  const end = last !== undefined && engine.isEnd(last) ? [last] : [];
  const said = ending.readable(drawn);
  return { tokens: [...said, ...end], isCut: end.length === 0 && said.length === maxTokens };
}
