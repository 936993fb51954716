import type { Candidate } from "../judges/index.ts";
import { paint } from "./terminal.ts";

/** A judge, as tables and `--json` tell of it. */
export interface MeasuredJudge extends Candidate {
  /** Answers that it was measured on. */
  readonly n: number;
}

const HEAD = ["", "judge", "n", "AUROC", "beginnings", "balanced", "ECE", "tokens", "ms"] as const;

/** One line a judge; the one that is chosen is marked. */
export function judgeTable(judges: readonly MeasuredJudge[]): string {
  const rows = judges.map((judge) => [
    judge.chosen ? "*" : "",
    judge.name,
    String(judge.n),
    `${judge.auroc.toFixed(2)} (${judge.low.toFixed(2)}-${judge.high.toFixed(2)})`,
    judge.aurocOfBeginnings?.toFixed(2) ?? "-",
    `${Math.round(100 * judge.balancedAccuracy)} %`,
    judge.ece.toFixed(2),
    judge.tokensPerVerdict.toFixed(judge.tokensPerVerdict < 10 ? 1 : 0),
    judge.milliseconds?.toFixed(judge.milliseconds < 10 ? 1 : 0) ?? "-",
  ]);
  const widths = HEAD.map((head, column) => Math.max(head.length, ...rows.map((row) => (row[column] as string).length)));
  const lines = [HEAD, ...rows].map((row) =>
    row
      .map((cell, column) => padded(cell, column, widths[column] as number))
      .join("  ")
      .trimEnd(),
  );
  return lines.map((line, index) => (judges[index - 1]?.chosen ? paint(process.stdout, line, "bold") : line)).join("\n");
}

/** What the columns mean. */
export const TABLE_NOTE =
  "AUROC: how likely a good answer has the higher value of a good and a bad one, 0.50 is guessing (with its 95 % interval over prompts); beginnings: the same of beginnings of 16 tokens; balanced: right at the best threshold, mean of good and bad; ECE: how far p(good) is from the share of good ones; tokens, ms: of a verdict, beside reading the answer.";

/** Names to the left, numbers to the right. */
function padded(cell: string, column: number, width: number): string {
  return column < 2 ? cell.padEnd(width) : cell.padStart(width);
}

/** As `--json` tells of it: what was not measured is `null`. */
export function judgeJson(judge: MeasuredJudge): object {
  const {
    name,
    chosen,
    auroc,
    low,
    high,
    balancedAccuracy,
    ece,
    tokensPerVerdict,
    aurocOfBeginnings = null,
    milliseconds: ms = null,
    n,
  } = judge;
  return { name, chosen, auroc, low, high, balancedAccuracy, ece, tokensPerVerdict, aurocOfBeginnings, ms, n };
}
