import type { Engine, Settings, Token } from "rain-align";
import {
  auroc,
  aurocInterval,
  type Cut,
  cutsOf,
  expectedCalibrationError,
  fitReadout,
  type LabelledAnswer,
  logistic,
  logOdds,
  overChecks,
  type PlaceName,
  type ReadAnswers,
  type Reading,
  type ReadOptions,
  readAnswers,
  readingsOf,
  type Scored,
  sigmoid,
} from "../src/judges/index.ts";

export interface TransferOptions extends Omit<ReadOptions, "answers"> {
  readonly settings: Settings;
  readonly builtIn: readonly LabelledAnswer[];
  /** Tokens whose logits are read: the same for any choice of answers, so that what was read is found again. */
  readonly panel: readonly Token[];
  readonly answers: readonly LabelledAnswer[];
}

export interface TransferRow {
  readonly judge: string;
  /** On what it was fitted. */
  readonly fitted: "built-in alone" | "out of fold, both" | "out of fold, own";
  readonly n: number;
  readonly auroc: number;
  readonly low: number;
  readonly high: number;
  readonly beginnings: number | undefined;
  readonly ece: number;
  readonly tokens: number;
}

export interface Transfer {
  readonly good: number;
  readonly bad: number;
  readonly builtIn: number;
  readonly rows: readonly TransferRow[];
}

/** What a built-in answer counts for beside one of the model's own, as in `rain calibrate --data`. */
const BESIDES = 0.2;

/** Reads both kinds of answers once, and says how well read-outs judge the answers, fitted without and with some of them. */
export async function measureTransfer(engine: Engine, { builtIn, answers, places, panel, ...options }: TransferOptions): Promise<Transfer> {
  const taught = await readAnswers(engine, panel, { ...options, places, answers: builtIn });
  const tested = await readAnswers(engine, panel, { ...options, places, answers });
  const rows: TransferRow[] = [];
  const odds = new Map<string, Map<PlaceName, ReadonlyMap<Cut, number>>>();
  for (const place of ["answer", ...places] as const) {
    const [teaching, testing] = [readingsOf(taught, place), readingsOf(tested, place)];
    const found: [TransferRow["fitted"], readonly number[]][] = [];
    if (teaching.length > 0) {
      const { readout } = fitReadout(panel, teaching);
      found.push(["built-in alone", testing.map(({ logits }) => logOdds(readout, logits))]);
    }
    const aside = teaching.map((reading) => ({ ...reading, weight: (reading.weight ?? 1) * BESIDES }));
    found.push(["out of fold, both", fitReadout(panel, [...aside, ...testing]).outOfFold.slice(teaching.length)]);
    found.push(["out of fold, own", fitReadout(panel, testing).outOfFold]);
    const cuts = cutsOf(tested).flatMap(({ cut }) => (cut.logits[place] === undefined ? [] : [cut]));
    for (const [fitted, values] of found) {
      const byCut = new Map(cuts.map((cut, index) => [cut, values[index] as number]));
      const averaged = place === "answer" ? watched(tested, byCut) : byCut;
      odds.set(fitted, (odds.get(fitted) ?? new Map()).set(place, averaged));
      rows.push(row(place === "answer" ? "behind the answer" : `behind: ${place}`, fitted, { tested, place, odds: averaged }));
    }
  }
  for (const [fitted, byPlace] of odds) {
    for (const place of places) {
      // Both together: the mean of the log odds, as their weights are fitted elsewhere.
      const watch = byPlace.get("answer") as ReadonlyMap<Cut, number>;
      const both = new Map([...(byPlace.get(place) ?? [])].map(([cut, question]) => [cut, ((watch.get(cut) as number) + question) / 2]));
      rows.push(row(`both: answer and ${place}`, fitted as TransferRow["fitted"], { tested, place, odds: both }));
    }
  }
  const good = answers.filter(({ verdict }) => verdict === "good").length;
  return { good, bad: answers.length - good, builtIn: builtIn.length, rows };
}

/** Log odds behind each cut, over the checks of its answer so far. */
function watched({ answers }: ReadAnswers, odds: ReadonlyMap<Cut, number>): ReadonlyMap<Cut, number> {
  const averaged = answers.flatMap(({ cuts }) =>
    cuts.map((cut, index): [Cut, number] => {
      const soFar = cuts.slice(0, index + 1).map((one) => odds.get(one) as number);
      return [cut, overChecks(soFar)];
    }),
  );
  return new Map(averaged);
}

interface RowParts {
  readonly tested: ReadAnswers;
  readonly place: PlaceName;
  readonly odds: ReadonlyMap<Cut, number>;
}

function row(judge: string, fitted: TransferRow["fitted"], { tested, place, odds }: RowParts): TransferRow {
  const scored = (isTaken: (cut: Cut) => boolean): readonly Scored[] =>
    cutsOf(tested).flatMap(({ answer: { good, group }, cut }) => {
      const value = odds.get(cut);
      return value === undefined || !isTaken(cut) ? [] : [{ value: 2 * sigmoid(value) - 1, good, group }];
    });
  const whole = scored((cut) => cut.isWhole);
  const beginnings = scored((cut) => !cut.isWhole && cut.length === 16);
  const hasBoth = new Set(beginnings.map(({ good }) => good)).size === 2;
  const cost = tested.costs.get(place);
  return {
    judge,
    fitted,
    n: whole.length,
    auroc: auroc(whole),
    ...aurocInterval(whole, { seed: 1 }),
    beginnings: hasBoth ? auroc(beginnings) : undefined,
    ece: expectedCalibrationError(scaled(whole)),
    tokens: (cost?.tokens ?? 0) / Math.max(1, cost?.verdicts ?? 1),
  };
}

/** Values at the prevalence of these answers: by Platt's two numbers, fitted on the other half of the prompts. */
function scaled(scored: readonly Scored[]): readonly Scored[] {
  const groups = [...new Set(scored.map(({ group }) => group))].toSorted();
  const isFirst = new Set(groups.filter((_, index) => index % 2 === 0));
  const odds = ({ value }: Scored) => Math.log((1 + value) / (1 - value));
  return [true, false].flatMap((side) => {
    const [test, other] = [
      scored.filter(({ group }) => isFirst.has(group) === side),
      scored.filter(({ group }) => isFirst.has(group) !== side),
    ];
    const [, [slope = 1, offset = 0]] = logistic(
      other.map((one) => [odds(one)]),
      other as readonly Reading[] & typeof other,
    );
    return test.map((one) => ({ ...one, value: 2 * sigmoid(slope * odds(one) + offset) - 1 }));
  });
}
