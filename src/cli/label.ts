/** `rain calibrate --label`: shows drafts of a model one by one, takes a person's word for each, and keeps it. */
import { on } from "node:events";
import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { ContextFullError, deriveSeed, type Engine, type Settings, type Turn } from "../core/index.ts";
import { ANY_PROMPTS, formatOf, readEntries } from "../evaluation/index.ts";
import { type LabelledAnswer, readLabelledAnswers } from "../judges/index.ts";
import { answer } from "../rain.ts";
import { reasonOf, UsageError } from "./failure.ts";
import { countsOf } from "./labelled-data.ts";
import { note, paint, shown } from "./terminal.ts";

/** What is labelled, and how drafts are written. */
interface Labelling {
  readonly file: LabelFile;
  /** What is asked, in this order; what the file has answers to is passed over. */
  readonly prompts: readonly (readonly Turn[])[];
  readonly settings: Settings;
  readonly maxTokens: number;
  readonly seed: number;
}

/** Labels from which a judge that is good is to be hoped for, of both kinds together and of each. */
const ENOUGH = { all: 60, ofEach: 20 } as const;

/** What is asked by a file in any format that `rain eval` asks. A row that cannot be read ends the reading. */
export async function readLabelPrompts(path: string): Promise<readonly (readonly Turn[])[]> {
  const entries = await readEntries(formatOf(ANY_PROMPTS, path), { path, isStrict: true, onBadRow: () => undefined });
  return entries.map(({ entry }) => entry.turns);
}

/** Until the person ends it, or every prompt was shown. What was labelled is kept in any case. */
export async function labelDrafts(engine: Engine, labelling: Labelling): Promise<void> {
  const { file, settings } = labelling;
  const desk = new Desk(engine, labelling);
  try {
    tellCounts(file, `${desk.left} prompts are left.`);
    await desk.work();
  } finally {
    await desk.close();
  }
  settings.signal?.throwIfAborted();
  tellCounts(file, "");
}

/** How many labels there are, and how many are needed. */
function tellCounts(file: LabelFile, more: string): void {
  const { n, good, bad } = countsOf(file.answers);
  const isEnough = n >= ENOUGH.all && Math.min(good, bad) >= ENOUGH.ofEach;
  const needed = isEnough
    ? "That is enough to learn from."
    : `About ${ENOUGH.all} to 100 are needed, ${ENOUGH.ofEach} or more of each kind.`;
  note(`${n} labels (${good} good, ${bad} bad). ${needed} ${more}`.trim());
}

/** Where a person labels drafts: the next one is written while one is read. */
class Desk {
  readonly #engine: Engine;
  readonly #labelling: Labelling;
  readonly #asked: readonly { readonly turns: readonly Turn[]; readonly seed: number }[];
  readonly #drafts = new Map<number, Promise<string>>();
  /** The drafts that were shown, and whether they were labelled. */
  readonly #seen: { readonly index: number; readonly isLabelled: boolean }[] = [];
  readonly #closing = new AbortController();

  constructor(engine: Engine, labelling: Labelling) {
    const { file, prompts, seed } = labelling;
    this.#engine = engine;
    this.#labelling = labelling;
    this.#asked = prompts.map((turns, index) => ({ turns, seed: deriveSeed(seed, index) })).filter(({ turns }) => !file.has(turns));
  }

  get left(): number {
    return this.#asked.length;
  }

