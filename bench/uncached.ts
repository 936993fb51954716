import type { Call, Continuation, Question, SampledToken } from "rain-align";
import { PassOn } from "./pass-on.ts";

/**
 * Passes everything on and counts what the same decisions would have cost without a prefix cache: every decode call reads its
 * whole prefix again, as the paper's code does.
 */
export class UncachedCount extends PassOn {
  /** Tokens that would have been computed. */
  forward = 0;

  override async *generate(continuation: Continuation, call: Call): AsyncGenerator<SampledToken, void, void> {
    let length = continuation.prefix.length;
    for await (const token of this.engine.generate(continuation, call)) {
      this.forward += length++;
      yield token;
    }
  }

  override async sampleMany(continuations: readonly Continuation[], call: Call): Promise<SampledToken[][]> {
    const drawn = await this.engine.sampleMany(continuations, call);
    continuations.forEach(({ prefix }, index) => {
      for (let token = 0; token < (drawn[index]?.length ?? 0); token++) this.forward += prefix.length + token;
    });
    return drawn;
  }

  override compare(questions: readonly Question[], call: Call): Promise<number[][]> {
    for (const { prefix } of questions) this.forward += prefix.length;
    return this.engine.compare(questions, call);
  }
}
