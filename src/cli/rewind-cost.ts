import { type Call, type Engine, Meter, type Prefix, type Token } from "../core/index.ts";

/** What it costs to go back to an earlier point of a text, as a search does. */
export interface RewindCost {
  /** To where the judge was asked: the last commit. */
  readonly toCheck: Rewind;
  /** To the middle between two checks. */
  readonly between: Rewind;
}

/** One token was computed to go on from there: it is not counted. */
export interface Rewind {
  /** Tokens that were computed before, and had to be read again. */
  readonly tokens: number;
  /** The median of a few. */
  readonly milliseconds: number;
}

/** As many tokens as there are between two checks of a fitted judge. */
const GAP = 16;

const QUESTION = 12;

const ROUNDS = 5;

/** A context that holds the text that is measured on. */
const ROOM = 96;

/**
 * Measures it on a text of this model's own tokens: a prompt, a draft that is asked about now and then, and a way back. `undefined`: its context is
 * too short for that.
 */
export async function rewindCost(engine: Engine, signal: AbortSignal | undefined): Promise<RewindCost | undefined> {
  if (engine.facts.contextSize < ROOM) return undefined;
  const toCheck: Rewind[] = [];
  const between: Rewind[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const scene = new Scene(engine, round, signal);
    await scene.draft(GAP);
    await scene.ask();
    await scene.draft(GAP);
    await scene.ask();
    toCheck.push(await scene.goBack(0));
    between.push(await scene.goBack(GAP / 2));
  }
  return { toCheck: median(toCheck), between: median(between) };
}

/** A generation that is paused now and then. Each is another text, so that none finds what another one computed. */
class Scene {
  readonly #engine: Engine;
  readonly #signal: AbortSignal | undefined;
  readonly #text: Token[];
  readonly #word: Token;

  constructor(engine: Engine, round: number, signal: AbortSignal | undefined) {
    this.#engine = engine;
    this.#signal = signal;
    this.#text = engine.tokenizer.renderText(`Text ${round}: `);
    this.#word = engine.tokenizer.tokenize(" a").at(-1) as Token;
  }

  async draft(tokens: number): Promise<void> {
    using _held = this.#engine.hold(this.#text);
    for (let token = 0; token < tokens; token++) {
      await this.#read(this.#text, "draft");
      this.#text.push(this.#word);
    }
  }

  /** As a judge does: behind the draft, and behind a question about it. */
  async ask(): Promise<void> {
    await this.#read([...this.#text], "evaluate");
    await this.#read([...this.#text, ...new Array<Token>(QUESTION).fill(this.#word)], "evaluate");
  }

  /** Goes on in another way than before. */
  async goBack(tokens: number): Promise<Rewind> {
    const other = this.#engine.tokenizer.tokenize(" b").at(-1) as Token;
    const began = performance.now();
    const computed = await this.#read([...this.#text.slice(0, this.#text.length - tokens), other], "expand");
    return { tokens: computed - 1, milliseconds: performance.now() - began };
  }

  async #read(prefix: Prefix, purpose: Call["purpose"]): Promise<number> {
    const meter = new Meter();
    await this.#engine.next([{ prefix, topK: 1 }], { purpose, meter, signal: this.#signal });
    return meter.spent[purpose].tokens;
  }
}

function median(rewinds: readonly Rewind[]): Rewind {
  return rewinds.toSorted((left, right) => left.milliseconds - right.milliseconds)[Math.floor(rewinds.length / 2)] as Rewind;
}
