import {
  type AffixPair,
  type Boundary,
  type ContrastForm,
  contrastPrefix,
  DEFAULTS,
  deriveSeed,
  Ending,
  type Engine,
  Meter,
  type Pole,
  sampleMany,
  stopStrings,
  type Turn,
} from "../core/index.ts";

/** One conversation, to be answered twice. */
export interface Simulation {
  readonly turns: readonly Turn[];
  readonly pair: AffixPair;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/** Who writes both answers: one as the positive affix calls for, the other as the negative one does. */
export interface Simulator {
  /** For people. */
  readonly model: string;
  readonly form: ContrastForm;
  simulate(simulation: Simulation): Promise<Readonly<Record<Pole, string>>>;
}

/** The longest simulated answer, in tokens, as in RLCD. */
const SIMULATED_TOKENS = 300;

/** Where an answer in plain lines ends: a base model goes on with the next turn. */
export const NEXT_TURN: Boundary = stopStrings(["\nUser", "\nHuman", "\nAssistant", "\nSystem"]);

export const POLES = ["positive", "negative"] as const satisfies readonly Pole[];

/** Sequences that are left to the judge: it values both answers of a prompt together. */
const JUDGED_AT_ONCE = 2;

export interface EngineSimulation {
  /** @default "affix" */
  readonly form?: ContrastForm;
  /** @default 300 (RLCD) */
  readonly maxTokens?: number;
  /** Counts what is computed. */
  readonly meter?: Meter;
}

/** A local model as the simulator: both answers in one batch, at temperature 1, cut at the next turn. */
export function engineSimulator(engine: Engine, options: EngineSimulation = {}): Simulator {
  const { form = "affix", maxTokens = SIMULATED_TOKENS, meter = new Meter() } = options;
  return {
    model: engine.facts.model,
    form,
    simulate: async ({ turns, pair, seed, signal }) => {
      const sides = POLES.map((pole, index) => {
        const prefix = contrastPrefix(engine, turns, { pair, form, pole });
        const limit = Math.max(1, Math.min(maxTokens, engine.facts.contextSize - prefix.length));
        const ending = new Ending(engine, prefix, { boundary: NEXT_TURN, limit });
        const sampling = { temperature: 1, topK: DEFAULTS.topK, topP: DEFAULTS.topP, seed: deriveSeed(seed, index) };
        return { prefix, ending, sampling, maxTokens: limit, until: (tokens: readonly number[]) => ending.isOver(tokens) };
      });
      const drawn = await sampleMany(engine, sides, { purpose: "draft", meter, signal });
      const [positive = "", negative = ""] = sides.map(({ prefix, ending }, index) => {
        const tokens = (drawn[index] ?? []).map(({ token }) => token);
        return beforeNextTurn(engine.tokenizer.detokenize(ending.readable(tokens), prefix));
      });
      return { positive, negative };
    },
  };
}

/** How many prompts a local model answers at once: both sides of each, and the turns that a judge reads beside them. At least 1. */
export function promptsAtOnce({ facts }: Pick<Engine, "facts">): number {
  return Math.max(1, Math.floor(((facts.sequences ?? 1) - JUDGED_AT_ONCE) / POLES.length));
}

/** What was answered, without what the model makes of the turns that follow. */
export function beforeNextTurn(text: string): string {
  return text.slice(0, NEXT_TURN.wholeLength(text)).trim();
}
