import { Presets, SingleBar } from "cli-progress";
import type { Progress } from "../evaluation/index.ts";
import { note, shown } from "./terminal.ts";

const FORMAT = "{what} {bar} {value} of {total}, {eta_formatted} left";

/** A bar with the time that is left on a terminal; one line every tenth in a pipe. */
export class ProgressLine implements Progress {
  readonly isQuiet: boolean;
  #bar: SingleBar | undefined;
  #what = "";
  #total = 0;
  #done = 0;

  constructor(isQuiet: boolean) {
    this.isQuiet = isQuiet;
  }

  begin(what: string, total: number, done: number): void {
    [this.#what, this.#total, this.#done] = [what, total, done];
    if (this.isQuiet || total === 0) return;
    if (!process.stderr.isTTY) {
      this.#tell();
      return;
    }
    this.#bar = new SingleBar({ format: FORMAT, stream: process.stderr, etaBuffer: 50 }, Presets.shades_classic);
    this.#bar.start(total, done, { what: shown(process.stderr, what) });
  }

  step(): void {
    const tenth = this.#tenth;
    this.#done++;
    this.#bar?.increment();
    if (this.#bar === undefined && !this.isQuiet && this.#tenth > tenth) this.#tell();
  }

  end(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }

  /** The bar draws itself again below it. */
  note(line: string): void {
    if (this.isQuiet) return;
    if (this.#bar !== undefined) process.stderr.write("\n");
    note(shown(process.stderr, line));
  }

  get #tenth(): number {
    return Math.floor((10 * this.#done) / this.#total);
  }

  #tell(): void {
    note(`${this.#what}: ${this.#done} of ${this.#total}`);
  }
}
