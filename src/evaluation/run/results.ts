import { outcomeOf } from "../tasks/measure.ts";
import { answered } from "../tasks/task.ts";
import type { Given } from "./answers.ts";
import type { Said } from "./rows.ts";
import { type Bench, verdictsOn } from "./verdicts.ts";

/** What an answer came to by each measure; `undefined` where nobody judged it. */
export type Outcomes = Readonly<Record<string, number | undefined>>;

/** One question, asked of one model in one mode. */
export interface Result {
  readonly model: string;
  readonly given: Given;
  readonly outcomes: Outcomes;
}

export function resultsOf(model: string, given: readonly Given[], bench: Bench): readonly Result[] {
  return given.map((one) => {
    const { measures } = one.job.question;
    const verdicts = verdictsOn(one, bench);
    const isCompared = (kind: string) => kind !== "win" || one.job.mode !== "vanilla";
    const applied = measures.filter(({ kind }) => isCompared(kind));
    return {
      model,
      given: one,
      outcomes: Object.fromEntries(applied.map((measure) => [measure.name, outcomeOf(measure, measures, verdicts)])),
    };
  });
}

/** What was said; `undefined` where there is no answer. */
export function saidOf({ given: { row } }: Result): Said | undefined {
  return row !== undefined && "text" in row ? row : undefined;
}

/**
 * A line of `results.jsonl`. Only what the seed decides: however the work was interrupted, and however many answers were written at once,
 * the same command comes to the same bytes. What it took is in the summary.
 */
export function resultLine(result: Result): string {
  const { model, given, outcomes } = result;
  const { question, mode } = given.job;
  return `${JSON.stringify({
    model,
    group: question.group,
    id: question.id,
    mode,
    seed: question.seed,
    messages: messagesOf(result),
    ...endOf(result),
    outcomes: Object.fromEntries(
      Object.entries(outcomes).map(([name, outcome]) => [name, outcome === undefined ? null : rounded(outcome)]),
    ),
  })}\n`;
}

/** As the OpenAI API writes a chat. */
function messagesOf(result: Result): readonly { readonly role: string; readonly content: string }[] {
  const { turns } = result.given.job.question;
  const said = saidOf(result);
  const all = said === undefined ? turns : answered(turns, said.text);
  return all.map(({ role, text }) => ({ role, content: text }));
}

function endOf(result: Result): object {
  const said = saidOf(result);
  if (said !== undefined) return { finishReason: said.finishReason, rewinds: said.rewinds, tokens: said.emitted };
  const { row } = result.given;
  return { failure: row !== undefined && "failure" in row ? row.failure : "not answered" };
}

/** A grade comes from probabilities, whose last digits depend on what was in the cache. */
function rounded(outcome: number): number {
  return Math.round(outcome * 10) / 10;
}
