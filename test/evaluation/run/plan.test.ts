import { expect, it } from "vitest";
import { HARMLESS } from "../../../src/core/index.ts";
import { questionOf, ScriptedEvaluation } from "../../support/scripted-evaluation.ts";
import { ROBBERY, worldEngine } from "../../support/scripted-world.ts";

const MARKED = { find: undefined, marks: new Map([[HARMLESS.name, "fitted on more"]]) };

it("an answer is found again under the same conditions, and under no other", async () => {
  using evaluation = new ScriptedEvaluation();
  const isFound = async (...[plan, run]: Parameters<ScriptedEvaluation["run"]>): Promise<boolean> => {
    await evaluation.run(plan, run);
    return evaluation.known === 1;
  };
  expect(await isFound({})).toBe(false);
  expect(await isFound({ questions: [questionOf("1", { id: "2", group: "other" })] })).toBe(true);
  const others: readonly Parameters<ScriptedEvaluation["run"]>[] = [
    [{ questions: [questionOf("1", { seed: 2 })] }],
    [{ questions: [questionOf("1", { turns: [{ role: "user", text: "Hello" }] })] }],
    [{ modes: ["adaptive"] }],
    [{ options: { maxTokens: 4, temperature: 0 } }],
    [{ version: "1.0.1" }],
    [{}, { model: { label: "large.gguf", bytes: 4e6 } }],
    [{}, { model: { label: "small.gguf", bytes: 5e6 } }],
    [{ modes: ["adaptive"], judge: MARKED }],
    // What was too long for one context may fit into another.
    [{}, { engine: worldEngine({ ...ROBBERY, contextSize: 1024 }) }],
  ];
  for (const [index, other] of others.entries()) expect([index, await isFound(...other)]).toEqual([index, false]);
  // Nobody judges a plain answer.
  expect(await isFound({ judge: MARKED })).toBe(true);
});
