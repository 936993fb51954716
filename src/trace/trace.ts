import {
  checkOptions,
  type RainAnswer,
  type RainEvent,
  type RainOptions,
  type SearchedTree,
  type Settings,
  type Turn,
} from "../core/index.ts";

/** One committed step, and the tree in which it was found, if there was a search. */
export interface TraceStep {
  readonly text: string;
  readonly tokens: number;
  readonly value: number | undefined;
  readonly visits: number;
  readonly rewinds: number;
  /** Which of the trace's trees; several steps may come from one. */
  readonly tree: number | undefined;
}

/** How one answer came about: plain data. */
export interface TraceData {
  readonly turns: readonly Pick<Turn, "role" | "text">[];
  readonly model: string;
  readonly mode: Settings["mode"];
  readonly principle: Pick<Settings["principle"], "name" | "question" | "good" | "bad">;
  readonly seed: number;
  readonly steps: readonly TraceStep[];
  readonly trees: readonly SearchedTree[];
  readonly answer: Pick<RainAnswer, "text" | "finishReason" | "value" | "rewinds" | "cost" | "promptTokens" | "discarded"> | undefined;
}

/** Follows one answer while it is written. */
export class Trace {
  readonly #turns: readonly Turn[];
  readonly #given: RainOptions;
  readonly #steps: TraceStep[] = [];
  readonly #trees: SearchedTree[] = [];
  #answer: RainAnswer | undefined;

  /** @param options of the answer that is followed */
  constructor(turns: readonly Turn[], options: RainOptions = {}) {
    this.#turns = turns;
    this.#given = options;
  }

  /** What the answer is to be asked for with. Listeners given before are still called. */
  get options(): RainOptions {
    const { onEvent, onTree } = this.#given;
    return {
      ...this.#given,
      onEvent: (event) => {
        this.#heard(event);
        onEvent?.(event);
      },
      onTree: (tree) => {
        this.#trees.push(tree);
        onTree?.(tree);
      },
    };
  }

  /** The answer is there; without it the trace is of one that failed. */
  end(answer: RainAnswer): void {
    this.#answer = answer;
  }

  /** @param model its name, for people */
  data(model: string): TraceData {
    const { mode, principle, seed } = checkOptions(this.#given);
    const { name, question, good, bad } = principle;
    const answer = this.#answer;
    return {
      turns: this.#turns.map(({ role, text }) => ({ role, text })),
      model,
      mode,
      principle: { name, question, good, bad },
      seed,
      steps: this.#steps,
      trees: this.#trees,
      answer: answer === undefined ? undefined : summaryOf(answer),
    };
  }

  #heard(event: RainEvent): void {
    if (event.type !== "commit") return;
    const { text, tokens, value, visits, rewinds } = event.step;
    const tree = this.#trees.length === 0 ? undefined : this.#trees.length - 1;
    this.#steps.push({ text, tokens: tokens.length, value, visits, rewinds, tree });
  }
}

function summaryOf({ text, finishReason, value, rewinds, cost, promptTokens, discarded }: RainAnswer): TraceData["answer"] {
  return { text, finishReason, value, rewinds, cost, promptTokens, discarded };
}
