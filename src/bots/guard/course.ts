import type { RainEvent } from "../../core/index.ts";
import type { Account, CoursePoint } from "./inference.ts";

/** Follows an answer while it is written: which verdicts there were, and where. */
export class Course {
  readonly #points: CoursePoint[] = [];
  readonly #discarded: string[] = [];
  #committed = 0;

  add(event: RainEvent): void {
    if (event.type === "rewind") {
      this.#points.push({ tokens: event.committed, value: event.value, kind: "rewind" });
      if (event.discarded !== undefined) this.#discarded.push(event.discarded);
      return;
    }
    const { tokens, value } = event.step;
    this.#committed += tokens.length;
    if (value !== undefined) this.#points.push({ tokens: this.#committed, value, kind: "commit" });
  }

  get account(): Pick<Account, "course" | "discarded"> {
    return { course: this.#points, discarded: this.#discarded };
  }
}
