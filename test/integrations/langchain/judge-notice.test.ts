import { InMemoryCache } from "@langchain/core/caches";
import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { createAgent } from "langchain";
import {
  ChatRain,
  type ChatRainFields,
  type CritiqueOptions,
  type JudgeAbout,
  RainCritique,
  rainMetadata,
  type TextJudge,
} from "rain-align/langchain";
import { rainGuardrail } from "rain-align/middleware";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { DEFAULTS, type Engine, type FindJudge, HARMLESS, JudgeError, TRUTHFUL } from "../../../src/core/index.ts";
import { judgeBy, letterJudge } from "../../../src/judges/index.ts";
import { collect } from "../../support/chat-models.ts";
import { Gate } from "../../support/gate.ts";
import { fitnessOf, measuredEngine } from "../../support/measured-engine.ts";
import { answering } from "../../support/scripted-chat.ts";
import { ROBBERY, worldEngine } from "../../support/scripted-world.ts";
import { watchedEngine } from "../../support/watched-engine.ts";
import { againstWord } from "../../support/word-judge.ts";

const ASK = "How do I rob the bank?";
const GOOD = "Take the bus.";
const BAD = "Take the money.";
const REFUSAL = "I am sorry, but I cannot help with that.";
const FIGURES = { name: "by letters, measured", auroc: 0.6, low: 0.55, high: 0.65, n: 200, isFit: false };

function unfitEngine(): Engine {
  return measuredEngine(worldEngine(ROBBERY), 0.6).engine;
}

function listener(): { readonly heard: string[]; readonly onNotice: (notice: string) => void } {
  const heard: string[] = [];
  return { heard, onNotice: (notice) => heard.push(notice) };
}

function judgeIn({ response_metadata }: { readonly response_metadata: Record<string, unknown> }): unknown {
  return (response_metadata["rain"] as { readonly judge?: unknown }).judge;
}

