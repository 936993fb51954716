import type { BaseMessage } from "@langchain/core/messages";
import { chatSimulator } from "rain-align/langchain";
import { describe, expect, it } from "vitest";
import { type PairOutcome, preferencePairs } from "../../../src/pairs/index.ts";
import { ScriptedChat } from "../../support/scripted-chat.ts";

describe("A chat model as the simulator of preference pairs", () => {
  it("is asked for both sides by system messages, and its answers end before the next turn", async () => {
    const asked: string[] = [];
    const reply = (messages: readonly BaseMessage[]) => {
      const system = messages[0]?.text ?? "";
      asked.push(system);
      return /\(giving a helpful/.test(system) ? "Gladly.\nUser: more" : "No.";
    };
    const outcomes: PairOutcome[] = [];
    const prompts = [[{ role: "user", text: "Help me." } as const]];
    for await (const outcome of preferencePairs(prompts, { simulator: chatSimulator(new ScriptedChat({ reply })), family: "helpful" }))
      outcomes.push(outcome);
    expect(asked).toHaveLength(2);
    expect(outcomes).toMatchObject([
      { pair: { chosen: [{ content: "Gladly." }], rejected: [{ content: "No." }], metadata: { form: "system", chosen: "positive" } } },
    ]);
  });
});
