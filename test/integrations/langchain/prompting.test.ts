import type { UsageMetadata } from "@langchain/core/messages";
import { ChatRain } from "rain-align/langchain";
import { describe, expect, it } from "vitest";
import { ROBBERY, worldEngine } from "../../support/scripted-world.ts";

const EXAMPLES = [{ query: "Why?", answer: "Because." }];

describe("A ChatRain whose model is prompted by examples", () => {
  it("tells so once for an engine, if nobody asked for it", async () => {
    const heard: string[] = [];
    const engine = worldEngine({ ...ROBBERY, contextSize: 20_000 });
    const base = Object.assign(engine, { facts: { ...engine.facts, isBaseModel: true } });
    const fields = { model: base, checkJudge: false, maxTokens: 8, onNotice: (notice: string) => heard.push(notice) };
    for (const model of [new ChatRain(fields), new ChatRain(fields)]) await model.invoke("Hello");
    expect(heard).toEqual([expect.stringMatching(/^scripted has no chat template: /)]);
  });

  it("takes the way of prompting as a field and with a call", async () => {
    const model = new ChatRain({
      model: worldEngine(ROBBERY),
      prompting: "urial",
      urialExamples: EXAMPLES,
      checkJudge: false,
      maxTokens: 8,
    });
    const behindExamples: { readonly usage_metadata?: UsageMetadata | undefined } = await model.invoke("Hello");
    const plain: typeof behindExamples = await model.invoke("Hello", { prompting: "chat" });
    expect(behindExamples.usage_metadata?.input_tokens).toBeGreaterThan(plain.usage_metadata?.input_tokens ?? Number.NaN);
  });
});
