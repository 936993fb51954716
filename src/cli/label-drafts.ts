/** `rain calibrate --label`: shows drafts of a model one by one, and takes a person's word for each. */

import { on } from "node:events";
import { createInterface } from "node:readline";
import { ContextFullError, deriveSeed, type Engine, type Settings, type Turn } from "../core/index.ts";
import { ANY_PROMPTS, formatOf, readEntries } from "../evaluation/index.ts";
import { answer } from "../rain.ts";
import type { LabelFile } from "./label-file.ts";
import { countsOf } from "./labelled-data.ts";
import { note, paint, shown } from "./terminal.ts";

export interface Labelling {
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

/** Until the person ends it, or nothing is left to be asked. What was labelled is kept in any case. */
export async function labelDrafts(engine: Engine, labelling: Labelling): Promise<void> {
  const { file, prompts, settings } = labelling;
  const open = prompts.map((turns, index) => ({ turns, seed: deriveSeed(labelling.seed, index) })).filter(({ turns }) => !file.has(turns));
  const over = new AbortController();
  const signal = settings.signal === undefined ? over.signal : AbortSignal.any([settings.signal, over.signal]);
  const desk = new Desk(engine, { ...labelling, asked: open, settings: { ...settings, signal } });
  try {
    tellCounts(file, `${open.length} prompts are left.`);
    await desk.work(settings.signal ?? signal);
  } finally {
    over.abort();
    await desk.drained();
  }
  settings.signal?.throwIfAborted();
  tellCounts(file, "");
}

/** What is asked of a person at a desk. */
interface Work extends Pick<Labelling, "file" | "settings" | "maxTokens"> {
  readonly asked: readonly { readonly turns: readonly Turn[]; readonly seed: number }[];
}

/** A draft that was shown, and whether it was labelled. */
interface Seen {
  readonly index: number;
  readonly isLabelled: boolean;
}

class Desk {
  readonly #engine: Engine;
  readonly #work: Work;
  readonly #drafts = new Map<number, Promise<string>>();
  readonly #seen: Seen[] = [];

  constructor(engine: Engine, work: Work) {
    this.#engine = engine;
    this.#work = work;
  }

  async work(signal: AbortSignal): Promise<void> {
    const keys = keysOf(signal);
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
  async drained(): Promise<void> {
    await Promise.allSettled(this.#drafts.values());
  }

  /** Gives the prompt that is asked about next; `undefined`: there is none. */
  async #follow(key: string, index: number): Promise<number | undefined> {
    if (key === "y" || key === "n") {
      const { model } = this.#engine.facts;
      this.#work.file.append({ turns: this.#turns(index), answer: await this.#draft(index), good: key === "y", model });
    }
    if (key === "y" || key === "n" || key === "s") {
      this.#seen.push({ index, isLabelled: key !== "s" });
      return await this.#show(index + 1);
    }
    const last = key === "u" ? this.#seen.pop() : undefined;
    if (last?.isLabelled === true) this.#work.file.undo();
    if (last !== undefined) return await this.#show(last.index);
    this.#ask();
    return index;
  }

  /** Shows the first draft from here on that there is something to say of; the one behind it is written meanwhile. */
  async #show(from: number): Promise<number | undefined> {
    const { length } = this.#work.asked;
    for (let index = from; index < length; index++) {
      const draft = await this.#draft(index);
      if (draft === "") continue;
      if (index + 1 < length) this.#draft(index + 1).catch(() => undefined);
      const said = this.#turns(index)
        .map(({ role, text }) => (role === "user" ? text : `(${role}) ${text}`))
        .join("\n");
      const { stderr } = process;
      stderr.write(`\n${paint(stderr, shown(stderr, said), "bold")}\n\n${shown(stderr, draft)}\n\n`);
      this.#ask();
      return index;
    }
    return undefined;
  }

  #ask(): void {
    const { file, settings } = this.#work;
    const { question, good, bad } = settings.principle;
    const counts = countsOf(file.answers);
    note(`${question} y: ${good}, n: ${bad}, s: skip, u: undo, q: end and save (${counts.good} ${good}, ${counts.bad} ${bad} so far)`);
  }

  #turns(index: number): readonly Turn[] {
    return this.#work.asked[index]?.turns ?? [];
  }

  /** As the model answers where nobody judges. Empty where there is no room for an answer. */
  #draft(index: number): Promise<string> {
    const known = this.#drafts.get(index) ?? this.#write(index);
    this.#drafts.set(index, known);
    return known;
  }

  async #write(index: number): Promise<string> {
    const { asked, settings, maxTokens } = this.#work;
    const { prompting, signal } = settings;
    try {
      const options = { mode: "vanilla", prompting, signal, maxTokens, seed: asked[index]?.seed ?? 0 } as const;
      const { text } = await answer(this.#engine, this.#turns(index), options);
      return text.trim();
    } catch (error) {
      if (!(error instanceof ContextFullError)) throw error;
      note(`Left out prompt ${index + 1}: ${error.message}`);
      return "";
    }
  }
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
  const lines = createInterface({ input: process.stdin, signal });
  for await (const line of lines) {
    const [key] = line.trim().toLowerCase();
    if (key !== undefined) yield key;
  }
}