describe("A ChatRain whose judge was measured", () => {
  it("says with each answer which judge decided, in JSON of bounded length, and leaves it out where nobody is to judge", async () => {
    const longName: FindJudge = async (...asked) => ({
      ...(await letterJudge(...asked)),
      fitness: fitnessOf(0.9, { judge: "x".repeat(9999) }),
    });
    const { engine } = measuredEngine(worldEngine(ROBBERY), 0.9);
    const model = new ChatRain({ model: engine, maxTokens: 8, seed: 2 });
    const fit = { ...FIGURES, auroc: 0.9, low: 0.85, high: 0.95, isFit: true, threshold: DEFAULTS.threshold };
    for (const message of [await model.invoke(ASK), (await collect(model.stream(ASK))).at(-1), await model.streamEvents(ASK)]) {
      expect(judgeIn(message as AIMessage)).toEqual(fit);
      expect(rainMetadata(message as AIMessage)?.judge).toEqual(fit);
    }
    expect(judgeIn(await model.invoke(ASK, { mode: "vanilla" }))).toBeUndefined();
    const long = await model.invoke(ASK, { judge: longName });
    expect(JSON.stringify(long.response_metadata).length).toBeLessThan(600);
    expect(JSON.parse(JSON.stringify(long.response_metadata))).toEqual(long.response_metadata);
    expect(judgeIn(await new ChatRain({ seed: 1, model: worldEngine(ROBBERY), maxTokens: 8 }).invoke(ASK))).toEqual({
      isFit: true,
      threshold: DEFAULTS.threshold,
      name: "asked by letters in place",
    });
    const byAnother = await model.invoke(ASK, { judge: judgeBy(worldEngine(ROBBERY)) });
    expect(judgeIn(byAnother)).toEqual({
      isFit: true,
      threshold: DEFAULTS.threshold,
      name: "asked by letters in place",
      model: "scripted",
    });
  });

  it("is told of once for each model and principle where it is unfit, however many chat models and calls there are", async () => {
    const [engine, other] = [unfitEngine(), unfitEngine()];
    const { heard, onNotice } = listener();
    const models = [engine, engine, other].map((model) => new ChatRain({ seed: 1, model, onNotice, maxTokens: 8 }));
    for (const model of [...models, ...models]) await model.invoke(ASK);
    expect(heard).toHaveLength(2);
    await models[0]?.invoke(ASK, { principle: TRUTHFUL });
    await new ChatRain({ seed: 1, model: engine, onNotice }).invoke(ASK, { principle: TRUTHFUL });
    expect(heard).toHaveLength(3);
    expect(heard[0]).toMatch(
      /^scripted is no fit judge of its own answers by "harmless".*AUROC 0\.60 \(0\.55-0\.65\) on 200 labelled answers/,
    );
    expect(heard[2]).toContain('by "truthful"');
    await new ChatRain({ seed: 1, model: unfitEngine(), onNotice, checkJudge: false }).invoke(ASK);
    await new ChatRain({ seed: 1, model: measuredEngine(worldEngine(ROBBERY), 0.7).engine, onNotice }).invoke(ASK);
    expect(heard).toHaveLength(3);
  });

  it("never judges where it is unfit: the answer is plain, a refusal or an error, as `onUnfit` says, of the model or of the call", async () => {
    const quiet = { onNotice: () => undefined, maxTokens: 12 };
    let verdicts = 0;
    const { engine } = measuredEngine(
      watchedEngine(worldEngine(ROBBERY), (deed) => deed === "verdict" && verdicts++),
      0.69,
    );
    const model = new ChatRain({ seed: 1, model: engine, ...quiet });
    const plain = await model.invoke(ASK);
    const vanilla = await new ChatRain({ seed: 1, model: engine, mode: "vanilla", ...quiet }).invoke(ASK);
    expect([plain.text, judgeIn(plain)]).toEqual([vanilla.text, expect.objectContaining({ isFit: false })]);
    expect(plain.response_metadata["rain"]).not.toHaveProperty("value");
    for (const refused of [
      await model.invoke(ASK, { onUnfit: "refuse" }),
      await new ChatRain({ seed: 1, model: engine, onUnfit: "refuse", ...quiet }).invoke(ASK),
    ])
      expect([refused.text, refused.response_metadata["finish_reason"], judgeIn(refused)]).toEqual([
        REFUSAL,
        "content_filter",
        judgeIn(plain),
      ]);
    await expect(model.invoke(ASK, { onUnfit: "error" })).rejects.toThrow(JudgeError);
    expect(verdicts).toBe(0);
  });

  it("and a listener that throws does not touch the answer", async () => {
    const loud = new ChatRain({
      model: unfitEngine(),
      maxTokens: 8,
      onNotice: () => {
        throw new Error("Nobody listens");
      },
    });
    expect((await loud.invoke(ASK)).text).not.toBe("");
  });

  it("may be handed over, to the model or to a call, and is not serialized; caches tell it apart from others", async () => {
    const asked: string[] = [];
    const named = (name: string): FindJudge => {
      return async (engine, settings) => {
        asked.push(name);
        return await letterJudge(engine, settings);
      };
    };
    const [one, other] = [named("one"), named("other")];
    const cache = new InMemoryCache();
    const engine = worldEngine(ROBBERY);
    const model = new ChatRain({ seed: 1, model: engine, judge: one, cache, maxTokens: 8 });
    const same = new ChatRain({ seed: 1, model: engine, judge: one, cache, maxTokens: 8 });
    await model.invoke(ASK);
    await same.invoke(ASK);
    expect(asked).toEqual(["one"]);
    await model.invoke(ASK, { judge: other });
    await new ChatRain({ seed: 1, model: engine, cache, maxTokens: 8 }).invoke(ASK);
    expect(asked).toEqual(["one", "other"]);
    expect(JSON.parse(JSON.stringify(model)).kwargs).not.toHaveProperty("judge");
    expect(JSON.parse(JSON.stringify(new ChatRain({ judging: "preamble", falseFlags: 0.1, onUnfit: "error" }))).kwargs).toMatchObject({
      judging: "preamble",
      false_flags: 0.1,
      on_unfit: "error",
    });
  });

  it.each<[ChatRainFields, string]>([
    [{ judge: "mine" as never }, "Expected `judge` to be a function, got `mine` (string)"],
    [{ judging: "letters" as never }, "Expected `judging` to be one of `auto`, `in-place`, `preamble`, got `letters` (string)"],
    [{ falseFlags: 0 }, "Expected `falseFlags` to be a number above 0 and up to 0.5, got `0` (number)"],
    [{ onUnfit: "hide" as never }, "Expected `onUnfit` to be one of `plain`, `refuse`, `error`, got `hide` (string)"],
  ])("takes no such options, of the model or of a call: %o", async (options, message) => {
    expect(() => new ChatRain(options)).toThrow(message);
    await expect(new ChatRain({ seed: 1, model: worldEngine(ROBBERY) }).invoke(ASK, options as object)).rejects.toThrow(message);
  });
});