  async work(): Promise<void> {
    const keys = keysOf(this.#labelling.settings.signal ?? this.#closing.signal);
    try {
      let index = await this.#show(0);
      while (index !== undefined) {
        const { value: key, done } = await keys.next();
        if (done === true || key === "q") return;
        index = await this.#follow(key, index);
      }
      note("All prompts are labelled or skipped; `--prompts FILE` brings more.");
    } finally {
      await keys.return(undefined);
    }
  }

  /** Resolves when no draft is being written any more. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#drafts.values());
  }

  /** Gives the prompt that is asked about next; `undefined`: there is none. */
  async #follow(key: string, index: number): Promise<number | undefined> {
    const { file } = this.#labelling;
    const isLabelled = key === "y" || key === "n";
    if (isLabelled) {
      const { model } = this.#engine.facts;
      file.append({ turns: this.#turns(index), answer: await this.#draft(index), good: key === "y", model });
    }
    if (isLabelled || key === "s") {
      this.#seen.push({ index, isLabelled });
      return await this.#show(index + 1);
    }
    const last = key === "u" ? this.#seen.pop() : undefined;
    if (last?.isLabelled === true) file.undo();
    if (last !== undefined) return await this.#show(last.index);
    this.#ask();
    return index;
  }

  /** Shows the first draft from here on that says something; the one behind it is written meanwhile. */
  async #show(from: number): Promise<number | undefined> {
    for (let index = from; index < this.left; index++) {
      const draft = await this.#draft(index);
      if (draft === "") continue;
      if (index + 1 < this.left) this.#draft(index + 1).catch(() => undefined);
      const asked = this.#turns(index).map(({ role, text }) => (role === "user" ? text : `(${role}) ${text}`));
      const { stderr } = process;
      stderr.write(`\n${paint(stderr, shown(stderr, asked.join("\n")), "bold")}\n\n${shown(stderr, draft)}\n\n`);
      this.#ask();
      return index;
    }
    return undefined;
  }

  #ask(): void {
    const { file, settings } = this.#labelling;
    const { question, good, bad } = settings.principle;
    const counts = countsOf(file.answers);
    note(`${question} y: ${good}, n: ${bad}, s: skip, u: undo, q: end and save (${counts.good} ${good}, ${counts.bad} ${bad} so far)`);
  }

  #turns(index: number): readonly Turn[] {
    return this.#asked[index]?.turns ?? [];
  }

  #draft(index: number): Promise<string> {
    const known = this.#drafts.get(index) ?? this.#write(index);
    this.#drafts.set(index, known);
    return known;
  }

  /** As the model answers unjudged. Empty where there is no room for an answer. */
  async #write(index: number): Promise<string> {
    const { settings, maxTokens } = this.#labelling;
    const { prompting } = settings;
    const signal = AbortSignal.any([this.#closing.signal, ...(settings.signal === undefined ? [] : [settings.signal])]);
    try {
      const options = { mode: "vanilla", prompting, signal, maxTokens, seed: this.#asked[index]?.seed ?? 0 } as const;
      const { text } = await answer(this.#engine, this.#turns(index), options);
      return text.trim();
    } catch (error) {
      if (!(error instanceof ContextFullError)) throw error;
      note(`Left out prompt ${index + 1}: ${error.message}`);
      return "";
    }
  }
}

const CTRL_C = "\u0003";
const CTRL_D = "\u0004";

/**
 * What a person presses, a letter each: at once on a terminal, by lines from a pipe, of which the first letter counts. Ctrl-D and the end of the input end it,
 * and so does the signal.
 */
async function* keysOf(signal: AbortSignal): AsyncGenerator<string> {
  if (process.stdin.isTTY) yield* pressed(signal);
  else yield* firstLetters(signal);
}

async function* pressed(signal: AbortSignal): AsyncGenerator<string> {
  const { stdin } = process;
  stdin.setRawMode(true).setEncoding("utf8").resume();
  try {
    for await (const [text] of on(stdin, "data", { signal, close: ["end"] })) {
      for (const key of String(text)) {
        if (key === CTRL_D) return;
        // A terminal that gives single keys sends no signal.
        if (key === CTRL_C) process.kill(process.pid, "SIGINT");
        else yield key.toLowerCase();
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    stdin.setRawMode(false).pause();
  }
}

async function* firstLetters(signal: AbortSignal): AsyncGenerator<string> {
  for await (const line of createInterface({ input: process.stdin, signal })) {
    const [key] = line.trim().toLowerCase();
    if (key !== undefined) yield key;
  }
}

/** A draft, and what a person says of it. */
interface LabelledDraft {
  readonly turns: readonly Turn[];
  readonly answer: string;
  readonly good: boolean;
  /** The model that wrote it. */
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
    const [only, ...others] = turns;
    const asked =
      only?.role === "user" && others.length === 0
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
    // What is no beginning of a label is the user's own, and is not cut off.
    if (!/^\{"(prompt|messages)":/.test(rest) && !'{"prompt":'.startsWith(rest)) throw error;
    ftruncateSync(file, end);
  }
  return rows;
}

function keyOf(turns: readonly Turn[]): string {
  return JSON.stringify(turns.map(({ role, text }) => [role, text.trim()]));
}
