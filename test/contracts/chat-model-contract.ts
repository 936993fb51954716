/** What every chat model of LangChain is expected to do: the checks of the ecosystem's standard tests, and what agents rely on. */
import { InMemoryCache } from "@langchain/core/caches";
import { AIMessage, AIMessageChunk, HumanMessage, SystemMessage } from "@langchain/core/messages";
import { Runnable } from "@langchain/core/runnables";
import { beforeAll, describe, expect, it } from "vitest";
import { z as z3 } from "zod/v3";
import { type ChatModelSpec, collect, concat, type StandardFields, usageOf, type WholeChatModel } from "../support/chat-models.ts";
import { describeEvents } from "./chat-model-events.ts";
import { describeStructuredOutput } from "./chat-model-structured-output.ts";
import { describeTools } from "./chat-model-tools.ts";

/** Each model of it has at least `bindTools` and `withStructuredOutput`; nothing is skipped but pictures, sound and files, which must be refused. */
export function describeChatModel(name: string, spec: ChatModelSpec): void {
  describe(`${name} keeps the contract of chat models:`, () => {
    let model: WholeChatModel;
    let toolModel: WholeChatModel;
    beforeAll(() => {
      model = spec.makeModel();
      toolModel = (spec.makeToolModel ?? spec.makeModel)();
    });
    describeUnit(spec);
    describeAnswers(() => model, spec);
    describeCaching(spec);
    describeContent(() => model, spec);
    describeTools(() => toolModel);
    describeStructuredOutput(() => toolModel);
    describeEvents(spec);
    describeAborting(() => model, spec);
  });
}

/** What the ecosystem's standard tests make each model with. */
const STANDARD: StandardFields = { temperature: 0, maxTokens: 100, timeout: 60, stopSequences: [], maxRetries: 2 };

function describeUnit({ makeModel, question }: ChatModelSpec): void {
  it.each<[string, StandardFields]>([
    ["the standard fields", {}],
    ["a key", { apiKey: "test" }],
    ["streaming", { streaming: true }],
  ])("it is made with %s", (_, fields) => {
    expect(makeModel({ ...STANDARD, ...fields })).toBeInstanceOf(Runnable);
  });

  it("made with the standard fields it binds tools and schemas, says to tracers all that is standard and no more, and minds a signal", async () => {
    const model = makeModel(STANDARD);
    const person = z3.object({ name: z3.string(), age: z3.number().int().positive() });
    expect(model.bindTools([{ name: "person", description: "A person.", schema: person }])).toBeInstanceOf(Runnable);
    expect(model.withStructuredOutput(person)).toBeInstanceOf(Runnable);
    const standard = ["ls_max_tokens", "ls_model_name", "ls_model_type", "ls_provider", "ls_stop", "ls_temperature"];
    expect(Object.keys(model.getLsParams({} as never)).toSorted()).toEqual(standard);
    const signal = AbortSignal.abort();
    await expect(model.invoke(question, { signal })).rejects.toThrow();
    await expect(collect(model.stream(question, { signal }))).rejects.toThrow();
  });

  it("it is made without waiting for anything", () => {
    expect(makeModel()).toBeInstanceOf(Runnable);
  });

  it("binding tools and asking for structured output give runnables", () => {
    const tool = { type: "function", function: { name: "f", parameters: { type: "object", properties: {} } } };
    expect(makeModel().bindTools([tool])).toBeInstanceOf(Runnable);
    expect(makeModel().bindTools([])).toBeInstanceOf(Runnable);
    expect(makeModel().withStructuredOutput({ type: "object", properties: {} })).toBeInstanceOf(Runnable);
  });

  it("it says to tracers what it is", () => {
    const facts = makeModel().getLsParams({ stop: ["x"], maxTokens: 9 } as never);
    expect(facts).toMatchObject({ ls_model_type: "chat", ls_stop: ["x"] });
    expect([facts.ls_provider, facts.ls_model_name].every((text) => typeof text === "string" && text !== "")).toBe(true);
    expect(facts.ls_temperature).toBeTypeOf("number");
    expect(facts.ls_max_tokens).toBeTypeOf("number");
  });

  it("it is serialized by name, with what it was made with", () => {
    const model = makeModel({ stop: ["x"] });
    expect(model.toJSON()).toMatchObject({ lc: 1, type: "constructor", kwargs: { stop: ["x"] } });
    expect(JSON.parse(JSON.stringify(model))).toEqual(model.toJSON());
  });

  it("it says what it can", () => {
    expect(makeModel().profile).toMatchObject({ toolCalling: true, structuredOutput: true });
  });
}

