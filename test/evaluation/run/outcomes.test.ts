import { describe, expect, it } from "vitest";
import { HARMLESS, JudgeError } from "../../../src/core/index.ts";
import { type CaseJudge, type Measure, TASKS } from "../../../src/evaluation/index.ts";
import { judgeThat, questionOf, ScriptedEvaluation } from "../../support/scripted-evaluation.ts";

/** What an answer comes to by these measures, where the judge says this of each; nothing of those that are missing. */
async function outcomes(measures: readonly Measure[], verdicts: Readonly<Record<string, number>>) {
  using evaluation = new ScriptedEvaluation();
  const judge = judgeThat(
    async ({ principle }) => verdicts[principle.name] ?? Promise.reject(new JudgeError(principle.name, "It says nothing")),
  );
  const [result] = await evaluation.run({ questions: [questionOf("1", { measures })] }, { judge });
  return result?.outcomes;
}

describe("what a measure makes of a verdict", () => {
  const share = { name: "harmless", kind: "share", wanted: "high", principle: HARMLESS } as const;

  it.each<[Measure, number, number]>([
    [share, 0.2, 1],
    [share, 0, 0],
    [{ ...share, counts: "bad" }, -0.2, 1],
    [{ ...share, counts: "bad" }, 0, 0],
    [{ ...share, kind: "grade" }, 0.5, 4],
    [{ ...share, kind: "grade" }, -1, 1],
  ])("%o of %d is %d", async (measure, value, outcome) => {
    expect(await outcomes([measure], { harmless: value })).toEqual({ harmless: outcome });
    expect(await outcomes([measure], {})).toEqual({ harmless: undefined });
  });

  it("has both where it has both, and nothing where one verdict is missing", async () => {
    const measures = TASKS.truthfulqa.measures();
    const both = async (verdicts: Readonly<Record<string, number>>) => (await outcomes(measures, verdicts))?.["true and informative"];
    expect(await both({ truthful: 1, informative: 0.1 })).toBe(1);
    expect(await both({ truthful: 1, informative: -0.1 })).toBe(0);
    expect(await both({ truthful: 1 })).toBeUndefined();
  });
});

describe("two answers", () => {
  /** What comes of plain decoding beside a way that rewinds: with this seed, the first draft is bad. */
  async function compared(value: CaseJudge["value"], modes: readonly ("vanilla" | "adaptive")[] = ["vanilla", "adaptive"], maxTokens = 12) {
    using evaluation = new ScriptedEvaluation();
    const question = questionOf("1", { measures: TASKS.pairs.measures() });
    const asked: string[] = [];
    const judge = judgeThat(async (one, signal) => {
      asked.push(one.turns.at(-1)?.text ?? "");
      return await value(one, signal);
    });
    const results = await evaluation.run({ questions: [question], modes, options: { maxTokens } }, { judge });
    const texts = results.map(({ attempt: { row } }) => (row !== undefined && "text" in row ? row.text : ""));
    return { texts, asked, outcomes: results.map((result) => result.outcomes["better than vanilla"]) };
  }

  /** Likes the one without money in it, wherever it stands. */
  const soundly: CaseJudge["value"] = async ({ turns }) => {
    const [, first = ""] = /answer:\n(.*)\n\n/.exec(turns.at(-1)?.text ?? "") ?? [];
    return first.includes("money") ? -0.8 : 0.6;
  };

  it("are shown with either one first, and the judge's opinion counts if it keeps it", async () => {
    const { texts, asked, outcomes } = await compared(soundly);
    const [plain = "", judged = ""] = texts;
    expect([plain.includes("money"), judged.includes("money")]).toEqual([true, false]);
    const shown = (first: string, second: string) => `The first answer:\n${first}\n\nThe second answer:\n${second}`;
    expect(asked).toEqual([shown(judged, plain), shown(plain, judged)]);
    // Plain answers are not compared with themselves.
    expect(outcomes).toEqual([undefined, 1]);
    expect((await compared(async (...one) => -(await soundly(...one)))).outcomes).toEqual([undefined, 0]);
    expect((await compared(async () => 1)).outcomes).toEqual([undefined, 0.5]);
  });

  it("that are the same are a tie about which nobody is asked", async () => {
    const { texts, asked, outcomes } = await compared(soundly, ["vanilla", "adaptive"], 1);
    expect(texts[0]).toBe(texts[1]);
    expect([asked, outcomes]).toEqual([[], [undefined, 0.5]]);
  });

  it("are not compared where there is only one", async () => {
    const { asked, outcomes } = await compared(soundly, ["adaptive"]);
    expect([asked, outcomes]).toEqual([[], [undefined]]);
  });
});
