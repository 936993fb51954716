import type { Preset, Principle, Turn } from "../../core/index.ts";
import type { Inference } from "./inference.ts";
import { InferenceError } from "./inference-error.ts";
import { normalise } from "./normalise.ts";

/** A text that is to be posted, as it will be posted. */
export interface Posting {
  /** What it answers. */
  readonly turns: readonly Turn[];
  readonly text: string;
  readonly principle: Principle;
  readonly preset: Preset;
  /** Whether more of it is to come. */
  readonly isBeginning: boolean;
}

/** A text that the judge let pass, to the letter. `vet` makes them, and nothing else does: who takes only these posts nothing unjudged. */
export class Vetted {
  readonly text: string;
  /** What the judge thinks of all of it: -1 (bad) to 1 (good). */
  readonly value: number;
  // Makes the type nominal: an object that only looks like one is none.
  readonly #isVetted = true;

  private constructor(text: string, value: number) {
    this.text = text;
    this.value = value;
  }

  static isVetted(value: unknown): value is Vetted {
    return typeof value === "object" && value !== null && #isVetted in value && value.#isVetted;
  }

  /**
   * Judges the whole text once more, as people will read it. `undefined`: it did not pass.
   *
   * @throws {InferenceError} when there is no verdict, or none that counts
   */
  static async vet(inference: Inference, candidate: Posting, signal: AbortSignal): Promise<Vetted | undefined> {
    const { text, principle, preset, turns, isBeginning } = candidate;
    const judged: readonly Turn[] = [...turns.filter(({ role }) => role !== "system"), { role: "assistant", text: normalise(text) }];
    const [verdict] = await inference.judge({ turns: judged, principles: [principle], preset }, signal);
    if (verdict === undefined) return undefined;
    const { value, judge } = verdict;
    if (!judge.isFit) throw new InferenceError("unfit", `Expected a fit judge by "${principle.name}", got one that is unfit`);
    return value >= (isBeginning ? judge.beginningThreshold : judge.threshold) ? new Vetted(text, value) : undefined;
  }
}
