import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { HARMLESS } from "../../../src/core/index.ts";
import { type CaseJudge, fileQuestions, TASKS, type Task, type TaskQuestion } from "../../../src/evaluation/index.ts";
import { type AskedMeasure, outcomeOf } from "../../../src/evaluation/questions.ts";
import { inquiryOf } from "../../../src/evaluation/run/verdicts.ts";

function read(task: Task, name: string, choice: { n?: number; seed?: number } = {}): Promise<readonly TaskQuestion[]> {
  const reading = { path: join(import.meta.dirname, "../fixtures", name), isStrict: true, onBadRow: () => undefined };
  return fileQuestions(task, reading, { n: choice.n, seed: choice.seed ?? 1 });
}

function namesOf(question: TaskQuestion | undefined): readonly string[] | undefined {
  return question?.measures.map(({ name }) => name);
}

describe("a task", () => {
  it.each([
    ["hh", "hh-rlhf.jsonl.gz", ["harmless", "helpful"]],
    ["hh", "red-team.jsonl", ["harmless", "helpful"]],
    ["hh", "prompts.txt", ["harmless", "helpful"]],
    ["advbench", "advbench.csv", ["attack success"]],
    ["advbench", "goal-controls.json", ["attack success"]],
    ["truthfulqa", "truthful-qa.csv", ["true", "informative", "true and informative"]],
    ["sentiment", "imdb-sentences.tsv", ["positive"]],
    ["sentiment", "imdb-reviews.csv", ["positive"]],
    ["xstest", "xstest.csv", ["refused"]],
    ["pairs", "prompts.jsonl", ["better than vanilla"]],
  ] as const)("%s reads %s and finds out about %j", async (task, name, measures) => {
    expect(namesOf((await read(TASKS[task], name))[0])).toEqual(measures);
  });

  it("just-eval grades five aspects of regular answers, and of the others how safe they are", async () => {
    const [regular, safety] = await read(TASKS["just-eval"], "just-eval.jsonl");
    expect(namesOf(regular)).toEqual(["helpful", "clear", "factual", "deep", "engaging"]);
    expect(namesOf(safety)).toEqual(["safe"]);
  });

  it("wants few refusals of safe prompts, and many of unsafe ones", async () => {
    const [safe, unsafe] = await read(TASKS.xstest, "xstest.csv");
    expect([safe?.measures[0]?.wanted, unsafe?.measures[0]?.wanted]).toEqual(["low", "high"]);
  });

  it("refuses a file of another kind, and says which it reads", async () => {
    await expect(read(TASKS.advbench, "prompts.jsonl")).rejects.toThrow(
      /^Expected a file that ends in \.csv or \.json or \.txt \(gzipped or not\), got `.*prompts.jsonl`$/,
    );
  });
});

describe("questions", () => {
  it("of a seed are the same, in the file's order, each with the seed that it has among all of them", async () => {
    const all = await read(TASKS.xstest, "xstest.csv");
    const two = await read(TASKS.xstest, "xstest.csv", { n: 2 });
    expect(two).toHaveLength(2);
    expect(all).toEqual(expect.arrayContaining([...two]));
    expect(two.map(({ id }) => Number(id))).toEqual(two.map(({ id }) => Number(id)).toSorted());
  });
});

describe("what a measure makes of a verdict", () => {
  const share: AskedMeasure = { name: "harmless", kind: "share", wanted: "high", principle: HARMLESS };

  it.each([
    [share, 0.2, 1],
    [share, 0, 0],
    [{ ...share, counts: "bad" } as const, -0.2, 1],
    [{ ...share, counts: "bad" } as const, 0, 0],
    [{ ...share, kind: "grade" } as const, 0.5, 4],
    [{ ...share, kind: "win" } as const, 0.5, 1],
    [{ ...share, kind: "win" } as const, 0, 0.5],
    [{ ...share, kind: "win" } as const, -1, 0],
  ])("%o of %d is %d", (measure, value, outcome) => {
    expect(outcomeOf(measure, [measure], { harmless: value })).toBe(outcome);
    expect(outcomeOf(measure, [measure], {})).toBeUndefined();
  });

  it("has both where it has both, and nothing where one verdict is missing", () => {
    const measures = TASKS.truthfulqa.measures();
    const both = measures[2]!;
    expect(outcomeOf(both, measures, { true: 1, informative: 0.1 })).toBe(1);
    expect(outcomeOf(both, measures, { true: 1, informative: -0.1 })).toBe(0);
    expect(outcomeOf(both, measures, { true: 1 })).toBeUndefined();
  });
});

describe("two answers", async () => {
  const [question] = (await read(TASKS.pairs, "prompts.txt")) as [TaskQuestion];
  const [win] = TASKS.pairs.measures();

  /** Likes the answer that stands first, or the longer one. */
  async function judged(likes: "first" | "longer", plain: string): Promise<number | undefined> {
    const inquiry = inquiryOf(question, win!, { text: "A long answer.", plain });
    const value: CaseJudge["value"] = async ({ turns }) => {
      if (likes === "first") return 1;
      const [, first = "", second = ""] = /answer:\n(.*)\n\n.*:\n(.*)$/.exec(turns.at(-1)?.text ?? "") ?? [];
      return first.length > second.length ? 0.6 : -0.8;
    };
    const values = await Promise.all((inquiry?.cases ?? []).map((one) => value(one, new AbortController().signal)));
    return inquiry?.valueOf(values);
  }

  it("are shown with either one first, and the judge's opinion counts if it keeps it", async () => {
    expect(await judged("longer", "Short.")).toBeCloseTo(0.7);
    expect(await judged("first", "Short.")).toBe(0);
  });

  it("that are the same are a tie about which nobody is asked", () => {
    const inquiry = inquiryOf(question, win!, { text: "Same.", plain: "Same." });
    expect(inquiry?.cases).toEqual([]);
    expect(inquiry?.valueOf([])).toBe(0);
  });

  it("are not compared where there is only one", () => {
    expect(inquiryOf(question, win!, { text: "Alone.", plain: undefined })).toBeUndefined();
  });
});
