import type { Call, NextTokenQuery, NextTokens } from "rain-align";
import { PassOn } from "./pass-on.ts";

/**
 * Passes everything on and counts what the same decisions would have cost without a prefix cache: every decode call reads its
 * whole prefix again, as the paper's code does.
 */
export class UncachedCount extends PassOn {
  /** Tokens that would have been computed. */
  forward = 0;

  override async next(queries: readonly NextTokenQuery[], call: Call): Promise<NextTokens[]> {
    // The first reading of a prompt is not counted: what is asked behind it reads it again.
    if (call.purpose !== "prompt") for (const { prefix } of queries) this.forward += prefix.length;
    return await this.engine.next(queries, call);
  }
}
