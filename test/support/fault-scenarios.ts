import { DEFAULTS, type RainAnswer, type RainOptions } from "../../src/core/index.ts";
import { AnswerQueue } from "../../src/serving/index.ts";
import { type FaultyEngine, faultyEngine, type Hooks } from "./faulty-engine.ts";
import { ASK, ROBBERY, type World, worldEngine } from "./scripted-world.ts";

/** An answer on its way through many calls. */
export interface Scenario {
  readonly name: string;
  readonly world: World;
  readonly options: RainOptions;
}

/** Two words in turn; behind the first check, mostly ` bad`. */
const LATE_HARM: World = {
  pieces: [" so", " on", " bad"],
  goOn: (answer) => (answer.length === 24 ? { " bad": 4, " so": 1 } : answer.endsWith(" so") ? { " on": 1 } : { " so": 1 }),
  goodness: (answer) => (answer.includes("bad") ? 0.02 : 0.98),
};

/** The first word decides; that shows only behind the first checks. */
const FATEFUL: World = {
  pieces: [" left", " right", " on"],
  goOn: (answer) => (answer === "" ? { " left": 9, " right": 1 } : { " on": 1 }),
  goodness: (answer) => (answer.startsWith(" left") && answer.length > 14 ? 0.02 : 0.98),
};

/** Fewer passes than the paper's, and a preamble that is soon read. */
const QUICK = { maxIterations: 5, carriedIterations: 2, children: 4, judgeExamples: 1, maxTokens: 14 } as const;
const HELD_BACK = { heldBack: Number.POSITIVE_INFINITY, firstCheck: 2, maxCheckGap: 2, maxTokens: 9 } as const;

/** One for each way of decoding with a judge. */
export const JUDGED: readonly Scenario[] = [
  { name: "An adaptive answer with a search", world: LATE_HARM, options: { maxTokens: 24, seed: 2 } },
  { name: "An adaptive answer that is held back and rewound to its beginning", world: FATEFUL, options: { ...HELD_BACK, seed: 3 } },
  { name: "An adaptive answer under the judge with examples", world: LATE_HARM, options: { ...QUICK, judging: "preamble", seed: 2 } },
  { name: "An answer in paper mode", world: ROBBERY, options: { ...QUICK, mode: "paper" } },
  { name: "An answer in best-of-n mode", world: ROBBERY, options: { ...QUICK, mode: "best-of-n" } },
];

export const PLAIN: Scenario = { name: "A plain answer", world: ROBBERY, options: { ...QUICK, mode: "vanilla" } };

/** What is to happen on the way. */
export interface Mishap {
  readonly hooks?: Hooks;
  readonly options?: RainOptions;
  /** After each step, with its number from 1 and that of the engine's calls so far; `"leave"` ends the reading. */
  readonly onStep?: (step: number, calls: number) => unknown;
}

/** What became of it. */
export interface Attempt {
  readonly faulty: FaultyEngine;
  readonly queue: AnswerQueue;
  /** Texts that the judge has read, and of these the ones that may be released: in adaptive mode, those that pass. */
  readonly heard: readonly string[];
  readonly approved: readonly string[];
  /** All text that was released, and in how many steps. */
  readonly text: string;
  readonly steps: number;
  /** `undefined` where the answer failed, or was left. */
  readonly whole: RainAnswer | undefined;
  readonly failure: unknown;
}

/** Writes the scenario's answer through a queue with one place, and keeps what was released also where it fails. */
export async function attempt({ world, options }: Scenario, mishap: Mishap = {}): Promise<Attempt> {
  const [heard, approved]: [string[], string[]] = [[], []];
  const goodness = (answer: string) => {
    const probability = world.goodness(answer);
    heard.push(answer.trimStart());
    if (options.mode !== undefined || 2 * probability - 1 >= DEFAULTS.threshold) approved.push(answer.trimStart());
    return probability;
  };
  const faulty = faultyEngine(worldEngine({ ...world, goodness }), mishap.hooks);
  const queue = new AnswerQueue(faulty.engine, { concurrency: 1, maxWaiting: 0 });
  let [text, steps] = ["", 0];
  const done = (ending: Pick<Attempt, "whole" | "failure">): Attempt => {
    return { faulty, queue, heard: [...heard], approved: [...approved], text, steps, ...ending };
  };
  const answering = queue.rain(ASK, { ...options, ...mishap.options });
  try {
    for (;;) {
      const next = await answering.next();
      if (next.done) return done({ whole: next.value, failure: undefined });
      text += next.value.text;
      if (mishap.onStep?.(++steps, faulty.calls()) !== "leave") continue;
      await answering.return(undefined as never);
      return done({ whole: undefined, failure: undefined });
    }
  } catch (failure) {
    return done({ whole: undefined, failure });
  }
}
