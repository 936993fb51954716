import { RainError } from "../../core/index.ts";

/** Something that a person wrote is not what it must be. All that is wrong with it is told at once. */
export abstract class ProblemsError extends RainError {
  /** One sentence for each problem. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options?: ErrorOptions) {
    const [first = "", ...rest] = problems;
    super(rest.length === 0 ? first : `There are ${problems.length} problems:\n${problems.map((one) => `- ${one}`).join("\n")}`, options);
    this.problems = problems;
  }
}
