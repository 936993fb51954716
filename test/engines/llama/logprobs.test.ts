import { type RainStep, rain } from "rain-align";
import { loadLlamaEngine } from "rain-align/llama";
import { expect, it } from "vitest";
import type { Engine } from "../../../src/core/index.ts";
import { ASK } from "../../support/scripted-world.ts";

async function steps(engine: Engine): Promise<readonly RainStep[]> {
  const all: RainStep[] = [];
  for await (const step of rain(engine, ASK, { logprobs: true, maxTokens: 12, seed: 1 })) all.push(step);
  return all;
}

it("Log-probabilities are read of a model with one sequence, while that is written with, and end with a reader who leaves", async () => {
  await using engine = await loadLlamaEngine({ model: "embedded", sequences: 1, gpu: false, threads: 1 });
  const whole = await steps(engine);
  const told = whole.flatMap(({ logprobs = [] }) => logprobs);
  const said = whole.map(({ text }) => text).join("");
  expect(said).not.toBe("");
  expect(told.map(({ text }) => text).join("")).toContain(said);
  for await (const { logprobs } of rain(engine, ASK, { logprobs: true, seed: 1 })) if (logprobs !== undefined) break;
  expect(await steps(engine)).toEqual(whole);
});
