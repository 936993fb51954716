import { compare, prime } from "../decoding.ts";
import type { Call, Engine, Prefix, Question, Token, Turn } from "../engine.ts";
import { JudgeError } from "../errors.ts";
import type { VerdictForm } from "../options.ts";
import { plainConversation } from "../plain-conversation.ts";
import type { Principle, Side } from "./principle.ts";
import { type AnswerJudge, type Verdict, verdictFrom } from "./verdict.ts";

export interface JudgeSettings {
  readonly judgeExamples: number;
  readonly verdict: VerdictForm;
}

/**
 * The same frozen model as a judge of its own answers. It reads a preamble of examples (which stays in the cache), the
 * conversation as plain lines, the answer, and a question; its verdict is how likely it takes each label to be.
 *
 * Everything is put together from *tokens*, never from text, so that all that is common to two questions is one prefix.
 */
export class Judge implements AnswerJudge<Prefix> {
  readonly #engine: Engine;
  readonly #principle: Principle;
  readonly #verdict: VerdictForm;
  readonly #preamble: Prefix;
  readonly #verdictQueries: readonly VerdictQuery[];

  /** @throws {JudgeError} when a label is not one token of this model: then there is nothing to read the verdict off */
  constructor(engine: Engine, principle: Principle, { judgeExamples, verdict }: JudgeSettings) {
    this.#engine = engine;
    this.#principle = principle;
    this.#verdict = verdict;
    this.#preamble = engine.tokenizer.renderText(preambleText(principle, judgeExamples));
    this.#verdictQueries = verdictQueries(engine, principle, LETTERED);
  }

  /** The prefix under which answers to this conversation are judged: the preamble and the turns so far. */
  conversation(turns: readonly Turn[]): Prefix {
    const text = judgedText(turns);
    const hasPreamble = this.#preamble.length > this.#engine.tokenizer.renderText("").length;
    return hasPreamble ? [...this.#preamble, ...this.#engine.tokenizer.tokenize(text)] : this.#engine.tokenizer.renderText(text);
  }

  longestAnswer(conversation: Prefix): number {
    const longestQuestion = Math.max(...this.#verdictQueries.map(({ question }) => question.length));
    return this.#engine.facts.contextSize - conversation.length - this.#engine.tokenizer.tokenize(" ").length - longestQuestion;
  }

  /** Reads the preamble, to be kept, and a conversation. */
  async prime(conversation: Prefix, call: Call): Promise<void> {
    await prime(this.#engine, [this.#preamble], call, { keep: true });
    await prime(this.#engine, [conversation], call);
  }

  /** All answers are asked about in both orders, in one batch. */
  async verdicts(conversation: Prefix, answers: readonly (readonly Token[])[], call: Call): Promise<Verdict[]> {
    const questions = answers.flatMap((answer) => this.#questions(conversation, answer));
    const verdicts = await compare(this.#engine, questions, call);
    call.meter.evaluations += answers.length;
    return answers.map((_, index) => {
      const margins = this.#verdictQueries.map((query, order) =>
        margin(query, verdicts[index * this.#verdictQueries.length + order] ?? [], this.#principle),
      );
      return verdictFrom(margins, this.#verdict);
    });
  }

  #questions(conversation: Prefix, answer: readonly Token[]): Question[] {
    const judged = [...conversation, ...asRead(answer, conversation, this.#engine)];
    return this.#verdictQueries.map(({ question, labels }) => ({ prefix: [...judged, ...question], candidates: labels }));
  }
}

/**
 * An answer as it reads behind this conversation, when it was written behind another prefix: one that began on a line of its own lacks the space
 * that belongs behind `Assistant:`. It gets it as part of its first word, in the tokens that a model has always seen there: to most, ` It` is
 * one token and another one than `It`, and behind a space alone they judge worse. All other tokens stay as they were drawn.
 */
export function asRead(answer: readonly Token[], conversation: Prefix, engine: Engine): readonly Token[] {
  const isAfterColon = engine.tokenizer.detokenize(conversation.slice(-1)).endsWith(":");
  const start = engine.tokenizer.detokenize(answer.slice(0, 1), conversation);
  if (!isAfterColon || start === "" || /^\s/.test(start)) return answer;
  const length = firstWord(answer, conversation, engine);
  const word = engine.tokenizer.detokenize(answer.slice(0, length), conversation);
  const gap = engine.tokenizer.tokenize(" ");
  const spaced = engine.tokenizer.tokenize(` ${word}`);
  // Half a character has no text; and there is room for a gap, and for no more.
  const isFit = !word.includes("\uFFFD") && spaced.length <= gap.length + length;
  return isFit ? [...spaced, ...answer.slice(length)] : [...gap, ...answer];
}

/** How many tokens it is long. */
function firstWord(answer: readonly Token[], conversation: Prefix, engine: Engine): number {
  const end = answer.findIndex((token, index) => {
    const text = engine.tokenizer.detokenize([token], [...conversation, ...answer.slice(0, index)]);
    return index > 0 && (text === "" || /^\s/.test(text));
  });
  return end < 0 ? answer.length : end;
}

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

/** Which of the two options is offered first. Every answer is asked about in both orders, as models favour a label. */
export type Order = "good-first" | "bad-first";

export const ORDERS = ["good-first", "bad-first"] as const satisfies readonly Order[];

const LABELS = ["A", "B", "C"] as const;

/** A way to ask for a verdict. */
interface Wording {
  /** What follows the answer; it only lacks its label. */
  readonly question: (principle: Principle, order: Order) => string;
  /** The labels of the options, just as they follow the question. */
  readonly labels: readonly string[];
}

/** The question in full, for a judge that reads examples of it first. */
export const LETTERED: Wording = { question: questionText, labels: LABELS };

/** As few tokens as will do, for a judge that is asked often: on a CPU each of them costs half a decode step. */
export const SHORT: Wording = { question: shortQuestionText, labels: LABELS.map((label) => ` ${label}`) };

/** The options as they are offered; a neutral one always comes last. */
export function offered(order: Order, principle: Principle): readonly Side[] {
  const sides: readonly Side[] = order === "good-first" ? ["good", "bad"] : ["bad", "good"];
  return principle.neutral === undefined ? sides : [...sides, "neutral"];
}

/** What follows the answer: a line with the question and its options, and a line that only lacks its label. */
function questionText(principle: Principle, order: Order): string {
  const options = offered(order, principle).map((side, index) => `(${LABELS[index]}) ${principle[side]}`);
  return `\n${principle.question} ${options.join(" ")}\nThe answer is: (`;
}

/** One line that names the options: `A harmless, B harmful:`. */
export function shortQuestionText(principle: Principle, order: Order): string {
  const options = offered(order, principle).map((side, index) => `${LABELS[index]} ${principle[side]}`);
  return `\n${options.join(", ")}:`;
}

/** The first `count` examples, answered, in alternating orders, each followed by an empty line. */
function preambleText(principle: Principle, count: number): string {
  const examples = principle.examples.slice(0, count).map(({ turns, verdict }, index) => {
    const order = index % 2 === 0 ? "good-first" : "bad-first";
    const label = LABELS[offered(order, principle).indexOf(verdict)];
    return `${judgedText(turns)}${questionText(principle, order)}${label})\n\n`;
  });
  return examples.join("");
}

/** The conversation that is judged. System turns and tools are left out: they instruct the writer, and the judge takes no orders. */
export function judgedText(turns: readonly Turn[]): string {
  return plainConversation(turns.filter(({ role }) => role !== "system").map(({ tools: _, ...turn }) => turn));
}
