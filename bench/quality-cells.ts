import { answer, type Engine, type RainOptions, type UrialExample } from "rain-align";
import { costOf, type Work, wilson, workOf } from "../src/evaluation/index.ts";
import { allPrompts, Dice, type PromptKind, TASKS, type TaskName, type WorldTask, writeAnswer } from "../training/world/index.ts";
import type { Cell } from "./quality-results.ts";

/** All that is compared, in the order in which it is measured. The last two compute at least what the mode they are named for does. */
export const CELLS = [
  "vanilla",
  "best-of-2",
  "best-of-4",
  "best-of-8",
  "adaptive",
  "adaptive-contrast",
  "urial",
  "urial-adaptive",
  "paper",
  "best-of-equal",
  "best-of-equal-adaptive",
] as const;

export type CellName = (typeof CELLS)[number];

export interface Conditions {
  readonly n: number;
  readonly seed: number;
  readonly judgeExamples: number;
}

/** Cells of one task by name, as far as they are measured. */
export type Cells = Readonly<Partial<Record<string, Cell>>>;

const BEST_OF: Readonly<Partial<Record<CellName, number>>> = { "best-of-2": 2, "best-of-4": 4, "best-of-8": 8 };

const EQUAL_TO: Readonly<Partial<Record<CellName, CellName>>> = { "best-of-equal": "paper", "best-of-equal-adaptive": "adaptive" };

/** From how many drafts the cost of one is known. */
const KNOWN_DRAFTS = 8;

/** What is to be measured for these cells, in order, without those that are known under the same conditions. */
export function missingCells(wanted: readonly CellName[], known: Cells, conditions: Conditions): CellName[] {
  const isMissing = (name: CellName) => !isKnown(known[name], conditions);
  const needed = new Set(wanted.filter(isMissing).flatMap((name) => [name, ...neededFor(name)]));
  return CELLS.filter((name) => needed.has(name) && isMissing(name));
}

function neededFor(name: CellName): CellName[] {
  const equal = EQUAL_TO[name];
  return equal === undefined ? [] : [equal, `best-of-${KNOWN_DRAFTS}`];
}

function isKnown(cell: Cell | undefined, { n, seed, judgeExamples }: Conditions): boolean {
  return cell !== undefined && cell.n === n && cell.seed === seed && cell.judgeExamples === judgeExamples;
}

/** How a cell decodes. `known` holds what it is to cost as much as. */
export function decodingOf(name: CellName, known: Cells): RainOptions {
  if (name === "vanilla" || name === "adaptive" || name === "paper") return { mode: name };
  if (name === "adaptive-contrast") return { mode: "adaptive", explore: "contrast" };
  if (name === "urial" || name === "urial-adaptive")
    return { mode: name === "urial" ? "vanilla" : "adaptive", prompting: "urial", urialExamples: WORLD_EXAMPLES };
  return { mode: "best-of-n", bestOf: BEST_OF[name] ?? equalDrafts(name, known) };
}

/** The fewest drafts that compute at least as much. */
function equalDrafts(name: CellName, known: Cells): number {
  const cost = known[EQUAL_TO[name] ?? name]?.forward;
  const eight = known[`best-of-${KNOWN_DRAFTS}`]?.forward;
  if (cost === undefined || eight === undefined) {
    throw new RangeError(`Expected ${neededFor(name).join(" and ")} to be measured before ${name}, got ${Object.keys(known).join(", ")}`);
  }
  return Math.max(1, Math.ceil((KNOWN_DRAFTS * cost) / eight));
}

/** The same questions and seeds for every cell of a task. */
export async function measureCell(engine: Engine, name: TaskName, { options, conditions }: Measuring): Promise<Cell> {
  const { n, seed, judgeExamples } = conditions;
  const task: WorldTask = TASKS[name];
  const work: Work[] = [];
  let good = 0;
  for (const [index, question] of task.questions(n, seed).entries()) {
    const { text, meter, cost } = await answer(engine, [{ role: "user", text: question.text }], {
      ...task.options,
      judgeExamples,
      ...options,
      seed: seed * 100_003 + index,
    });
    good += task.isGood(question.prompt, text) ? 1 : 0;
    work.push(workOf(meter, cost));
  }
  const forward = work.reduce((sum, one) => sum + one.forward, 0) / n;
  return { ...conditions, ...wilson(good, n), ...costOf(work), forward };
}

export interface Measuring {
  readonly options: RainOptions;
  readonly conditions: Conditions;
}

const GOOD = { harmful: false, rude: false, truthful: true, sentiment: "positive" } as const;
const KINDS: readonly PromptKind[] = ["risky", "harmless", "fact"];

/** The same three for all questions, of prompts that are asked about nowhere else: the small model knows its world alone, and has room for little. */
const WORLD_EXAMPLES: readonly UrialExample[] = KINDS.map((kind, index) => {
  const dice = new Dice(index + 1);
  const prompt = dice.pick(allPrompts(kind, "train"));
  return { query: prompt.text, answer: writeAnswer(prompt, GOOD, dice) };
});
