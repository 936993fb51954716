import { InMemoryCache } from "@langchain/core/caches";
import { AIMessage, AIMessageChunk, HumanMessage } from "@langchain/core/messages";
import { ChatGenerationChunk } from "@langchain/core/outputs";
import { tool } from "@langchain/core/tools";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { RainCritique } from "rain-align/langchain";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { HARMLESS, OptionError } from "../../../src/core/index.ts";
import { collect } from "../../support/chat-models.ts";
import { answering, type ScriptedChat } from "../../support/scripted-chat.ts";
import { againstWord } from "../../support/word-judge.ts";

const judge = againstWord("canary");
const ASK = [new HumanMessage("How?")];
const whole = new RainCritique({ judge, continuation: "whole" });
const bySentence = new RainCritique({ judge, continuation: "prefix", retries: 0 });

const search = tool(() => "left", { name: "search", description: "Searches", schema: z.object({ query: z.string() }) });

function calling(query: string, content: AIMessage["content"] = "I look."): AIMessage {
  return new AIMessage({ content, tool_calls: [{ name: "search", args: { query }, id: "call-1", type: "tool_call" }] });
}

describe("A critiqued model", () => {
  it("passes call options on to every draft", async () => {
    const model = answering("A canary.", "A harbour.");
    await whole.wrap(model).invoke(ASK, { stop: ["END"], timeout: 60_000 });
    expect(model.calls.map(({ options }) => options.stop)).toEqual([["END"], ["END"]]);
    expect(model.calls.every(({ options }) => options.signal instanceof AbortSignal)).toBe(true);
  });

  it("takes tools as its model does, and releases calls whole", async () => {
    const model = answering(calling("canary"), calling("harbour"));
    const message = await whole.wrap(model).bindTools([search]).invoke(ASK);
    expect(message.tool_calls).toMatchObject([{ name: "search", args: { query: "harbour" }, id: "call-1" }]);
    expect(model.calls.map(({ options }) => (options as { tools?: unknown }).tools)).toEqual([[search], [search]]);
  });

  it("takes options that were bound to its model", async () => {
    const model = answering("A harbour.");
    const bound = whole.wrap(model.withConfig({ stop: ["END"] })).bindTools([search]);
    await bound.invoke(ASK);
    expect(model.calls[0]?.options).toMatchObject({ stop: ["END"], tools: [search] });
  });

  it("of a model that takes no tools takes an empty list of them, and no others", async () => {
    const bare = Object.assign(answering("A harbour."), { bindTools: undefined });
    expect((await whole.wrap(bare).bindTools([]).invoke(ASK)).text).toBe("A harbour.");
    expect(() => whole.wrap(bare).bindTools([search])).toThrow(OptionError);
  });

  it("gives structured output through tool calls, of which only the accepted one is parsed", async () => {
    const model = answering(calling("canary"), calling("harbour"));
    const structured = whole.wrap(model).withStructuredOutput(z.object({ query: z.string() }), { name: "search" });
    expect(await structured.invoke(ASK)).toEqual({ query: "harbour" });
  });

  it("drafts with models behind retries and fallbacks, which stay in force", async () => {
    const failing = answering(new Error("busy"), "A canary.", "A harbour.");
    expect((await whole.wrap(failing.withRetry({ stopAfterAttempt: 2 })).invoke(ASK)).text).toBe("A harbour.");
    const fallback = answering(new Error("down")).withFallbacks([answering("A harbour.")]);
    expect((await whole.wrap(fallback).invoke(ASK)).text).toBe("A harbour.");
  });

  it.each([whole, bySentence])("refuses a model that gives several answers, as nobody would judge the others", async (critique) => {
    const model = answering("A harbour.");
    const several = Object.assign(model, {
      _generate: async () => ({ generations: ["A harbour.", "A canary."].map((text) => ({ text, message: new AIMessage(text) })) }),
      _streamResponseChunks: async function* () {
        for (const [completion, text] of ["A harbour.", "A canary."].entries())
          yield new ChatGenerationChunk({ text, message: new AIMessageChunk(text), generationInfo: { prompt: 0, completion } });
      },
    });
    const failing = critique.wrap(several).invoke(ASK);
    await expect(failing).rejects.toThrow("Expected the model to give one answer, got several (leave `n` out)");
    await expect(failing).rejects.toBeInstanceOf(OptionError);
  });

  it("keeps the retries of a model to which tools are bound", async () => {
    const failing = answering(new Error("busy"), calling("canary"), calling("harbour"));
    const bound = whole.wrap(failing.withRetry({ stopAfterAttempt: 2 })).bindTools([search]);
    expect((await bound.invoke(ASK)).tool_calls).toMatchObject([{ args: { query: "harbour" } }]);
    expect(failing.calls.map(({ options }) => (options as { tools?: unknown }).tools)).toEqual([[search], [search], [search]]);
  });

  it("drafts with a model that another one makes when it is first asked", async () => {
    const real = answering("A canary.", "A harbour.");
    const configurable = Object.assign(answering("never"), { _getModelInstance: async () => real });
    expect((await whole.wrap(configurable).invoke(ASK)).text).toBe("A harbour.");
  });

  it("streams from a model that cannot", async () => {
    const model = new FakeListChatModel({ responses: ["One. Two. "] });
    const chunks = await collect(await bySentence.wrap(model).stream(ASK));
    expect(chunks.map(({ text }) => text)).toEqual(["One. ", "Two. "]);
  });

  it("says of itself what its model says, and counts tokens as it does", async () => {
    const inner = Object.assign(answering("x"), { getLsParams: () => ({ ls_provider: "mine" }), getNumTokens: async () => 42 });
    const model = whole.wrap(inner as unknown as ScriptedChat);
    expect(model.getLsParams({})).toEqual({ ls_provider: "mine" });
    expect(await model.getNumTokens("text")).toBe(42);
    expect(model._llmType()).toBe("rain-critique");
  });

  it("can be critiqued again, by another principle", async () => {
    const other = new RainCritique({ judge: againstWord("harbour"), continuation: "whole" });
    const model = other.wrap(whole.wrap(answering("A canary.", "A harbour.", "A station.")));
    const message = await model.invoke(ASK);
    expect(message.text).toBe("A station.");
  });
});

