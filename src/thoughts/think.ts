import {
  type Continuation,
  type Engine,
  type Generation,
  generate,
  markTokens,
  type Prefix,
  spelled,
  spelledMarks,
  type Thinking,
  type Token,
} from "../core/index.ts";

/** All that stands between a prompt and an answer. */
export interface Thought {
  /** Token for token, marks included: where the answer is written behind. */
  readonly opening: readonly Token[];
  /** What was thought, without marks. "" where the model did not think. */
  readonly text: string;
  /** Tokens that were drawn and are in `opening`. */
  readonly tokens: number;
  /** Tokens that were drawn to see whether a thought begins, and are drawn again by the answer. */
  readonly peeked: number;
}

/** Where a model is to think. */
export interface Thinker {
  readonly engine: Engine;
  readonly thinking: Thinking;
  /** The prompt, what it costs, and how tokens are drawn. Nothing is committed to it. */
  readonly generation: Generation;
  /** Whether the prompt ends inside a thought. */
  readonly isOpen: boolean;
  /** Where the thought is closed, in tokens; 0: at once. */
  readonly limit: number;
  readonly seed: number;
}

/** How often one answer may begin to think. A model that does so again behind a thought that was closed for it would never come to an end. */
const MOST_THOUGHTS = 4;

/** Draws what the model thinks in front of its answer, with the user's own sampler, until the answer begins. */
export async function think(thinker: Thinker): Promise<Thought> {
  const { thinking, generation, limit } = thinker;
  const { prompt } = generation;
  await generation.prime();
  const opening: Token[] = [];
  const texts: string[] = [];
  let [tokens, peeked] = [0, 0];
  let isInside = thinker.isOpen;
  for (let thoughts = 0; thoughts < MOST_THOUGHTS; thoughts++) {
    let begun: readonly Token[] = [];
    if (!isInside) {
      const next = await peek([...prompt, ...opening], thinker);
      if (next.mark === undefined) {
        peeked += next.drawn.length;
        break;
      }
      opening.push(...next.drawn);
      tokens += next.drawn.length;
      if (next.mark === "header") break;
      if (next.mark === "close") continue;
      begun = next.drawn;
    }
    const { drawn, isClosed } = await drawThought([...prompt, ...opening], limit - tokens, thinker);
    opening.push(...drawn, ...(isClosed ? thinking.lead : thinking.closing));
    tokens += drawn.length;
    texts.push(textOf([...begun, ...drawn], thinker));
    isInside = false;
  }
  return { opening, text: texts.filter((text) => text !== "").join("\n\n"), tokens, peeked };
}

/** What a model may begin with instead of a word of its answer. */
type Mark = keyof ReturnType<typeof spelledMarks>;

/** White space that a model may put in front of a mark. */
const LEEWAY = 4;

/** Draws until it is known whether the model goes on with a mark; usually the first token tells. */
async function peek(prefix: Prefix, thinker: Thinker): Promise<{ readonly drawn: readonly Token[]; readonly mark: Mark | undefined }> {
  const { engine, thinking } = thinker;
  const marks = Object.entries(spelledMarks(thinking, engine.tokenizer)).filter(([, text]) => text !== "") as [Mark, string][];
  const read = (tokens: readonly Token[]) => spelled(tokens, engine.tokenizer, prefix).trimStart();
  const longest = Math.max(...marks.map(([, text]) => text.length));
  const isOpen = (tokens: readonly Token[]) => marks.some(([, text]) => text.length > read(tokens).length && text.startsWith(read(tokens)));
  const drawn = await draw(prefix, { maxTokens: longest + LEEWAY, until: (tokens) => !isOpen(tokens) }, thinker);
  return { drawn, mark: marks.find(([, text]) => read(drawn).startsWith(text))?.[0] };
}

/** Draws to the mark that closes the thought, its end, or the limit. An end token that comes first is left out: the answer is still to be written. */
async function drawThought(prefix: Prefix, limit: number, thinker: Thinker) {
  const { engine, thinking } = thinker;
  if (limit < 1) return { drawn: [], isClosed: false };
  const closing = closer(thinking, engine);
  const drawn = await draw(prefix, { maxTokens: limit, until: (tokens) => closing.isClosedBy(tokens.at(-1) as Token) }, thinker);
  const isEnded = !closing.isClosed && engine.tokenizer.isEnd(drawn.at(-1) as Token);
  return { drawn: isEnded ? drawn.slice(0, -1) : drawn, isClosed: closing.isClosed };
}

/**
 * Knows when a thought is over. A mark that is a token of its own is that token and no text: a model may well think about `</think>`. Else the text
 * of the mark closes.
 */
function closer(thinking: Thinking, engine: Engine) {
  const { close } = spelledMarks(thinking, engine.tokenizer);
  const token = markTokens(engine).find((mark) => thinking.close.includes(mark));
  const last: Token[] = [];
  const state = {
    isClosed: false,
    isClosedBy: (next: Token) => {
      last.push(next);
      // No mark is longer than it has bytes.
      if (last.length > close.length * 4) last.shift();
      const isMark = token !== undefined && thinking.close.length === 1 ? next === token : spelled(last, engine.tokenizer).includes(close);
      state.isClosed = isMark;
      return isMark;
    },
  };
  return state;
}

async function draw(prefix: Prefix, bounds: Pick<Continuation, "maxTokens" | "until">, { engine, generation, seed }: Thinker) {
  const continuation = { ...bounds, ...generation.constraints, prefix, sampling: generation.sampling(seed) };
  const drawn: Token[] = [];
  for await (const { token } of generate(engine, continuation, generation.call("draft"))) drawn.push(token);
  return drawn;
}

/** What a thought says, its marks left out. */
function textOf(tokens: readonly Token[], { engine, thinking }: Thinker): string {
  const { preamble = [] } = thinking;
  const [close = "", ...openings] = [thinking.close, thinking.open, preamble].map((mark) => engine.tokenizer.detokenize(mark).trim());
  const read = engine.tokenizer.detokenize(tokens).trim();
  const open = openings.find((one) => one !== "" && read.startsWith(one)) ?? "";
  const said = read.slice(open.length);
  const end = close === "" ? -1 : said.lastIndexOf(close);
  return (end < 0 ? said : said.slice(0, end)).trim();
}
