import type { Cost, Meter } from "../core/index.ts";

/** What an answer took, as counts that can be added up. */
export interface Work {
  readonly emitted: number;
  readonly forward: number;
  readonly calls: number;
  readonly evaluations: number;
}

/** The engine counts calls; an answer's account has them per emitted token. */
export function workOf({ emitted, forward, evaluations }: Meter, { spe }: Cost): Work {
  return { emitted, forward, evaluations, calls: Math.round(spe * Math.max(1, emitted)) };
}

/** Cost per emitted token of all of them. Where every answer is refused nothing is emitted: then it is cost per token at least. */
export function costOf(work: readonly Work[]): Cost {
  const sum = (count: keyof Work) => work.reduce((total, one) => total + one[count], 0);
  const emitted = Math.max(1, sum("emitted"));
  return { fpe: sum("forward") / emitted, spe: sum("calls") / emitted, epe: sum("evaluations") / emitted };
}
