import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fileQuestions, TASKS, type Task, type TaskQuestion } from "../../../src/evaluation/index.ts";

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