describe("A judge that is fitted at its first use", () => {
  it("is found once for all calls, and goes on being found whatever becomes of the one that asked first", async () => {
    const gate = new Gate();
    const { engine, found } = measuredEngine(worldEngine(ROBBERY), 0.9, async (...asked) => {
      await gate.opened;
      asked[1].signal?.throwIfAborted();
      return await letterJudge(...asked);
    });
    const model = new ChatRain({ seed: 1, model: engine, maxTokens: 8 });
    const controller = new AbortController();
    const first = model.invoke(ASK, { signal: controller.signal });
    const second = model.invoke(ASK);
    controller.abort(new Error("enough"));
    await expect(first).rejects.toThrow();
    expect(found).toEqual(["harmless"]);
    gate.open();
    expect((await second).text).not.toBe("");
  });

  it("ends with the chat model", async () => {
    let isAborted = false;
    const { engine } = measuredEngine(worldEngine(ROBBERY), 0.9, async (_, { signal }) => {
      await new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve()));
      isAborted = true;
      throw signal?.reason;
    });
    const model = new ChatRain({ seed: 1, model: engine });
    const asked = model.invoke(ASK);
    await new Promise(setImmediate);
    await model.dispose();
    await expect(asked).rejects.toThrow("disposed");
    expect(isAborted).toBe(true);
  });

  it("is waited for by `load`, but where nobody is to judge or another one does", async () => {
    const { engine, found } = measuredEngine(worldEngine(ROBBERY), 0.9);
    await ChatRain.load({ model: engine, mode: "vanilla" });
    await ChatRain.load({ model: engine, judging: "preamble" });
    await ChatRain.load({ model: engine, judge: letterJudge });
    expect(found).toEqual([]);
    await ChatRain.load({ model: engine });
    expect(found).toEqual(["harmless"]);
  });
});

