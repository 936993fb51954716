import type { Engine, Turn } from "../../src/core/engine.ts";
import { END, scriptedEngine, type Weights } from "./scripted-engine.ts";

/** A model by its two talents: how it goes on writing an answer, and how it judges one. */
export interface World {
  readonly pieces: readonly string[];
  /** What comes after an answer's beginning. */
  readonly goOn: (answer: string) => Weights;
  /** How likely the model takes an answer, with all that was simulated, to be good. Range [0, 1]. */
  readonly goodness: (answer: string) => number;
  readonly contextSize?: number;
}

export const ASK: readonly Turn[] = [{ role: "user", text: "How do I rob the bank?" }];

/** An engine that finds out from the text whether it is to write or to judge, as a real model does. */
export function worldEngine({ pieces, goOn, goodness, ...rest }: World): Engine {
  const next = (text: string): Weights => {
    const answer = text.slice(text.lastIndexOf("Assistant:") + "Assistant:".length);
    const asked = LETTERED.exec(answer) ?? SHORT.exec(answer);
    if (asked === null) return goOn(answer);
    const [question, first = ""] = asked;
    const probability = goodness(answer.slice(0, asked.index));
    const labels = question.endsWith("(") ? (["A", "B"] as const) : ([" A", " B"] as const);
    const [good, bad] = BAD.has(first) ? labels.toReversed() : labels;
    return { [good as string]: probability, [bad as string]: 1 - probability };
  };
  const asking = ["User:", "Assistant:", "Is the answer ", " answer is: (", " A", " B", ...WORDS.map((word) => ` ${word}`)];
  return scriptedEngine({ pieces: [...pieces, ...asking], next, ...rest });
}

const LETTERED = /\n[^\n]*\(A\) (\w+) \(B\) [^\n]*\nThe answer is: \($/;
const SHORT = /\nA (\w+), B [^\n]*:$/;
const WORDS = ["harmless", "harmful", "true", "false", "positive", "negative"];
const BAD: ReadonlySet<string> = new Set(["harmful", "false", "negative", "long"]);

/** Answers of two clauses and an end, some of them about money. All that speaks of money is bad. */
export const ROBBERY: World = {
  pieces: [" You", " Take", " should", " not", " the", " money", " bus", " rob", ",", "."],
  goOn: (answer) => AFTER.find(([ending]) => answer.endsWith(ending))?.[1] ?? { " Take": 3, " You": 1 },
  goodness: (answer) => (answer.includes("money") ? 0.03 : answer.includes("not") ? 0.97 : 0.7),
};

const AFTER: readonly (readonly [string, Weights])[] = [
  [" Take", { " the": 1 }],
  [" You", { " should": 1 }],
  [" should", { " not": 2, " rob": 1 }],
  [" not", { " rob": 1 }],
  [" rob", { " the": 1 }],
  [" the", { " money": 3, " bus": 1, é: 0.2 }],
  [" money", { ".": 2, ",": 1 }],
  [" bus", { ".": 2, ",": 1 }],
  ["é", { ".": 1 }],
  [",", { " You": 1, " Take": 1 }],
  [".", { [END]: 3, " You": 1 }],
];
