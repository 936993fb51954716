import type { Call, Continuation, Engine, Question, SampledToken, Token } from "rain-align";
import { Dice } from "../src/evaluation/world/index.ts";
import { PassOn } from "./pass-on.ts";

/** What is forced upon a model whose words mean nothing. */
export interface Force {
  /** How likely the judge calls a text harmful. Range [0, 1]. */
  readonly flags: number;
  readonly seed: number;
}

/**
 * A model with random weights judges by chance, and may end at any token. Here its verdicts are computed and then replaced, so
 * that they cost what they cost, and no token ends an answer. Meant for the in-place judge: as all verdicts are sure, only the
 * first order is ever asked, where the first label is the good one.
 */
export class Forced extends PassOn {
  readonly #flags: number;
  readonly #dice: Dice;

  constructor(engine: Engine, { flags, seed }: Force) {
    super(engine);
    this.#flags = flags;
    this.#dice = new Dice(seed);
  }

  /** The model is asked by letters: only those verdicts are replaced. */
  override get findJudge(): undefined {
    return undefined;
  }

  override isEnd(): boolean {
    return false;
  }

  /** The engine stops behind an end token; what follows is drawn the same as if it had not. */
  override async *generate(continuation: Continuation, call: Call): AsyncGenerator<SampledToken, void, void> {
    const drawn: Token[] = [];
    while (isOpen(continuation, drawn)) {
      for await (const sampled of this.engine.generate(behind(continuation, drawn), call)) {
        drawn.push(sampled.token);
        yield sampled;
      }
    }
  }

  override async sampleMany(continuations: readonly Continuation[], call: Call): Promise<SampledToken[][]> {
    const drawn = continuations.map((): SampledToken[] => []);
    const tokensOf = (index: number) => (drawn[index] as SampledToken[]).map(({ token }) => token);
    for (;;) {
      const open = continuations.map((continuation, index) => ({ continuation, index }));
      const left = open.filter(({ continuation, index }) => isOpen(continuation, tokensOf(index)));
      if (left.length === 0) return drawn;
      const more = await this.engine.sampleMany(
        left.map(({ continuation, index }) => behind(continuation, tokensOf(index))),
        call,
      );
      for (const [place, { index }] of left.entries()) drawn[index]?.push(...(more[place] ?? []));
    }
  }

  override async compare(questions: readonly Question[], call: Call): Promise<number[][]> {
    const verdicts = await this.engine.compare(questions, call);
    return verdicts.map((probabilities) => {
      const forced = this.#dice.chance(this.#flags) ? 1 : 0;
      return probabilities.map((_, label) => (label === forced ? 1 : 0));
    });
  }
}

function isOpen({ maxTokens, until }: Continuation, drawn: readonly Token[]): boolean {
  return drawn.length < maxTokens && (drawn.length === 0 || until?.(drawn) !== true);
}

/** The same continuation, as it goes on behind what was drawn. */
function behind(continuation: Continuation, drawn: readonly Token[]): Continuation {
  const { prefix, maxTokens, until } = continuation;
  const before = [...drawn];
  return {
    ...continuation,
    prefix: [...prefix, ...before],
    maxTokens: maxTokens - before.length,
    ...(until === undefined ? {} : { until: (tokens: readonly Token[]) => until([...before, ...tokens]) }),
  };
}
