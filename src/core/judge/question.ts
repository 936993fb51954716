import type { Turn } from "../engine.ts";
import { plainConversation } from "../prompts/chat-turn.ts";
import type { Principle, Side } from "./principle.ts";

/** Which of the two options is offered first. Every answer is asked about in both orders, as models favour a label. */
export type Order = "good-first" | "bad-first";

export const ORDERS = ["good-first", "bad-first"] as const satisfies readonly Order[];

const LABELS = ["A", "B", "C"] as const;

/** A way to ask for a verdict. */
export interface Wording {
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
export function questionText(principle: Principle, order: Order): string {
  const options = offered(order, principle).map((side, index) => `(${LABELS[index]}) ${principle[side]}`);
  return `\n${principle.question} ${options.join(" ")}\nThe answer is: (`;
}

/** One line that names the options: `A harmless, B harmful:`. */
export function shortQuestionText(principle: Principle, order: Order): string {
  const options = offered(order, principle).map((side, index) => `${LABELS[index]} ${principle[side]}`);
  return `\n${options.join(", ")}:`;
}

/** The first `count` examples, answered, in alternating orders, each followed by an empty line. */
export function preambleText(principle: Principle, count: number): string {
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
