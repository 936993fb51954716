import type { Cost, Mode } from "../../core/index.ts";
import { costOf } from "../cost.ts";
import { type Result, saidOf } from "../run/results.ts";
import type { Said } from "../run/rows.ts";
import { groupedBy } from "./cells.ts";

/** What the answers of one model in one mode took. */
export interface Spending extends Cost {
  readonly model: string;
  readonly group: string;
  readonly mode: Mode;
  readonly answers: number;
  /** Means of an answer. */
  readonly tokens: number;
  readonly rewinds: number;
  /** Share of the answers that ended because nothing was found that passes. */
  readonly refused: number;
  /**
   * Time they took, over that of the plain answers to the same questions. While several are written at once each waits for the others,
   * in both modes. `undefined` without plain ones.
   */
  readonly wallRatio: number | undefined;
}

export function spendingsOf(results: readonly Result[]): readonly Spending[] {
  const plain = new Map<string, Said>();
  for (const result of results) {
    const said = saidOf(result);
    if (said !== undefined && result.given.job.mode === "vanilla") plain.set(placeOf(result), said);
  }
  const rows = groupedBy(results, ({ model, given: { job } }) => JSON.stringify([model, job.question.group, job.mode]));
  return [...rows.values()].map((members) => spendingOf(members, plain));
}

function spendingOf(results: readonly Result[], plain: ReadonlyMap<string, Said>): Spending {
  const [{ model, given }] = results as [Result];
  const said = results.flatMap((result) => saidOf(result) ?? []);
  const perAnswer = (amountOf: (one: Said) => number) => said.reduce((sum, one) => sum + amountOf(one), 0) / Math.max(1, said.length);
  return {
    model,
    group: given.job.question.group,
    mode: given.job.mode,
    answers: said.length,
    tokens: perAnswer(({ emitted }) => emitted),
    rewinds: perAnswer(({ rewinds }) => rewinds),
    refused: perAnswer(({ finishReason }) => (finishReason === "content_filter" ? 1 : 0)),
    ...costOf(said),
    wallRatio: wallRatioOf(results, plain),
  };
}

function wallRatioOf(results: readonly Result[], plain: ReadonlyMap<string, Said>): number | undefined {
  const pairs = results.flatMap((result) => {
    const [said, other] = [saidOf(result), plain.get(placeOf(result))];
    return said === undefined || other === undefined ? [] : [[said.milliseconds, other.milliseconds] as const];
  });
  const [own, others] = [0, 1].map((side) => pairs.reduce((sum, pair) => sum + (pair[side] as number), 0)) as [number, number];
  return others === 0 ? undefined : own / others;
}

function placeOf({ model, given }: Result): string {
  return JSON.stringify([model, given.job.question.id]);
}