function describeAnswers(model: () => WholeChatModel, { makeModel, question, word }: ChatModelSpec): void {
  it("invoke gives a message with text", async () => {
    const message = await model().invoke(question);
    expect(AIMessage.isInstance(message)).toBe(true);
    expect(message.content).toBeTypeOf("string");
    expect(message.text).toContain(word);
  });

  it("stream gives the same text in several pieces", async () => {
    const chunks = await collect(model().stream(question));
    expect(chunks.filter(({ text }) => text !== "").length).toBeGreaterThan(1);
    for (const chunk of chunks) expect(AIMessageChunk.isInstance(chunk)).toBe(true);
    expect(concat(chunks).text).toBe((await model().invoke(question)).text);
  });

  it("batch gives an answer for each input, in their order, a few at once or all", async () => {
    const inputs = [question, "Hello.", question, "Who are you?"];
    const alone = [];
    for (const input of inputs) alone.push((await model().invoke(input)).text);
    for (const options of [{}, { maxConcurrency: 2 }]) {
      expect((await model().batch(inputs, options)).map(({ text }) => text)).toEqual(alone);
    }
  });

  it("a conversation is read as a whole", async () => {
    const messages = [new HumanMessage("Hello."), new AIMessage("Hello, how can I help you?"), new HumanMessage(question)];
    const message = await model().invoke(messages);
    expect(message.text).not.toBe("");
    expect(usageOf(message)?.input_tokens).toBeGreaterThan(usageOf(await model().invoke(question))?.input_tokens as number);
  });

  it("two system messages and two of the same person one behind the other are taken", async () => {
    const messages = [
      new SystemMessage("Be kind."),
      new SystemMessage("Be brief."),
      new HumanMessage("Hello."),
      new HumanMessage(question),
    ];
    expect((await model().invoke(messages)).text).not.toBe("");
  });

  it("messages may be strings, pairs, and objects with a role", async () => {
    const { text } = await model().invoke([new SystemMessage("Be kind."), new HumanMessage(question)]);
    expect(
      (
        await model().invoke([
          ["system", "Be kind."],
          ["human", question],
        ])
      ).text,
    ).toBe(text);
    expect(
      (
        await model().invoke([
          { role: "system", content: "Be kind." },
          { role: "user", content: question },
        ])
      ).text,
    ).toBe(text);
  });

  it("a message with a name is taken", async () => {
    expect((await model().invoke([new HumanMessage({ content: question, name: "ann" })])).text).not.toBe("");
  });

  it("what was used is counted, and adds up", async () => {
    const usage = usageOf(await model().invoke(question));
    expect(usage?.input_tokens).toBeGreaterThan(0);
    expect(usage?.output_tokens).toBeGreaterThan(0);
    expect(usage?.total_tokens).toBe((usage?.input_tokens ?? 0) + (usage?.output_tokens ?? 0));
  });

  it("a stream counts the same, once, in its last piece", async () => {
    const chunks = await collect(model().stream(question));
    const usages = chunks.map(usageOf);
    expect(usages.findIndex((usage) => usage !== undefined)).toBe(chunks.length - 1);
    // How much of the prompt was found in the cache, the second time is another matter.
    const { input_token_details: _, ...counted } = usageOf(await model().invoke(question)) ?? {};
    expect(usageOf(concat(chunks))).toMatchObject(counted);
  });

  it("what was found in the cache is counted: all but a little, where the same was asked before", async () => {
    await model().invoke(question);
    const { input_tokens = 0, input_token_details } = usageOf(await model().invoke(question)) ?? {};
    expect(input_token_details?.cache_read).toBeGreaterThan(input_tokens / 2);
    expect(input_token_details?.cache_read).toBeLessThanOrEqual(input_tokens);
  });

  it("all pieces of a stream have the message's id, whether somebody listens or not", async () => {
    const ids = async (options: object) => new Set((await collect(model().stream(question, options))).map(({ id }) => id));
    for (const options of [{}, { callbacks: [{ handleLLMEnd: () => undefined }] }])
      expect([...(await ids(options))]).toEqual([expect.stringMatching(/^run-/)]);
  });

  it("an answer names its model and says why it ended", async () => {
    for (const message of [await model().invoke(question), concat(await collect(model().stream(question)))]) {
      expect(message.response_metadata["model"]).toBeTypeOf("string");
      expect(message.response_metadata["model"]).not.toBe("");
      expect(message.response_metadata["finish_reason"]).toBe("stop");
    }
  });

  it("a stop string ends the answer, as call option and from the constructor", async () => {
    const whole = (await model().invoke(question)).text;
    const expected = whole.slice(0, whole.indexOf(word));
    expect((await model().invoke(question, { stop: [word] })).text).toBe(expected);
    expect((await makeModel({ stop: [word] }).invoke(question)).text).toBe(expected);
    expect((await makeModel({ stop: ["no such text"] }).invoke(question, { stop: [word] })).text).toBe(expected);
    expect(concat(await collect(model().stream(question, { stop: [word] }))).text).toBe(expected);
  });

  it("tokens are counted", async () => {
    expect(await model().getNumTokens("Hello there.")).toBeGreaterThan(1);
    expect(await model().getNumTokens([{ type: "text", text: "Hello there." }])).toBe(await model().getNumTokens("Hello there."));
  });
}