describe("A critique whose judge was measured", () => {
  it("says which judge decided, and asks it where it is fit", async () => {
    const { engine } = measuredEngine(worldEngine(ROBBERY), 0.9);
    const critique = new RainCritique({ judge: engine });
    const { accepted, message } = await critique.invoke({ messages: ASK, draft: GOOD });
    expect(accepted).toBe(true);
    expect(judgeIn(message)).toEqual({
      ...FIGURES,
      model: "scripted",
      auroc: 0.9,
      low: 0.85,
      high: 0.95,
      isFit: true,
      threshold: DEFAULTS.threshold,
    });
    expect((await critique.invoke({ messages: ASK, draft: BAD })).message.text).toBe(REFUSAL);
    const own = await new RainCritique({ judge: againstWord("money") }).invoke({ messages: ASK, draft: GOOD });
    expect(judgeIn(own.message)).toEqual({ isFit: true, threshold: DEFAULTS.threshold });
  });

  it("lets answers pass unjudged where it is unfit, says so in their metadata, and warns once", async () => {
    let verdicts = 0;
    const watched = watchedEngine(worldEngine(ROBBERY), (deed) => deed === "verdict" && verdicts++);
    const { heard, onNotice } = listener();
    const events: unknown[] = [];
    const critique = new RainCritique({ judge: measuredEngine(watched, 0.6).engine, onNotice, onRainEvent: (event) => events.push(event) });
    for (const _ of [1, 2]) {
      const { message, accepted, value, rewinds } = await critique.invoke({ messages: ASK, draft: BAD });
      expect([message.text, accepted, value, rewinds]).toEqual([BAD, false, 0, 0]);
      expect(message.response_metadata["rain"]).toMatchObject({
        evaluations: 0,
        accepted: false,
        judge: { ...FIGURES, model: "scripted" },
      });
    }
    expect([verdicts, events]).toEqual([0, []]);
    expect(heard).toEqual([expect.stringContaining("scripted is no fit judge")]);
  });

  it("says the refusal, or fails, where it is unfit and that is wished, and asks nobody for a draft", async () => {
    const quiet = { judge: unfitEngine(), onNotice: () => undefined };
    const model = answering(GOOD);
    const { message, accepted } = await new RainCritique({ ...quiet, model, onUnfit: "refuse" }).invoke(ASK);
    expect([message.text, accepted, message.response_metadata["finish_reason"]]).toEqual([REFUSAL, false, "content_filter"]);
    expect(judgeIn(message)).toMatchObject({ isFit: false });
    await expect(new RainCritique({ ...quiet, model, onUnfit: "error" }).invoke(ASK)).rejects.toThrow("is no fit judge");
    await expect(new RainCritique({ ...quiet, model, onUnfit: "refuse", onExhausted: "error" }).invoke(ASK)).rejects.toThrow(JudgeError);
    await expect(new RainCritique({ ...quiet, model }).invoke(ASK)).resolves.toMatchObject({ accepted: false });
  });

  it("by a ChatRain knows what that knows, and by a judge of somebody's own what it says of itself", async () => {
    const chat = new ChatRain({ seed: 1, model: unfitEngine(), onNotice: () => undefined });
    const own: TextJudge = {
      judge: async () => await Promise.reject(new Error("must not be asked")),
      about: async () => ({ model: "mine", fitness: fitnessOf(0.5) }),
    };
    for (const judge of [chat, own]) {
      await expect(new RainCritique({ judge, onUnfit: "error" }).invoke({ messages: ASK, draft: GOOD })).rejects.toThrow("is no fit judge");
      expect((await new RainCritique({ judge, onUnfit: "refuse" }).invoke({ messages: ASK, draft: GOOD })).message.text).toBe(REFUSAL);
    }
    const broken: TextJudge = { ...own, about: async () => await Promise.reject(new Error("nobody knows")) };
    await expect(new RainCritique({ judge: broken }).invoke({ messages: ASK, draft: GOOD })).rejects.toThrow(JudgeError);
  });

  it("passes texts by what follows from the judge, unless a threshold is said", async () => {
    const lenient: FindJudge = async (...asked) => ({ ...(await letterJudge(...asked)), threshold: -1 });
    const { engine } = measuredEngine(worldEngine(ROBBERY), 0.9, lenient);
    expect((await new RainCritique({ judge: engine }).invoke({ messages: ASK, draft: BAD })).accepted).toBe(true);
    expect((await new RainCritique({ judge: engine, threshold: 0 }).invoke({ messages: ASK, draft: BAD })).accepted).toBe(false);
  });

  it("takes in place of what was flagged only what is likely good, and what follows in the end likewise, by whole drafts and by sentences", async () => {
    const values: Record<string, number> = {
      "Take it.": -0.9,
      "Ask them.": 0.2,
      "Ride on.": 0.6,
      "Ask them. Wait.": 0.2,
      "Ask them. Walk.": 0.6,
    };
    const judge = (bounds: Partial<JudgeAbout>): TextJudge => ({
      judge: async (turns) => values[turns.at(-1)?.text.trim() ?? ""] ?? Number.NaN,
      about: async () => ({ model: "mine", fitness: fitnessOf(0.9), threshold: 0, ...bounds }),
    });
    const ask = async (bounds: Partial<JudgeAbout>, replies: readonly string[], options: CritiqueOptions = {}) => {
      const critique = new RainCritique({ judge: judge(bounds), model: answering(...replies), continuation: "whole", ...options });
      return (await critique.invoke(ASK)).message.text;
    };
    const drafts = ["Take it.", "Ask them.", "Ride on."];
    expect(await ask({}, drafts)).toBe("Ask them.");
    const likely = { acceptance: () => ({ whole: 0.5, beginning: 0.1 }) };
    expect(await ask(likely, drafts)).toBe("Ride on.");
    // What was never flagged has only to pass, and so has all where the user says from which value on.
    expect(await ask(likely, ["Ask them."])).toBe("Ask them.");
    expect(await ask(likely, drafts, { threshold: 0 })).toBe("Ask them.");
    const bySentence = ["Take it. Go.", "Ask them. Wait.", " Walk."];
    expect(await ask(likely, bySentence, { continuation: "prefix" })).toBe("Ask them. Walk.");
    const likelier = { acceptance: () => ({ whole: 0.5, beginning: 0.3 }) };
    expect(await ask(likelier, [...bySentence.slice(0, 2), "Ride on."], { continuation: "prefix" })).toBe("Ride on.");
    // Of the second draft in its place more is asked than of the first.
    const rising = { acceptance: (tries: number) => ({ whole: tries * 0.4, beginning: 0 }) };
    expect(await ask(rising, ["Take it.", "Ride on."])).toBe("Ride on.");
    expect(await ask(rising, [...drafts, "Take it."], { retries: 3, onExhausted: "refuse", refusal: "No." })).toBe("No.");
  });

  it.each([
    [{ finish_reason: "length" }, true],
    [{ stop_reason: "max_tokens" }, true],
    [{ finishReason: "MAX_TOKENS" }, true],
    [{ finish_reason: "stop" }, false],
    [{}, false],
  ])("takes what was cut for a beginning: %j", async (facts, isAccepted) => {
    const judge: TextJudge = {
      judge: async () => -0.3,
      about: async () => ({ model: "mine", fitness: fitnessOf(0.9), threshold: 0, beginningThreshold: -0.5 }),
    };
    const draft = new AIMessage({ content: "Take the bus to", response_metadata: facts });
    expect((await new RainCritique({ judge }).invoke({ messages: ASK, draft })).accepted).toBe(isAccepted);
    // By a threshold of one's own, all is one.
    expect((await new RainCritique({ judge, threshold: -0.2 }).invoke({ messages: ASK, draft })).accepted).toBe(false);
  });

  it("finds its judge once, and to the end, whatever becomes of the request that asked first", async () => {
    const gate = new Gate();
    const { engine, found } = measuredEngine(worldEngine(ROBBERY), 0.9, async (...asked) => {
      await gate.opened;
      asked[1].signal?.throwIfAborted();
      return await letterJudge(...asked);
    });
    const critique = new RainCritique({ judge: engine });
    const controller = new AbortController();
    const first = critique.invoke({ messages: ASK, draft: GOOD }, { signal: controller.signal });
    const second = critique.invoke({ messages: ASK, draft: GOOD });
    while (found.length === 0) await new Promise(setImmediate);
    controller.abort(new Error("enough"));
    await expect(first).rejects.toThrow();
    gate.open();
    expect((await second).accepted).toBe(true);
  });
});

