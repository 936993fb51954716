import type { Mode, RainAnswer } from "../core/index.ts";

/** An answer and what is known of its making. */
export interface Report {
  readonly answer: RainAnswer;
  readonly mode: Mode;
  readonly model: string;
  /** Wall-clock time of the answer alone, without loading the model. */
  readonly milliseconds: number;
}

/** What `--json` prints. `value` is `null` where nobody judged. */
export function toJson({ answer, mode, model, milliseconds }: Report): object {
  const { text, seed, finishReason, value, rewinds, meter, discarded, cost } = answer;
  return {
    text,
    mode,
    model,
    seed,
    finishReason,
    value: value ?? null,
    rewinds,
    evaluations: meter.evaluations,
    tokens: { emitted: meter.emitted, forward: meter.forward, discarded },
    cost,
    ms: Math.round(milliseconds),
  };
}

/** The account in one line. */
export function toLine({ answer, milliseconds }: Report): string {
  const { rewinds, meter, cost } = answer;
  const perSecond = meter.emitted / (milliseconds / 1000);
  return `${counted(rewinds, "rewind")}, ${counted(meter.evaluations, "evaluation")}, ${rounded(cost.fpe)} forward tokens per emitted token, ${rounded(perSecond)} tokens per second`;
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

function rounded(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0);
}