function describeCaching({ makeModel, question }: ChatModelSpec): void {
  it("a cache gives the same message again, and keeps answers to complex messages apart", async () => {
    const cache = new InMemoryCache();
    const model = makeModel({ cache });
    const complex = [new HumanMessage({ content: [{ type: "text", text: question }] })];
    const first = await model.invoke(complex);
    const second = await model.invoke(complex);
    expect([second.text, second.response_metadata]).toEqual([first.text, first.response_metadata]);
    expect(usageOf(second)).toMatchObject({ total_tokens: 0 });
    const other = await model.invoke([new HumanMessage({ content: [{ type: "text", text: "Hello." }] })]);
    expect(usageOf(other)?.total_tokens).toBeGreaterThan(0);
  });

  it("a cache keeps answers under other options apart", async () => {
    const model = makeModel({ cache: new InMemoryCache() });
    await model.invoke(question);
    expect(usageOf(await model.invoke(question, { stop: ["."] }))?.total_tokens).toBeGreaterThan(0);
    expect(usageOf(await model.invoke(question, { stop: ["."] }))?.total_tokens).toBe(0);
  });
}

function describeContent(model: () => WholeChatModel, { makeModel, question }: ChatModelSpec): void {
  it("blocks of text are read as text, and answers can be read as blocks", async () => {
    const message = await model().invoke([new HumanMessage({ content: [{ type: "text", text: question }] })]);
    expect(message.text).toBe((await model().invoke(question)).text);
    expect(message.contentBlocks).toEqual([{ type: "text", text: message.text }]);
  });

  it("in output version 1 the content is blocks, of a stream one for all its text", async () => {
    const expected = (await model().invoke(question)).text;
    const message = await makeModel({ outputVersion: "v1" }).invoke(question);
    expect(message.content).toEqual([expect.objectContaining({ type: "text", text: expected })]);
    expect(message.response_metadata["output_version"]).toBe("v1");
    const streamed = concat(await collect(makeModel({ outputVersion: "v1" }).stream(question)));
    expect(streamed.content).toEqual([expect.objectContaining({ type: "text", text: expected })]);
    expect(streamed.contentBlocks).toEqual(streamed.content);
  });

  it.each([
    { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
    { type: "image", mimeType: "image/png", data: "AAAA" },
    { type: "audio", mimeType: "audio/wav", data: "AAAA" },
    { type: "file", mimeType: "application/pdf", data: "AAAA" },
  ])("a block of type $type is refused by name", async (block) => {
    const messages = [new HumanMessage({ content: [{ type: "text", text: question }, block] })];
    await expect(model().invoke(messages)).rejects.toThrow(`a block of type \`${block.type}\``);
    await expect(collect(model().stream(messages))).rejects.toThrow(`a block of type \`${block.type}\``);
  });
}

function describeAborting(model: () => WholeChatModel, { question }: ChatModelSpec): void {
  it("an aborted call rejects, on every way", async () => {
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    await expect(model().invoke(question, { signal })).rejects.toThrow();
    await expect(collect(model().stream(question, { signal }))).rejects.toThrow();
    await expect(collect(model().streamEvents(question, { signal }))).rejects.toThrow();
    await expect(model().batch([question], { signal })).rejects.toThrow();
  });

  it("an abort in the middle of a stream ends it with the signal's reason", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const read = async () => {
      for await (const _ of await model().stream(question, { signal: controller.signal })) controller.abort(reason);
    };
    await expect(read()).rejects.toBe(reason);
  });

  it("a call that takes longer than its timeout rejects", async () => {
    await expect(model().invoke(question, { timeout: 1 })).rejects.toThrow(/timeout|abort/i);
  });
}