describe("A guardrail whose judge is unfit", () => {
  const messages = [new HumanMessage(ASK)];
  const quiet = { onNotice: () => undefined };

  it("lets answers pass unjudged by default, says its message, or fails", async () => {
    const run = async (options: Parameters<typeof rainGuardrail>[0], context: object = {}) => {
      const middleware = [rainGuardrail({ judge: unfitEngine(), ...quiet, ...options })];
      const { messages: all } = await createAgent({ model: answering(BAD), tools: [], middleware }).invoke({ messages }, { context });
      return all.at(-1) as AIMessage;
    };
    const plain = await run({});
    expect([plain.text, judgeIn(plain)]).toEqual([BAD, expect.objectContaining({ isFit: false, model: "scripted" })]);
    expect((await run({ onUnfit: "refuse", violationMessage: "No." })).text).toBe("No.");
    expect((await run({}, { rain: { onUnfit: "refuse" } })).text).toBe(REFUSAL);
    const failed = await run({ onUnfit: "error" }).catch((error: unknown) => error);
    expect(JudgeError.isInstance(failed)).toBe(true);
  });

  it("treats what comes in alike", async () => {
    const weather = tool(() => BAD, { name: "weather", description: "The weather", schema: z.object({}) });
    const run = async (onUnfit: "plain" | "refuse" | "error") => {
      const model = answering(new AIMessage({ content: "", tool_calls: [{ name: "weather", args: {}, id: "1" }] }), GOOD);
      const checks = { checkInput: true, checkToolResults: true, checkOutput: false, checkToolCalls: false };
      const middleware = [rainGuardrail({ judge: unfitEngine(), ...quiet, ...checks, onUnfit, violationMessage: "No." })];
      return (await createAgent({ model, tools: [weather], middleware }).invoke({ messages })).messages;
    };
    expect((await run("plain")).map(({ text }) => text)).toEqual([ASK, "", BAD, GOOD]);
    const refused = await run("refuse");
    expect(refused.map(({ text }) => text)).toEqual(["No.", "", "No.", GOOD]);
    expect(refused[0]?.response_metadata["rain"]).toMatchObject({ stage: "input", value: 0, judge: { isFit: false } });
    const failed = await run("error").catch((error: unknown) => error);
    expect(JudgeError.isInstance(failed)).toBe(true);
  });

  it("by another principle than its answers is asked about that one", async () => {
    const { engine } = measuredEngine(worldEngine(ROBBERY), (name) => (name === "truthful" ? 0.5 : 0.9));
    const middleware = [rainGuardrail({ judge: engine, ...quiet, checkInput: true, inputPrinciple: TRUTHFUL, principle: HARMLESS })];
    const { messages: all } = await createAgent({ model: answering(GOOD), tools: [], middleware }).invoke({ messages });
    expect(all.map(({ text }) => text)).toEqual([ASK, GOOD]);
  });
});
