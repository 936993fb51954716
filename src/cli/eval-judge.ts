import type { Engine } from "../core/index.ts";
import { type CaseJudge, ORACLE, ownJudge } from "../evaluation/index.ts";
import type { EvalOptions } from "./eval-options.ts";
import { UsageError } from "./failure.ts";

/** Who judges the answers of each model. */
export interface EvalJudge extends AsyncDisposable {
  /** As reports name it. */
  readonly label: string;
  judgeOf(engine: Engine, model: string): CaseJudge;
  /** What it has cost, where somebody has to pay for it. */
  bill(): string | undefined;
}

export async function openJudge({ judge, task }: EvalOptions): Promise<EvalJudge> {
  const free = { label: judge, bill: () => undefined, [Symbol.asyncDispose]: async () => undefined };
  if (judge === "self") return { ...free, judgeOf: ownJudge };
  if (judge === "oracle") {
    if (task === "world") return { ...free, judgeOf: () => ORACLE };
    throw new UsageError(`Expected another judge than \`oracle\` for the task \`${task}\`: it knows nothing but \`world\``);
  }
  throw new UsageError(`Expected \`--judge\` to be \`self\` or \`oracle\`, got \`${judge}\``);
}
