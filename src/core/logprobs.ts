/** How likely the model took the tokens of an answer: only those whose text is out. */
import type { Answering, TokenLogprob } from "./answer.ts";
import type { Call, Engine, Prefix, Token } from "./engine.ts";
import type { Decode } from "./generation.ts";
import { Meter } from "./meter.ts";

/** How much of the model's distributions is held at once. */
const HELD_BYTES = 32 * 1024 * 1024;

/** Where it is wished, says with each step how likely the model took its tokens. They are read once more for that, when they are out. */
export function withLogprobs(decode: Decode): Decode {
  return async function* (request, judge) {
    const { engine, turns, settings, promptOf } = request;
    if (!settings.logprobs) return yield* decode(request, judge);
    const meter = new Meter();
    const call: Call = { purpose: "evaluate", meter, signal: settings.signal };
    const released = new ReleasedTokens(engine, promptOf(engine, turns, settings).prefix);
    const answering: Answering = decode(request, judge);
    let next = await answering.next();
    try {
      for (; !next.done; next = await answering.next()) {
        const passage = released.push(next.value.tokens, next.value.text);
        yield passage.tokens.length === 0 ? next.value : { ...next.value, logprobs: await logprobsOf(passage, engine, call) };
      }
    } finally {
      // A reader who leaves early ends the writing.
      if (!next.done) await answering.return(undefined as never);
    }
    next.value.meter.add(meter);
    return next.value;
  };
}

/** Tokens that are out, behind all that stands before them. */
interface ReleasedPassage {
  readonly prefix: Prefix;
  readonly tokens: readonly Token[];
}

/** Which of the committed tokens can be read in the released text: it may lag behind them, and end in the midst of one, at a stop string. */
class ReleasedTokens {
  readonly #engine: Engine;
  readonly #before: Token[];
  readonly #prompt: number;
  /** Committed, and not yet told of. */
  #waiting: Token[] = [];
  /** Released, and not yet accounted for by a token. */
  #text = "";

  constructor(engine: Engine, prompt: Prefix) {
    this.#engine = engine;
    this.#before = [...prompt];
    this.#prompt = prompt.length;
  }

  push(tokens: readonly Token[], text: string): ReleasedPassage {
    this.#waiting.push(...tokens);
    this.#text += text;
    const prefix = [...this.#before];
    const [count, length] = this.#read();
    const told = this.#waiting.splice(0, count);
    this.#text = this.#text.slice(length);
    this.#before.push(...told);
    return { prefix, tokens: told };
  }

  /** How many of the waiting tokens the text says, and how much of it that is. */
  #read(): readonly [count: number, length: number] {
    let read: readonly [number, number] = [0, 0];
    if (this.#text === "") return read;
    const { tokenizer } = this.#engine;
    for (let count = 1; count <= this.#waiting.length && !tokenizer.isEnd(this.#waiting[count - 1] as Token); count++) {
      const said = tokenizer.detokenize(this.#waiting.slice(0, count), this.#before);
      // The space in front of an answer is not shown.
      const shown = this.#before.length === this.#prompt && !this.#text.startsWith(said) ? said.trimStart() : said;
      // Half a character is told with its other half.
      if (said.endsWith("\uFFFD")) continue;
      if (!this.#text.startsWith(shown)) break;
      read = [count, shown.length];
    }
    return read;
  }
}

async function logprobsOf({ prefix, tokens }: ReleasedPassage, engine: Engine, call: Call): Promise<readonly TokenLogprob[]> {
  const places = Math.max(1, Math.floor(HELD_BYTES / (Float32Array.BYTES_PER_ELEMENT * engine.facts.vocabularySize)));
  const found: TokenLogprob[] = [];
  while (found.length < tokens.length) {
    const before = [...prefix, ...tokens.slice(0, found.length)];
    const part = tokens.slice(found.length, found.length + places);
    const distributions = await engine.distributions({ prefix: before, tokens: part }, call);
    for (const [index, token] of part.entries()) {
      const text = engine.tokenizer.detokenize([token], [...before, ...part.slice(0, index)]);
      found.push({ token, text, logprob: distributions[index]?.[token] as number });
    }
  }
  return found;
}
