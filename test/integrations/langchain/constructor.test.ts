/** What developers who come from other chat models write first. */
import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import type { ChatGeneration, LLMResult } from "@langchain/core/outputs";
import { StringPromptValue } from "@langchain/core/prompt_values";
import { ChatRain, type ChatRainFields, rainMetadata } from "rain-align/langchain";
import { describe, expect, it } from "vitest";
import { OptionError } from "../../../src/core/index.ts";
import { collect, usageOf } from "../../support/chat-models.ts";
import { ROBBERY, worldEngine } from "../../support/scripted-world.ts";
import { watchedEngine } from "../../support/watched-engine.ts";

const ASK = "How do I rob the bank?";

function robber(fields: ChatRainFields = {}): ChatRain {
  return new ChatRain({ model: worldEngine(ROBBERY), maxTokens: 24, checkJudge: false, ...fields });
}

describe("Names that other chat models take mean the same here:", () => {
  it("stopSequences are stop strings, modelName is the model; what both names say, `stop` and `model` decide", async () => {
    const whole = (await robber({ seed: 2 }).invoke(ASK)).text;
    const [first = ""] = whole.split(" the");
    expect((await robber({ seed: 2, stopSequences: [" the"] }).invoke(ASK)).text).toBe(first);
    expect((await robber({ seed: 2, stopSequences: ["no such text"], stop: [" the"] }).invoke(ASK)).text).toBe(first);
    expect(new ChatRain({ modelName: "/models/a.gguf" }).model).toBe("a.gguf");
    expect(new ChatRain({ modelName: "/models/a.gguf", model: "/models/b.gguf" }).model).toBe("b.gguf");
    expect(() => robber({ stopSequences: [""] })).toThrow("Expected `stop` to be a list of non-empty strings");
  });

  it("name is what it calls itself", () => {
    expect(robber({ name: "answers" }).getName()).toBe("answers");
    expect(robber().getName()).toBe("ChatRain");
  });

  it("timeout ends each call, on every way; a call's own shorter one ends it before", async () => {
    let isHeld = true;
    const engine = watchedEngine(worldEngine(ROBBERY));
    const next: typeof engine.next = async (queries, call) => {
      if (isHeld) await new Promise((_, reject) => call.signal?.addEventListener("abort", () => reject(call.signal?.reason)));
      return await engine.next(queries, call);
    };
    const model = robber({ model: { ...engine, next }, timeout: 5 });
    const late = /Expected an answer within 5 ms/;
    await expect(model.invoke(ASK)).rejects.toThrow(late);
    await expect(collect(model.stream(ASK))).rejects.toThrow(late);
    await expect(collect(model.streamEvents(ASK))).rejects.toThrow(late);
    await expect(robber({ model: { ...engine, next }, timeout: 1e6 }).invoke(ASK, { timeout: 1 })).rejects.toThrow(/timeout|abort/i);
    isHeld = false;
    expect((await robber({ model: { ...engine, next }, timeout: 1e6 }).invoke(ASK)).text).not.toBe("");
  });

  it("streaming tells callbacks of each part of what is invoked; without it, not even a stream has parts", async () => {
    const heard = async (streaming?: boolean) => {
      const parts: string[] = [];
      const handler = BaseCallbackHandler.fromMethods({ handleLLMNewToken: (text) => void parts.push(text) });
      handler.awaitHandlers = true;
      const { text } = await robber({ seed: 2, firstCheck: 1, maxCheckGap: 1, ...(streaming === undefined ? {} : { streaming }) }).invoke(
        ASK,
        { callbacks: [handler] },
      );
      return { parts: parts.length, isWhole: parts.join("") === text };
    };
    expect(await heard()).toEqual({ parts: 0, isWhole: false });
    expect(await heard(true)).toMatchObject({ isWhole: true });
    expect((await heard(true)).parts).toBeGreaterThan(1);
    expect(await collect(robber({ streaming: false }).stream(ASK))).toHaveLength(1);
    expect(await collect(robber({ disableStreaming: true }).stream(ASK))).toHaveLength(1);
  });

  it("apiKey and maxRetries are taken, and are not serialized with it", () => {
    const model = robber({ apiKey: "secret", maxRetries: 2 });
    expect(JSON.stringify(model)).not.toContain("secret");
  });

  it.each<[ChatRainFields, string]>([
    [{ timeout: 0 }, "Expected `timeout` to be a positive number of milliseconds, got `0` (number)"],
    [{ streaming: "yes" as never }, "Expected `streaming` to be one of `true`, `false`, got `yes` (string)"],
    [{ name: "" }, "Expected `name` to be a text that is not empty"],
    [{ n: 0 }, "Expected `n` to be a positive integer, got `0` (number)"],
  ])("what they cannot be is refused: %j", (fields, complaint) => {
    expect(() => robber(fields)).toThrow(complaint);
  });
});

describe("Every answer is another one, where no seed is said:", () => {
  it("of a batch of one prompt, and of retries; each tells its seed, and the same seed is the same text", async () => {
    const answers = await robber({ temperature: 1 }).batch(Array.from({ length: 12 }, () => ASK));
    expect(new Set(answers.map(({ text }) => text)).size).toBeGreaterThan(1);
    const seeds = answers.map((answer) => rainMetadata(answer)?.seed);
    expect(new Set(seeds).size).toBe(12);
    for (const [index, seed = 0] of seeds.slice(0, 3).entries())
      expect((await robber({ temperature: 1 }).invoke(ASK, { seed })).text).toBe(answers[index]?.text);
  });

  it("a seed that is said holds for all of them", async () => {
    const answers = await robber({ seed: 7 }).batch([ASK, ASK, ASK]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(robber({ seed: 7 })._identifyingParams()).toMatchObject({ seed: 7 });
  });
});

describe("Several answers to one prompt", () => {
  it.each([undefined, 5])("are as many as `n` says, each by another seed: seed %s", async (seed) => {
    const model = robber(seed === undefined ? {} : { seed });
    let usage: Record<string, number> = {};
    const handleLLMEnd = ({ llmOutput }: LLMResult) => {
      usage = llmOutput?.["tokenUsage"] as typeof usage;
    };
    const { generations } = await model.generatePrompt([new StringPromptValue(ASK)], {
      n: 4,
      callbacks: [{ handleLLMEnd, awaitHandlers: true }],
    });
    const seeds = (generations[0] as ChatGeneration[]).map(({ message }) => rainMetadata(message)?.seed);
    expect(seeds).toHaveLength(4);
    expect(new Set(seeds).size).toBe(4);
    if (seed !== undefined) expect(seeds[0]).toBe(seed);
    // The prompt was read once.
    const { promptTokens = 0, completionTokens = 0, totalTokens } = usage;
    expect(totalTokens).toBe(promptTokens + completionTokens);
    const told = (generations[0] as ChatGeneration[]).map(({ message }) => usageOf(message)?.output_tokens ?? 0);
    expect(completionTokens).toBe(told.reduce((sum, tokens) => sum + tokens));
  });

  it("are one in a stream: more are refused, and not left out in silence", async () => {
    const complaint = "Expected `n` to be 1 where the answer is streamed (`generate` gives several), got `3` (number)";
    await expect(collect(robber().stream(ASK, { n: 3 }))).rejects.toThrow(new OptionError("n", complaint, 3));
    await expect(collect(robber({ n: 3 }).streamEvents(ASK))).rejects.toThrow(complaint);
  });
});
