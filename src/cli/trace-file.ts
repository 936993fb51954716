import { type FileHandle, open } from "node:fs/promises";
import type { Engine, RainAnswer, RainOptions, Turn } from "../core/index.ts";
import { Trace, tracePage } from "../trace/index.ts";
import { reasonOf, UsageError } from "./failure.ts";

/** The answer that is followed. */
interface Traced {
  readonly engine: Engine;
  readonly turns: readonly Turn[];
  readonly options: RainOptions;
}

/** A page that shows how the answer came about. It is written also when the answer fails or is stopped: then most of all one wants to look. */
export class TraceFile implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #trace: Trace;
  readonly #model: string;

  /** @throws {UsageError} before anything is computed, when nobody can write there */
  static async open(path: string, { engine, turns, options }: Traced): Promise<TraceFile> {
    const file = await open(path, "w").catch((cause: unknown) => {
      throw new UsageError(`Expected to write \`${path}\`, got: ${reasonOf(cause)}`, { cause });
    });
    // The page hides what was discarded until its reader asks for it.
    return new TraceFile(file, engine.facts.model, new Trace(turns, { ...options, revealDiscarded: true }));
  }

  private constructor(file: FileHandle, model: string, trace: Trace) {
    this.#file = file;
    this.#model = model;
    this.#trace = trace;
  }

  get options(): RainOptions {
    return this.#trace.options;
  }

  end(answer: RainAnswer): void {
    this.#trace.end(answer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.writeFile(tracePage(this.#trace.data(this.#model)));
    await this.#file.close();
  }
}
