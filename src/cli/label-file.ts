import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import type { Turn } from "../core/index.ts";
import { type LabelledAnswer, readLabelledAnswers } from "../judges/index.ts";
import { reasonOf, UsageError } from "./failure.ts";

/** A draft, and what a person says of it. */
export interface LabelledDraft {
  readonly turns: readonly Turn[];
  readonly answer: string;
  readonly good: boolean;
  /** Whose draft it is. */
  readonly model: string;
}

const LINE_FEED = 0x0a;

/**
 * Labels, a line each, in our own format of labelled answers. A label counts as kept when it is on the disk, so a process that is killed loses none; half a
 * line at the end is what such a process left, and is cut off.
 */
export class LabelFile implements Disposable {
  readonly #path: string;
  readonly #file: number;
  readonly #labelled: LabelledAnswer[];
  /** How long the file was before each label of this process. */
  readonly #before: number[] = [];

  /** @throws {UsageError} when it cannot be written @throws {DataError} when it holds something else, with the line */
  constructor(path: string) {
    this.#path = path;
    this.#file = this.#try(() => openSync(path, "a+"));
    try {
      this.#labelled = this.#try(() => wholeRows(this.#file, path));
    } catch (error) {
      closeSync(this.#file);
      throw error;
    }
  }

  get answers(): readonly LabelledAnswer[] {
    return this.#labelled;
  }

  /** Whether an answer to these turns is labelled. */
  has(turns: readonly Turn[]): boolean {
    const key = keyOf(turns);
    return this.#labelled.some((answer) => keyOf(answer.turns.slice(0, -1)) === key);
  }

  append({ turns, answer, good, model }: LabelledDraft): void {
    const [only] = turns;
    const asked =
      turns.length === 1 && only?.role === "user"
        ? { prompt: only.text }
        : { messages: turns.map(({ role, text }) => ({ role, content: text })) };
    this.#try(() => {
      this.#before.push(fstatSync(this.#file).size);
      writeSync(this.#file, `${JSON.stringify({ ...asked, answer, good, model })}\n`);
      fdatasyncSync(this.#file);
    });
    this.#labelled.push({ turns: [...turns, { role: "assistant", text: answer }], verdict: good ? "good" : "bad" });
  }

  /** Takes the latest label of this process back. */
  undo(): void {
    const size = this.#before.pop();
    if (size === undefined) return;
    this.#try(() => ftruncateSync(this.#file, size));
    this.#labelled.pop();
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }

  #try<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
      throw new UsageError(`Expected to write labels to \`${this.#path}\`, got: ${reasonOf(error)}`, { cause: error });
    }
  }
}

function wholeRows(file: number, path: string): LabelledAnswer[] {
  const bytes = readFileSync(path);
  const end = bytes.lastIndexOf(LINE_FEED) + 1;
  const text = bytes.subarray(0, end).toString("utf8");
  const rows = text.trim() === "" ? [] : readLabelledAnswers(text, { name: path, format: "own", isPart: true });
  const rest = bytes.subarray(end).toString("utf8");
  if (rest === "") return rows;
  try {
    rows.push(...readLabelledAnswers(rest, { name: path, format: "own", isPart: true }));
    writeSync(file, "\n");
  } catch (error) {
    // What is no beginning of a label is somebody's own.
    if (!/^\{"(prompt|messages)":/.test(rest) && !'{"prompt":'.startsWith(rest)) throw error;
    ftruncateSync(file, end);
  }
  return rows;
}

function keyOf(turns: readonly Turn[]): string {
  return JSON.stringify(turns.map(({ role, text }) => [role, text.trim()]));
}
