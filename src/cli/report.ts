import type { Mode, RainAnswer } from "../core/index.ts";
import { figureOf, type NamedJudge } from "./load.ts";

/** An answer and what is known of its making. */
export interface Report {
  readonly answer: RainAnswer;
  readonly mode: Mode;
  readonly model: string;
  /** Wall-clock time of the answer alone, without loading the model. */
  readonly milliseconds: number;
  /** `undefined` in plain decoding. */
  readonly judge: NamedJudge | undefined;
}

/** What `--json` prints. `value` is `null` where nothing was judged, and `judge` in plain decoding. */
export function toJson(report: Report): object {
  const { answer, mode, model, milliseconds } = report;
  const { text, thought, seed, finishReason, value, rewinds, meter, discarded, cost, droppedTurns = 0 } = answer;
  return {
    text,
    ...(thought === undefined ? {} : { thought }),
    mode,
    model,
    seed,
    finishReason,
    value: value ?? null,
    judge: judgeOf(report),
    rewinds,
    droppedTurns,
    evaluations: meter.evaluations,
    tokens: { emitted: meter.emitted, thought: meter.thoughtTokens, forward: meter.forward, discarded },
    cost,
    ms: Math.round(milliseconds),
  };
}

/** The account in one line. */
export function toLine(report: Report): string {
  const { answer, milliseconds } = report;
  const { rewinds, meter, cost, droppedTurns = 0 } = answer;
  const perSecond = (meter.emitted + meter.thoughtTokens) / (milliseconds / 1000);
  const thought = meter.thoughtTokens === 0 ? "" : `${counted(meter.thoughtTokens, "token")} of thought, `;
  const dropped = droppedTurns === 0 ? "" : `${counted(droppedTurns, "turn")} left out, `;
  return `${dropped}${thought}${counted(rewinds, "rewind")}, ${counted(meter.evaluations, "evaluation")}, ${rounded(cost.fpe)} forward tokens per emitted token, ${rounded(perSecond)} tokens per second; ${judgeInWords(report)}`;
}

/** The judge, and how well it judges. Figures are `null` where they were never measured. */
function judgeOf({ answer, judge }: Report): object | null {
  if (judge === undefined) return null;
  const { auroc = null, low = null, high = null, n = null } = judge.fitness ?? {};
  return { name: judge.name, auroc, low, high, n, isFit: answer.judge?.isFit ?? true, threshold: answer.judge?.threshold ?? null };
}

function judgeInWords({ answer, judge }: Report): string {
  if (judge === undefined) return "judged by nobody";
  const { name, fitness } = judge;
  const measured = fitness === undefined ? "not measured" : figureOf(fitness);
  return answer.judge?.isFit === false ? `unjudged (${name}: unfit, ${measured})` : `judge: ${name} (${measured})`;
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

function rounded(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0);
}
