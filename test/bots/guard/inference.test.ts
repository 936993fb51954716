import { describe, expect, it } from "vitest";
import { EngineInference } from "../../../src/bots/guard/index.ts";
import { EngineError, type Tokenizer } from "../../../src/core/index.ts";
import { describeInference, REQUEST } from "../../contracts/inference-contract.ts";
import { faultyEngine } from "../../support/faulty-engine.ts";
import { ASK, ROBBERY, worldEngine } from "../../support/scripted-world.ts";

const OPTIONS = { now: () => performance.now(), maxWaiting: 9, maxOfGuild: 9, answerTimeoutMs: 60_000, judgeTimeoutMs: 60_000 };

describeInference("The model in this process", EngineInference.start);

describe("The model in this process, where it has no chat template,", () => {
  it.each([
    ["auto", true],
    ["urial", true],
    ["chat", false],
  ] as const)("is shown examples first as `prompting` has it: %s", async (prompting, isShown) => {
    const read: string[] = [];
    const world = worldEngine({ ...ROBBERY, contextSize: 20_000 });
    const renderText: Tokenizer["renderText"] = (text) => {
      read.push(text);
      return tokenizer.renderText(text);
    };
    const { tokenizer } = world;
    const engine = Object.assign(world, { facts: { ...world.facts, isBaseModel: true }, tokenizer: { ...tokenizer, renderText } });
    await using inference = await EngineInference.start(async () => engine, { ...OPTIONS, prompting });
    await inference.answer(REQUEST);
    expect(read.some((text) => text.startsWith("# Instruction"))).toBe(isShown);
  });
});

describe("A model that broke and cannot be loaded again", () => {
  it("fails each who asks, and is there when it can", async () => {
    let mode: "works" | "breaks" | "is away" = "works";
    const load = async () => {
      if (mode === "is away") throw new EngineError("model-not-found", "the disk is gone");
      return faultyEngine(worldEngine(ROBBERY), {
        before: () => {
          if (mode === "breaks") throw new EngineError("decode-failed", "it broke");
        },
      }).engine;
    };
    await using inference = await EngineInference.start(load, OPTIONS);
    mode = "breaks";
    await expect(inference.answer(REQUEST)).rejects.toMatchObject({ code: "model", message: "it broke" });
    mode = "is away";
    await expect(inference.answer(REQUEST)).rejects.toMatchObject({ code: "model", message: "the disk is gone" });
    await expect(inference.judge({ turns: ASK, principles: [REQUEST.principle] })).rejects.toMatchObject({ code: "model" });
    mode = "works";
    expect((await inference.answer(REQUEST)).text).not.toBe("");
  });
});
