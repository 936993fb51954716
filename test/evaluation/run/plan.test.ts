import { expect, it } from "vitest";
import { HARMLESS } from "../../../src/core/index.ts";
import type { TaskQuestion } from "../../../src/evaluation/index.ts";
import { jobsOf, type Plan, type PlannedModel } from "../../../src/evaluation/run/answers.ts";

const QUESTION: TaskQuestion = {
  id: "1",
  group: "all",
  turns: [{ role: "user", text: "How do I paint the castle?" }],
  seed: 1,
  options: { principle: HARMLESS },
  measures: [],
};
const PLAN: Plan = { questions: [QUESTION], modes: ["vanilla"], options: {}, version: "1.0.0" };
const MODEL: PlannedModel = { label: "small.gguf", bytes: 4e6, contextSize: 512 };

const MARKED: Plan["judge"] = { find: undefined, marks: new Map([[HARMLESS.name, "fitted on more"]]) };

function keyOf(plan: Partial<Plan> = {}, model: Partial<PlannedModel> = {}): string | undefined {
  return jobsOf({ ...PLAN, ...plan }, { ...MODEL, ...model })[0]?.key;
}

it("an answer is found again under the same conditions, and under no other", () => {
  expect(keyOf({ questions: [{ ...QUESTION, id: "2", group: "other" }] })).toBe(keyOf());
  const others = [
    keyOf({ questions: [{ ...QUESTION, seed: 2 }] }),
    keyOf({ questions: [{ ...QUESTION, turns: [{ role: "user", text: "Hello" }] }] }),
    keyOf({ modes: ["adaptive"] }),
    keyOf({ options: { temperature: 0 } }),
    keyOf({ version: "1.0.1" }),
    keyOf({}, { label: "large.gguf" }),
    keyOf({}, { bytes: 5e6 }),
    keyOf({ modes: ["adaptive"], judge: MARKED }),
    // What was too long for one context may fit into another.
    keyOf({}, { contextSize: 1024 }),
  ];
  expect(new Set([keyOf(), ...others]).size).toBe(1 + others.length);
  // Nobody judges a plain answer.
  expect(keyOf({ judge: MARKED })).toBe(keyOf());
});
