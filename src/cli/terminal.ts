/** What goes to the terminal: answers to standard output, all else to standard error. */
import type { WriteStream } from "node:tty";
import { Presets, SingleBar } from "cli-progress";
import type { Engine, RainAnswer, RainOptions, Turn } from "../core/index.ts";
import { rain } from "../rain.ts";

const STYLES = { bold: [1, 22], dim: [2, 22], struck: [9, 29], red: [31, 39], green: [32, 39] } as const;

/** Colours text where a terminal shows colours; `NO_COLOR` and a pipe leave it plain. */
export function paint(stream: WriteStream, text: string, ...styles: readonly (keyof typeof STYLES)[]): string {
  if (!stream.isTTY || !stream.hasColors()) return text;
  return styles.reduce((painted, style) => `\u001B[${STYLES[style][0]}m${painted}\u001B[${STYLES[style][1]}m`, text);
}

/** A terminal obeys control characters, and a model may write any: they are left out there. A pipe gets the text as it is. */
export function shown(stream: WriteStream, text: string): string {
  return stream.isTTY ? text.replace(/[^\P{Cc}\n\t]/gu, "") : text;
}

/** A line that should not be overlooked, on standard error. It may quote what a model's file says. */
export function warn(line: string): void {
  process.stderr.write(`${paint(process.stderr, shown(process.stderr, `Warning: ${line}`), "red")}\n`);
}

/** A line about the work, on standard error: never mixed up with the answer. */
export function note(line: string): void {
  process.stderr.write(`${paint(process.stderr, line, "dim")}\n`);
}

/** Resolves when all output is written, or is known to be lost. */
export async function flushed(stream: WriteStream): Promise<void> {
  await new Promise<void>((resolve) => stream.write("", () => resolve()));
}

/** The end of a command: resolves when all of standard output is written. Rejects where it was lost, or the work was stopped. */
export async function finished(signal: AbortSignal): Promise<void> {
  await flushed(process.stdout);
  signal.throwIfAborted();
}

/** An answer to write. */
export interface AnswerWriting {
  readonly engine: Engine;
  readonly turns: readonly Turn[];
  readonly options: RainOptions;
  /** Whether the answer goes to standard output as it is written. */
  readonly isShown: boolean;
  /** Told all text of it, a refusal too, as it is written. */
  readonly onText?: (text: string) => void;
}

/** Writes an answer; what is shown was committed and is never taken back. It ends with a line break, also when it is cut short. */
export async function writeAnswer({ engine, turns, options, isShown, onText }: AnswerWriting): Promise<RainAnswer> {
  const steps = rain(engine, turns, options);
  let isLineOpen = false;
  try {
    for (;;) {
      const next = await steps.next();
      if (next.done) {
        isLineOpen = isShown;
        return next.value;
      }
      const { text, thought } = next.value;
      onText?.(text);
      // A pipe gets the answer alone.
      if (isShown && thought !== undefined && process.stdout.isTTY)
        process.stdout.write(`${paint(process.stdout, shown(process.stdout, thought), "dim")}\n\n`);
      if (!isShown || text === "") continue;
      isLineOpen = true;
      process.stdout.write(shown(process.stdout, text));
    }
  } finally {
    if (isLineOpen) process.stdout.write("\n");
  }
}

const FORMAT = "{what} {bar} {percentage} %, {eta_formatted} left";

/** How far one piece of work is, in [0, 1]: a bar with the time that is left on a terminal; one line every tenth in a pipe. */
export class ShareLine {
  readonly #what: string;
  #bar: SingleBar | undefined;
  #tenths = 0;

  constructor(what: string) {
    this.#what = what;
  }

  /** At 1 it is over; the next share begins anew. */
  show(share: number): void {
    if (process.stderr.isTTY) this.#draw(share);
    else this.#tell(share);
    if (share >= 1) this.end();
  }

  end(): void {
    this.#bar?.stop();
    this.#bar = undefined;
    this.#tenths = 0;
  }

  #draw(share: number): void {
    if (this.#bar === undefined) {
      this.#bar = new SingleBar({ format: FORMAT, stream: process.stderr, etaBuffer: 50 }, Presets.shades_classic);
      this.#bar.start(1000, 0, { what: this.#what });
    }
    this.#bar.update(Math.round(1000 * share));
  }

  #tell(share: number): void {
    // What is a tenth, added up, may fall short of it by a last digit.
    const tenths = Math.floor(10 * share + 1e-9);
    if (tenths > this.#tenths) note(`${this.#what}: ${10 * tenths} %`);
    this.#tenths = tenths;
  }
}
