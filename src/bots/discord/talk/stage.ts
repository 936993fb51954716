import type { Vetted } from "../../guard/vetted.ts";
import type { Door } from "../door.ts";
import type { Site } from "./site.ts";

/** Between two edits of one message. */
const EDIT_EVERY_MS = 1200;

/** From so many questions before it on, a person is told that there is a line. */
const LINE_FROM = 2;

/** What people see of one answer: its place in line, its vetted beginnings where a guild wants them, and the answer. */
export class Stage {
  readonly #site: Site;
  readonly #door: Door;
  /** Requests are made one after another. */
  #work: Promise<unknown> = Promise.resolve();
  #isPosted: boolean;
  #isOver = false;
  #isPlaceTold = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param isPosted whether something stands there already: "thinking", of a deferred command */
  constructor(site: Site, door: Door, isPosted: boolean) {
    this.#site = site;
    this.#door = door;
    this.#isPosted = isPosted;
  }

  /** Tells once how many questions are answered before this one: a channel takes few edits, and the answer needs them. */
  readonly onPosition = (ahead: number): void => {
    if (this.#isOver || this.#isPlaceTold || ahead < LINE_FROM) return;
    this.#isPlaceTold = true;
    // A place that cannot be shown is no reason to give up the answer.
    this.#put(this.#door.own(`${ahead} questions are before yours.`), true).catch(() => undefined);
  };

  /** Shows an answer of which more is to come, and is ready for more after a while. */
  async show(beginning: Vetted): Promise<void> {
    const [first] = this.#door.answer(beginning);
    if (this.#isOver || first === undefined) return;
    await this.#put(first, true);
    await new Promise<void>((resolve) => {
      this.#timer = setTimeout(resolve, EDIT_EVERY_MS);
    });
  }

  /** Posts the answer, or a line instead, whole. Gives the messages' ids. */
  async finish(parts: readonly string[]): Promise<readonly string[]> {
    this.#end();
    const [first = "", ...others] = parts;
    const ids = [await this.#put(first, false)];
    for (const [index, part] of others.entries()) ids.push(await this.#next(() => this.#site.add(part, index + 1)));
    return ids;
  }

  /** Takes away what was posted; with a line, this is left in its place. */
  async withdraw(line?: string): Promise<void> {
    this.#end();
    // What is on its way stands there in a moment.
    await this.#work;
    if (!this.#isPosted) return;
    if (line === undefined) await this.#next(() => this.#site.remove());
    else await this.#put(this.#door.own(line), false);
  }

  async #put(content: string, canBeStopped: boolean): Promise<string> {
    return await this.#next(async () => {
      const id = await this.#site.put({ content, canBeStopped });
      this.#isPosted = true;
      return id;
    });
  }

  async #next<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#work.then(work);
    this.#work = result.catch(() => undefined);
    return await result;
  }

  #end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }
}
