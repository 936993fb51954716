import { Presets, SingleBar } from "cli-progress";
import { note } from "./terminal.ts";

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
