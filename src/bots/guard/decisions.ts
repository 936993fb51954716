/** What moderators decided about messages, as labelled examples of a principle. */
import type { LabelledAnswer } from "../../judges/index.ts";
import type { Decision } from "./inference.ts";
import type { ReviewRecord } from "./store/store.ts";

/** Fewer say nothing about a judge. Four of five are learned of while the fifth is asked about. */
const FEWEST = 20;

/** ... where the package has labelled answers by the same principle; else what is learned of must be enough by itself. */
const FEWEST_ALONE = 25;

/** One for each fifth. */
const FEWEST_OF_A_KIND = 5;

/** What is older than these is not read: a guild's habits change, and reading takes its time. */
const MOST = 400;

/**
 * What a guild's reviews say about each of these principles. An approved message is fine by each principle that it was judged by; a rejected one is bad by
 * those that spoke against it.
 */
export async function decisionsBy(
  principles: readonly string[],
  reviews: AsyncIterable<ReviewRecord>,
): Promise<readonly (readonly Decision[])[]> {
  const all = principles.map((): Decision[] => []);
  for await (const { judged = "", decision, findings } of reviews) {
    if (judged === "" || decision === "pending") continue;
    const isGood = decision === "approved";
    for (const [index, principle] of principles.entries()) {
      const finding = findings.find((one) => one.principle === principle);
      if (finding !== undefined && (isGood || !(finding.value >= finding.threshold))) all[index]?.push({ text: judged, isGood });
    }
  }
  return all.map((decisions) => latestByText(decisions).slice(-MOST));
}

/** Of one text, the last decision counts: the same message may be posted by many. */
export function latestByText(decisions: readonly Decision[]): readonly Decision[] {
  const byText = new Map<string, Decision>();
  for (const decision of decisions) {
    byText.delete(decision.text);
    byText.set(decision.text, decision);
  }
  return [...byText.values()];
}

/** How many decisions are missing until something can be learned of them: in all, and of each kind. */
export interface Missing {
  readonly missing: number;
  readonly missingApproved: number;
  readonly missingRejected: number;
}

/** @param isAlone there are no labelled answers to learn of beside them */
export function missingOf(decisions: readonly Decision[], isAlone: boolean): Missing {
  const [approved, rejected] = byKind(decisions);
  const missingApproved = Math.max(0, FEWEST_OF_A_KIND - approved.length);
  const missingRejected = Math.max(0, FEWEST_OF_A_KIND - rejected.length);
  const missing = Math.max((isAlone ? FEWEST_ALONE : FEWEST) - decisions.length, missingApproved + missingRejected);
  return { missing, missingApproved, missingRejected };
}

/** As the judge reads what people write: an answer without a question. */
export function asExample({ text, isGood }: Decision): LabelledAnswer {
  return { turns: [{ role: "assistant", text }], verdict: isGood ? "good" : "bad" };
}

/** How often one kind may stand for the other. */
const MOST_OFTEN = 10;

/**
 * As many of each kind, about: of the rarer one, each several times. Else the judge would learn that whatever is written as people write in this
 * guild is what most decisions say.
 */
export function evenly(decisions: readonly Decision[]): readonly Decision[] {
  const [approved, rejected] = byKind(decisions);
  const repeated = (one: readonly Decision[], other: readonly Decision[]) => {
    const times = Math.min(MOST_OFTEN, Math.max(1, Math.round(other.length / Math.max(1, one.length))));
    return Array.from({ length: times }, () => one).flat();
  };
  return [...repeated(approved, rejected), ...repeated(rejected, approved)];
}

/** Parts of a cross-validation. */
const FOLDS = 5;

/** Each with its share of both kinds, and as large as the others: what is over of one kind goes to the first, of the other to the last of them. */
export function foldsOf(decisions: readonly Decision[]): readonly (readonly Decision[])[] {
  const [approved, rejected] = byKind(decisions);
  return Array.from({ length: FOLDS }, (_, fold) => [
    ...approved.filter((_one, index) => index % FOLDS === fold),
    ...rejected.filter((_one, index) => index % FOLDS === FOLDS - 1 - fold),
  ]);
}

function byKind(decisions: readonly Decision[]): readonly [approved: readonly Decision[], rejected: readonly Decision[]] {
  return [decisions.filter(({ isGood }) => isGood), decisions.filter(({ isGood }) => !isGood)];
}