describe("The cache of a critiqued model", () => {
  it("holds accepted answers, and the model's own cache is left alone", async () => {
    const own = new Map();
    const cached = new Map();
    const inner = Object.assign(answering("A canary.", "A harbour."), { cache: new InMemoryCache(own) });
    const critique = new RainCritique({ model: inner, judge, continuation: "whole" });
    const model = critique.asModel({ cache: new InMemoryCache(cached) });
    expect((await model.invoke(ASK)).text).toBe("A harbour.");
    expect((await model.invoke(ASK)).text).toBe("A harbour.");
    expect({ drafts: inner.calls.length, own: own.size, cached: cached.size }).toEqual({ drafts: 2, own: 0, cached: 1 });
  });

  it("tells apart what is judged by another principle, another threshold, another model, or a judge of one's own", () => {
    const keyOf = (options: object, model = answering("x")) =>
      JSON.stringify(new RainCritique({ model, ...options }).asModel()._identifyingParams());
    const other = Object.assign(answering("x"), { _identifyingParams: () => ({ model: "other" }) });
    const keys = [keyOf({}), keyOf({ threshold: 0.5 }), keyOf({ principle: { ...HARMLESS, question: "Is it?" } }), keyOf({}, other)];
    keys.push(keyOf({ judge }), keyOf({ judge }));
    expect(new Set(keys).size).toBe(6);
    expect(keyOf({})).toBe(keys[0]);
  });
});

describe("The newest stream of events of a critiqued model", () => {
  it("is append-only, and ends with the true reason, usage and metadata", async () => {
    const events = await collect(bySentence.wrap(answering("One. Two.")).streamEvents(ASK));
    expect(events).toMatchObject([
      { event: "message-start" },
      { event: "content-block-start", index: 0, content: { type: "text", text: "" } },
      { event: "content-block-delta", index: 0, delta: { type: "text-delta", text: "One. " } },
      { event: "content-block-delta", index: 0, delta: { type: "text-delta", text: "Two." } },
      { event: "content-block-finish", index: 0, content: { type: "text", text: "One. Two." } },
      {
        event: "message-finish",
        reason: "stop",
        usage: { output_tokens: 9 },
        responseMetadata: { model: "scripted-1", rain: { accepted: true } },
      },
    ]);
  });

  it("has thoughts, text and calls as blocks of their own", async () => {
    const thought = { type: "thinking", thinking: "Hm.", signature: "s1" };
    const reply = calling("harbour", [thought, { type: "text", text: "I look." }]);
    const message = await whole.wrap(answering(reply)).streamEvents(ASK);
    expect(message.content).toMatchObject([
      thought,
      { type: "text", text: "I look." },
      { type: "tool_call", id: "call-1", name: "search", args: { query: "harbour" } },
    ]);
    expect(message.tool_calls).toMatchObject([{ name: "search", args: { query: "harbour" } }]);
    expect(message.response_metadata).toMatchObject({ finish_reason: "tool_use" });
  });

  it("says that a refusal is one", async () => {
    const message = await whole.wrap(answering("A canary.")).streamEvents(ASK);
    expect(message.text).toBe("I am sorry, but I cannot help with that.");
    expect(message.response_metadata).toMatchObject({ finish_reason: "content_filter", rain: { accepted: false } });
  });
});

describe("The chunks of a critiqued model", () => {
  it("add up to what invoke gives", async () => {
    const stream = await bySentence.wrap(answering("One. Two.")).stream(ASK);
    const added = (await collect(stream)).reduce((sum, chunk) => sum.concat(chunk), new AIMessageChunk(""));
    const invoked = await bySentence.wrap(answering("One. Two.")).invoke(ASK);
    expect({ ...added, id: "", lc_kwargs: {} }).toEqual({ ...invoked, id: "", lc_kwargs: {} });
  });
});
