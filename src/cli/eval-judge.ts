import type { Engine } from "../core/index.ts";
import { type CaseJudge, CommandJudge, type DraftJudge, EndpointJudge, onlyModel, ownJudge } from "../evaluation/index.ts";
import { isAddress, type JudgeOptions } from "./eval-judge-options.ts";

/** Who judges the answers of each model. */
export interface EvalJudge extends AsyncDisposable {
  /** As reports name it. */
  readonly label: string;
  judgeOf(engine: Engine, model: string, ofDrafts: DraftJudge): CaseJudge;
  /** What it has cost, where somebody has to pay for it. */
  bill(): string | undefined;
}

export async function openJudge(options: JudgeOptions): Promise<EvalJudge> {
  const { name } = options;
  const free = { label: name, bill: () => undefined, [Symbol.asyncDispose]: async () => undefined };
  if (name === "self") return { ...free, judgeOf: ownJudge };
  if (isAddress(name)) return await openEndpoint(options);
  const command = await CommandJudge.start({ command: name, atOnce: options.atOnce, timeoutMs: options.timeoutMs });
  return { ...free, judgeOf: () => command, [Symbol.asyncDispose]: () => command[Symbol.asyncDispose]() };
}

async function openEndpoint({ name: url, model, ...options }: JudgeOptions): Promise<EvalJudge> {
  // Not OPENAI_API_KEY: that one is for its own address only, and this may be any.
  const key = process.env["JUDGE_API_KEY"] || undefined;
  const endpoint = new EndpointJudge({ url, key, model: model ?? (await onlyModel(url, key)), ...options });
  return {
    label: endpoint.name,
    judgeOf: () => endpoint,
    bill: () => endpoint.bill(),
    [Symbol.asyncDispose]: () => endpoint[Symbol.asyncDispose](),
  };
}
