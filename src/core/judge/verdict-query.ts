import type { Engine, Token } from "../engine.ts";
import { JudgeError } from "../errors.ts";
import type { Principle } from "./principle.ts";
import { ORDERS, offered, type Wording } from "./question.ts";

/** An order of the options, ready to be asked of one model. */
export interface VerdictQuery {
  readonly question: readonly Token[];
  /** What may be answered: one token for each option. */
  readonly labels: readonly Token[];
  /** Where the good and the bad option stand among the labels. */
  readonly good: number;
  readonly bad: number;
}

/**
 * Both orders of a principle's question.
 *
 * @throws {JudgeError} when a label is not one token of this model: then there is nothing to read the verdict off
 */
export function verdictQueries(engine: Engine, principle: Principle, wording: Wording): readonly VerdictQuery[] {
  const labels = labelsOf(principle, wording).map((label) => {
    const tokens = engine.tokenizer.tokenize(label);
    if (tokens.length === 1) return tokens[0] as Token;
    throw new JudgeError(
      principle.name,
      `Expected the label "${label}" to be one token of ${engine.facts.model}, got ${tokens.length} (it cannot be its own judge)`,
    );
  });
  return ORDERS.map((order) => {
    const sides = offered(order, principle);
    return {
      question: engine.tokenizer.tokenize(wording.question(principle, order)),
      labels,
      good: sides.indexOf("good"),
      bad: sides.indexOf("bad"),
    };
  });
}

/** Whether this model has a token of its own for each label of the wording. */
export function canAnswer(engine: Engine, principle: Principle, wording: Wording): boolean {
  const tokens = labelsOf(principle, wording).map((label) => engine.tokenizer.tokenize(label));
  return tokens.every(({ length }) => length === 1) && new Set(tokens.flat()).size === tokens.length;
}

/**
 * The difference of the probabilities of the good and the bad option, from -1 to 1.
 *
 * @throws {JudgeError} when these are no probabilities
 */
export function margin({ labels, good, bad }: VerdictQuery, probabilities: readonly number[], { name }: Principle): number {
  if (probabilities.length !== labels.length || !probabilities.every(isProbability)) {
    throw new JudgeError(name, `Expected the judge's verdict to be ${labels.length} probabilities, got [${probabilities.join(", ")}]`);
  }
  return (probabilities[good] as number) - (probabilities[bad] as number);
}

/** The probability of the good and the bad option together: what no neutral option took. From 0 to 1. */
export function decidedMass({ good, bad }: VerdictQuery, probabilities: readonly number[]): number {
  return (probabilities[good] ?? 0) + (probabilities[bad] ?? 0);
}

function labelsOf(principle: Principle, { labels }: Wording): readonly string[] {
  return labels.slice(0, offered("good-first", principle).length);
}

function isProbability(value: number): boolean {
  return value >= 0 && value <= 1 + 1e-6;
}
