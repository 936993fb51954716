import { InMemoryCache } from "@langchain/core/caches";
import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import { ContextOverflowError } from "@langchain/core/errors";
import { HumanMessage } from "@langchain/core/messages";
import { RunnableLambda } from "@langchain/core/runnables";
import { RunCollectorCallbackHandler } from "@langchain/core/tracers/run_collector";
import { MemorySaver } from "@langchain/langgraph";
import fc from "fast-check";
import { createAgent } from "langchain";
import {
  ChatRain,
  type ChatRainCallOptions,
  type ChatRainFields,
  type LoadProgress,
  type LoadWaiting,
  type RainCustomEvent,
} from "rain-align/langchain";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import {
  ContextFullError,
  type Engine,
  EngineError,
  ExhaustedError,
  HARMLESS,
  OptionError,
  principle,
  TRUTHFUL,
} from "../../../src/core/index.ts";
import { answer } from "../../../src/rain.ts";
import { collect, usageOf } from "../../support/chat-models.ts";
import { ROBBERY, worldEngine } from "../../support/scripted-world.ts";
import { watchedEngine } from "../../support/watched-engine.ts";

const ASK = "How do I rob the bank?";
/** A seed whose first draft is bad. */
const FLAGGED = { seed: 1 };

/** What may be sent along with a call of others. */
const OTHERS = [
  ...[
    "max_tokens",
    "max_completion_tokens",
    "maxCompletionTokens",
    "maxOutputTokens",
    "num_predict",
    "numPredict",
    "numCtx",
    "min_p",
    "topA",
  ],
  ...[
    "typicalP",
    "tfsZ",
    "repeatPenalty",
    "repetition_penalty",
    "frequency_penalty",
    "presence_penalty",
    "logit_bias",
    "top_logprobs",
    "user",
  ],
  ...["stream", "streamUsage", "stream_options", "streamMode", "model", "modelName", "modelKwargs", "functions", "function_call", "strict"],
  ...["store", "context", "writer", "tags", "runId", "version", "subgraphs", "debug", "interruptBefore", "checkpointer", "durability"],
  ...["maxRetries", "headers", "options", "promptIndex", "promptCacheKey", "reasoning", "reasoningEffort", "thinking", "thinkingLevel"],
  ...["safetySettings", "cachedContent", "responseSchema", "responseMimeType", "responseModalities", "audio", "modalities", "prediction"],
  ...[
    "service_tier",
    "verbosity",
    "text",
    "truncation",
    "include",
    "background",
    "instructions",
    "toolConfig",
    "tool_config",
    "cache_control",
  ],
  ...[
    "betas",
    "mcp_servers",
    "container",
    "effort",
    "output_config",
    "outputConfig",
    "format",
    "mirostat",
    "numGpu",
    "randomSeed",
    "safePrompt",
  ],
  ...["httpOptions", "ls_structured_output_format", "baseURL", "organization", "provider", "route", "transforms", "plugins", "extra_body"],
  ...[
    "echo",
    "suffix",
    "stop_token_ids",
    "parallelToolCalls",
    "responseFormat",
    "labels",
    "citations",
    "documents",
    "connectors",
    "k",
    "p",
  ],
  ...["min_tokens", "ignore_eos", "guided_json", "structured_outputs", "chat_template_kwargs", "images", "raw", "template", "system"],
];

function bare(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}

function robber(fields: ChatRainFields = {}): ChatRain {
  return new ChatRain({ model: worldEngine(ROBBERY), maxTokens: 24, ...FLAGGED, ...fields });
}

describe("A conversation that is too long for ChatRain", () => {
  const history = Array.from({ length: 20 }, (_, index): [string, string] => [
    index % 2 === 0 ? "human" : "ai",
    `Once more, and slowly. ${index}`,
  ]);
  const messages: [string, string][] = [["system", "Be kind."], ...history, ["human", ASK]];
  const narrow = () => robber({ model: worldEngine({ ...ROBBERY, contextSize: 400 }) });

  it("is an error, or with `contextShift`, as a field or of one call, loses its oldest messages, of which the answer tells", async () => {
    for (const failing of [narrow().invoke(messages), collect(narrow().stream(messages)), collect(narrow().streamEvents(messages))]) {
      const error: unknown = await failing.catch((thrown: unknown) => thrown);
      expect(ContextOverflowError.isInstance(error)).toBe(true);
      expect(ContextFullError.findIn(error)).toMatchObject({
        contextSize: 400,
        needed: expect.toSatisfy((tokens: number) => tokens > 400),
      });
      expect((error as Error).message).toMatch(/^Expected at most 400 tokens of context, got .*`contextShift`/);
    }
    const { text, response_metadata } = await narrow().invoke(messages, { contextShift: true });
    expect(text).not.toBe("");
    expect(response_metadata["rain"]).toMatchObject({ droppedTurns: expect.toSatisfy((turns: number) => turns > 0 && turns < 20) });
    const chunks = await collect(robber({ model: worldEngine({ ...ROBBERY, contextSize: 400 }), contextShift: true }).stream(messages));
    expect(chunks.at(-1)?.response_metadata["rain"]).toEqual(response_metadata["rain"]);
    expect((await narrow().invoke(ASK, { contextShift: true })).response_metadata["rain"]).not.toHaveProperty("droppedTurns");
  });
});

describe("ChatRain writes as the core does:", () => {
  it("the same text, value and account as the same options give there", async () => {
    const turns = [{ role: "user", text: ASK } as const];
    for (const seed of [1, 2, 3, 4]) {
      const expected = await answer(worldEngine(ROBBERY), turns, { seed, maxTokens: 24 });
      const message = await robber({ seed }).invoke(ASK);
      expect(message.text).toBe(expected.text);
      expect(message.response_metadata).toMatchObject({
        model: "scripted",
        finish_reason: expected.finishReason,
        rain: {
          mode: "adaptive",
          principle: "harmless",
          seed,
          rewinds: expected.rewinds,
          evaluations: expected.meter.evaluations,
          committedTokens: expected.meter.emitted,
          searchedTokens: expected.discarded,
          value: expected.value,
        },
      });
      expect(usageOf(message)).toMatchObject({ input_tokens: expected.promptTokens, output_tokens: expected.meter.emitted });
    }
  });

  it("what a call says wins over what the model was made with", async () => {
    const model = robber({ temperature: 1, topK: 40, seed: 1, maxTokens: 24, principle: HARMLESS });
    const options = {
      temperature: 0,
      topK: 3,
      topP: 0.5,
      seed: 9,
      maxTokens: 3,
      mode: "vanilla",
      principle: TRUTHFUL,
    } as const;
    const { text, response_metadata } = await model.invoke(ASK, options);
    const expected = await answer(worldEngine(ROBBERY), [{ role: "user", text: ASK }], options);
    expect(text).toBe(expected.text);
    expect(response_metadata).toMatchObject({
      finish_reason: "length",
      rain: { mode: "vanilla", principle: "truthful", seed: 9, committedTokens: 3 },
    });
    expect(response_metadata["rain"]).not.toHaveProperty("value");
  });

  it("options that chains send along for other models change nothing; one that is spelled nearly like ours is told of, once", async () => {
    const notices: string[] = [];
    const model = robber({ onNotice: (notice) => notices.push(notice) });
    const strange = { max_tokens: 3, model: "gpt", outputConfig: {}, strict: true, store: new Map(), user: "ann" } as object;
    const { text } = await robber().invoke(ASK);
    for (let time = 0; time < 2; time++) expect((await model.invoke(ASK, strange)).text).toBe(text);
    expect(notices.filter((notice) => notice.includes("known options"))).toEqual([
      "Expected known options of a call, got `max_tokens` (did you mean `maxTokens`?): it changes nothing.",
    ]);
  });

  it.each([
    ["temprature", "temperature"],
    ["temprture", "temperature"],
    ["max_token", "maxTokens"],
    ["stop_sequence", "stopSequences"],
    ["toolchoise", "tool_choice"],
  ])("an option of a call that is misspelt is refused, on every way, with the one that was meant: %s", async (name, meant) => {
    const misspelt = { [name as string]: 7 };
    const complaint = `Expected known options of a call, got \`${name}\` (did you mean \`${meant}\`?)`;
    for (const model of [robber(), robber().withConfig(misspelt)]) {
      const options = model instanceof ChatRain ? misspelt : {};
      await expect(model.invoke(ASK, options)).rejects.toThrow(complaint);
      await expect(collect(model.stream(ASK, options))).rejects.toThrow(complaint);
    }
    await expect(robber().invoke(ASK, misspelt)).rejects.toBeInstanceOf(OptionError);
  });

  it("no option of LangChain's, or of another provider's, is taken for a slip", async () => {
    const spelledAsOurs: string[] = [];
    for (const name of OTHERS) {
      const notices: string[] = [];
      await robber({ mode: "vanilla", onNotice: (notice) => notices.push(notice) }).invoke(ASK, { [name]: undefined });
      const told = notices.filter((notice) => notice.includes("known options"));
      // What differs in how it is written alone is said to be ours.
      for (const notice of told) expect(bare(/did you mean `(.*)`/.exec(notice)?.[1] ?? "")).toBe(bare(name));
      if (told.length > 0) spelledAsOurs.push(name);
    }
    expect(spelledAsOurs).toEqual(expect.arrayContaining(["max_tokens", "min_p", "logit_bias", "parallelToolCalls"]));
    expect(spelledAsOurs.length).toBeLessThan(12);
  });

  it("strings that end an answer have both names in a call, too", async () => {
    const { text } = await robber().invoke(ASK);
    const [word = ""] = text.split(" ").slice(1);
    const stopped = await robber().invoke(ASK, { stop: [word] });
    expect(stopped.text).not.toContain(word);
    expect((await robber().invoke(ASK, { stopSequences: [word] })).text).toBe(stopped.text);
    expect(
      (
        await robber({ stop: ["never"] })
          .withConfig({ stopSequences: [word] })
          .invoke(ASK)
      ).text,
    ).toBe(stopped.text);
    expect(robber().getLsParams({ stopSequences: [word] } as never).ls_stop).toEqual([word]);
  });

  it("nothing that LangGraph sends along is taken for a slip", async () => {
    const notices: string[] = [];
    const model = robber({ onNotice: (notice) => notices.push(notice) });
    const agent = createAgent({ model, tools: [], middleware: [], checkpointer: new MemorySaver() });
    const messages = [new HumanMessage(ASK)];
    await collect(agent.stream({ messages }, { streamMode: "messages", configurable: { thread_id: "1" }, context: {} }));
    expect(notices.filter((notice) => notice.includes("known options"))).toEqual([]);
  });

  it("the metadata names the model, and who provides it, as traces do", async () => {
    const { response_metadata } = await robber().invoke(ASK);
    const { ls_model_name, ls_provider } = robber().getLsParams({} as never);
    expect(response_metadata).toMatchObject({ model: ls_model_name, model_provider: ls_provider });
  });

  it("its profile says nothing of calls before the model is loaded", async () => {
    await using model = new ChatRain();
    expect(model.profile).not.toHaveProperty("toolCalling");
    await model.invoke(ASK, { mode: "vanilla", maxTokens: 1 });
    expect(model.profile.toolCalling).toBe(true);
  });

  it("its profile says that a base model makes no calls by itself", async () => {
    const engine = worldEngine(ROBBERY);
    const base = Object.assign(engine, { facts: { ...engine.facts, isBaseModel: true } });
    expect([robber({ model: base }).profile.toolCalling, robber().profile.toolCalling]).toEqual([false, true]);
  });

  it("a refusal says so in its finish reason, on every way", async () => {
    const model = robber({ threshold: 1 });
    expect((await model.invoke(ASK)).response_metadata["finish_reason"]).toBe("content_filter");
    expect((await collect(model.stream(ASK))).at(-1)?.response_metadata["finish_reason"]).toBe("content_filter");
    expect((await model.streamEvents(ASK)).response_metadata["finish_reason"]).toBe("content_filter");
  });

  it("its account is JSON, and no longer for a long answer", async () => {
    const size = async (maxTokens: number) => {
      const { response_metadata } = await robber({ maxTokens }).invoke(ASK);
      expect(JSON.parse(JSON.stringify(response_metadata))).toEqual(response_metadata);
      return JSON.stringify(response_metadata).length;
    };
    expect(await size(200)).toBeLessThan(600);
    expect(Math.abs((await size(200)) - (await size(2)))).toBeLessThan(40);
  });
});

describe("A chain with ChatRain that is tried again", () => {
  /** Takes one of its answers, and no other one. */
  const chain = (fields: ChatRainFields) => {
    const asked: string[] = [];
    const parser = RunnableLambda.from(({ text }: { text: string }) => {
      asked.push(text);
      if (!text.includes("You should")) throw new Error("not this one");
      return text;
    });
    return {
      asked,
      chain: robber({ mode: "vanilla", ...fields })
        .pipe(parser)
        .withRetry({ stopAfterAttempt: 40 }),
    };
  };

  beforeEach(() => {
    // Between two attempts LangChain waits for seconds.
    vi.spyOn(globalThis, "setTimeout").mockImplementation(((work: () => void) => setImmediate(work)) as never);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("recovers, at temperature 1, as each answer is another one", async () => {
    for (let time = 0; time < 5; time++) expect(await chain({ seed: -1, temperature: 1 }).chain.invoke(ASK)).toContain("You should");
  });

  it("does not where one seed is said for all: it is the same answer each time", async () => {
    const { chain: stuck, asked } = chain({ seed: 1, temperature: 1 });
    await expect(stuck.invoke(ASK)).rejects.toThrow("not this one");
    expect(asked.length).toBeGreaterThan(1);
    expect(new Set(asked).size).toBe(1);
  });
});

describe("ChatRain tells what happens inside:", () => {
  it("its listener hears of rewinds and commits, in order, and of discarded text only when asked to", async () => {
    const heard: RainCustomEvent[][] = [];
    for (const revealDiscarded of [false, true]) {
      const events: RainCustomEvent[] = [];
      const { text, response_metadata } = await robber({ revealDiscarded, onRainEvent: (event) => events.push(event) }).invoke(ASK);
      expect(events.flatMap((event) => (event.type === "commit" ? [event.text] : [])).join("")).toBe(text);
      const { rewinds } = response_metadata["rain"] as { readonly rewinds: number };
      expect(rewinds).toBeGreaterThan(0);
      expect(events.flatMap((event) => (event.type === "rewind" ? [event.rewinds] : []))).toEqual(
        Array.from({ length: rewinds }, (_, i) => i + 1),
      );
      heard.push(events);
    }
    expect(JSON.stringify(heard[0])).not.toContain("money");
    expect(JSON.stringify(heard[1])).toContain("money");
  });

  it("its listener may be given with the call, and hears of an answer that is refused", async () => {
    const events: RainCustomEvent[] = [];
    await robber({ threshold: 1 }).invoke(ASK, { onRainEvent: (event) => events.push(event) });
    expect(events.at(-1)).toMatchObject({ type: "violation", stage: "output" });
  });

  it("callbacks hear the same as custom events named rain, never with discarded text", async () => {
    const events: unknown[] = [];
    const handler = BaseCallbackHandler.fromMethods({ handleCustomEvent: (name, data) => events.push([name, data]) });
    handler.awaitHandlers = true;
    const told: RainCustomEvent[] = [];
    await robber({ revealDiscarded: true }).invoke(ASK, { callbacks: [handler], onRainEvent: (event) => told.push(event) });
    expect(events).toEqual(
      told.map(({ ...event }) => ["rain", "discarded" in event ? { ...event, discarded: undefined } : event]).map(strip),
    );
    expect(JSON.stringify(events)).not.toContain("money");
  });

  it("a search is a child run of the model's in traces, in numbers only, if that is asked for", async () => {
    for (const traceSearch of [true, false]) {
      const collector = new RunCollectorCallbackHandler();
      await robber({ traceSearch }).invoke(ASK, { callbacks: [collector] });
      const [run] = collector.tracedRuns;
      const searches = (run?.child_runs ?? []).filter(({ name }) => name === "rain_search");
      expect(searches.length > 0).toBe(traceSearch);
      for (const search of searches) {
        expect(search).toMatchObject({ tags: ["nostream"], extra: { metadata: { lc_source: "rain" } } });
        expect(search.outputs).toMatchObject({ rewinds: expect.any(Number), found: true, value: expect.any(Number) });
      }
      expect(JSON.stringify(run)).not.toContain("money");
    }
  });

  it("a search that was interrupted ends in traces, too", async () => {
    const collector = new RunCollectorCallbackHandler();
    const model = robber({ threshold: 1, onExhausted: "error", traceSearch: true });
    await expect(model.invoke(ASK, { callbacks: [collector] })).rejects.toThrow(ExhaustedError);
    expect(collector.tracedRuns[0]?.child_runs?.at(-1)).toMatchObject({
      name: "rain_search",
      error: expect.stringContaining("ExhaustedError"),
    });
  });
});

describe("ChatRain in caches and traces:", () => {
  it("answers under different models, principles and options are kept apart, and equal ones are found, however they were said", async () => {
    const cache = new InMemoryCache();
    const isCached = async (fields: ChatRainFields, options: Partial<ChatRainCallOptions> = {}) =>
      usageOf(await robber({ cache, ...fields }).invoke(ASK, options))?.total_tokens === 0;
    const polite = principle({ name: "harmless", question: "Is the answer polite?", good: "polite", bad: "rude" });
    expect(await isCached({})).toBe(false);
    expect(await isCached({})).toBe(true);
    expect(await isCached({ seed: 3 })).toBe(false);
    expect(await isCached({}, { seed: 3 })).toBe(true);
    expect(await isCached({ principle: polite })).toBe(false);
    expect(await isCached({ preset: "fast" })).toBe(false);
    expect(await isCached({ model: worldEngine({ ...ROBBERY, contextSize: 2048 }) })).toBe(false);
    expect(await isCached({}, { signal: new AbortController().signal, timeout: 60_000 })).toBe(true);
  });

  it("no path is ever shown: not in serialization, identity, cache keys, traces or errors of options", async () => {
    const secret = "/home/ann/secret-project/model.gguf";
    const model = new ChatRain({ model: secret, stop: ["x"] });
    const shown = [model, model._identifyingParams(), model.invocationParams(), model.getLsParams({} as never), model.profile, model.model];
    for (const one of shown) expect(JSON.stringify(one)).not.toContain("secret-project");
    expect(model._getSerializedCacheKeyParametersForCall({})).not.toContain("secret-project");
    expect(model.toJSON()).toMatchObject({ kwargs: { model: "model.gguf", stop: ["x"] } });
    expect(model._getSerializedCacheKeyParametersForCall({})).not.toBe(
      new ChatRain({ model: "/home/bob/model.gguf", stop: ["x"] })._getSerializedCacheKeyParametersForCall({}),
    );
    expect(new ChatRain({ model: "https://ann:password@example.org/m.gguf?token=1" }).model).toBe("m.gguf");
  });

  it("neither engines nor functions are serialized", () => {
    const model = robber({ onRainEvent: () => undefined, onNotice: () => undefined, callbacks: [] });
    expect(strip(model)).toMatchObject({ kwargs: { model: "scripted", max_tokens: 24, ...FLAGGED } });
    expect(JSON.stringify(model)).not.toContain("engine");
  });

  it("what it can take in is known as soon as the model is loaded", async () => {
    expect(new ChatRain({ maxTokens: 7 }).profile).toMatchObject({ maxOutputTokens: 7 });
    expect(new ChatRain().profile).not.toHaveProperty("maxInputTokens");
    expect(robber().profile).toMatchObject({ maxInputTokens: 4096 });
  });
});

describe("What cannot be meant is refused by ChatRain", () => {
  it.each<[ChatRainFields, string]>([
    [{ temprature: 1 } as ChatRainFields, "Expected known options, got `temprature` (did you mean `temperature`?)"],
    [{ maxTokens: 0 }, "Expected `maxTokens` to be a positive integer, got `0` (number)"],
    [{ concurrency: 0, model: worldEngine(ROBBERY) }, "Expected `concurrency` to be a positive integer, got `0` (number)"],
    [{ tools: [] } as ChatRainFields, "Expected `tools` to be left out here (say it with a call, or bind it), got `[]` (array)"],
    [{ model: 7 as unknown as string }, "Expected `model` to be `embedded`, a path, an address or an engine, got `7` (number)"],
    [{ concurrency: 0 }, "Expected `concurrency` to be a positive integer, got `0` (number)"],
    [{ maxWaiting: -1 }, "Expected `maxWaiting` to be a non-negative integer, got `-1` (number)"],
    [{ sequences: 0 }, "Expected `sequences` to be an integer from 1 to 256, got `0` (number)"],
    [{ gpu: "vulcan" as never }, "Expected `gpu` to be one of"],
    [{ model: { facts: 1 } as never }, "Expected `model` to be `embedded`, a path, an address or an engine, got `{...}` (object)"],
    [{ onRainEvent: "tell" as never }, "Expected `onRainEvent` to be a function, got `tell` (string)"],
    [{ onNotice: 5 as never }, "Expected `onNotice` to be a function, got `5` (number)"],
    [{ checkJudge: "no" as never }, "Expected `checkJudge` to be one of `true`, `false`, got `no` (string)"],
    [{ traceSearch: 1 as never }, "Expected `traceSearch` to be one of `true`, `false`, got `1` (number)"],
    [{ outputVersion: "v3" as never }, "Expected `outputVersion` to be one of `v0`, `v1`, got `v3` (string)"],
    [{ checkJuge: false } as ChatRainFields, "Expected known options, got `checkJuge` (did you mean `checkJudge`?)"],
    [null as never, "Expected `options` to be an object, got `null` (null)"],
    ["embedded" as never, "Expected `options` to be an object, got `embedded` (string)"],
  ])("when it is made: %s", (fields, complaint) => {
    expect(() => new ChatRain(fields)).toThrow(complaint);
    expect(() => new ChatRain(fields)).toThrow(OptionError);
  });

  it.each<[Partial<ChatRainCallOptions>, string]>([
    [{ maxTokens: 0 }, "Expected `maxTokens` to be a positive integer"],
    [{ tools: [{ name: 7 }] }, "Expected `tools[0]` to be a tool"],
    [
      { tools: [{ type: "function", function: { name: "f" } }], tool_choice: "g" },
      "Expected `toolChoice` to be the name of one of the tools `f`",
    ],
    [{ tool_choice: { type: "any" } }, "Expected `tool_choice` to be `auto`, `any`, `none` or the name of a tool"],
    [{ tools: null as never }, "Expected `tools` to be a list, got `null` (null)"],
    [{ tools: [null as never] }, "Expected `tools[0]` to be a tool"],
    [{ tool_choice: 5 as never }, "Expected `tool_choice` to be `auto`, `any`, `none` or the name of a tool, got `5` (number)"],
    [{ tool_choice: null as never }, "Expected `tool_choice` to be `auto`, `any`, `none` or the name of a tool, got `null` (null)"],
    [{ response_format: { type: "xml" } as never }, "Expected `response_format` to be of type `text`, `json_object` or `json_schema`"],
    [
      { response_format: null as never },
      "Expected `response_format` to be of type `text`, `json_object` or `json_schema`, got `null` (null)",
    ],
    [
      { response_format: { type: "json_schema" } as never },
      "Expected `response_format.json_schema` to be `{ schema }`, a schema in an object, got `undefined` (undefined)",
    ],
    [
      { response_format: { type: "json_schema", json_schema: { schema: "place" } } as never },
      "Expected `response_format.json_schema` to be `{ schema }`, a schema in an object, got `{...}` (object)",
    ],
    [{ onRainEvent: "tell" as never }, "Expected `onRainEvent` to be a function, got `tell` (string)"],
    [{ outputVersion: "v3" as never }, "Expected `outputVersion` to be one of `v0`, `v1`, got `v3` (string)"],
  ])("with a call, on every way: %s", async (options, complaint) => {
    await expect(robber().invoke(ASK, options)).rejects.toThrow(complaint);
    await expect(robber().invoke(ASK, options)).rejects.toThrow(OptionError);
    await expect(collect(robber().stream(ASK, options))).rejects.toThrow(complaint);
    await expect(collect(robber().streamEvents(ASK, options))).rejects.toThrow(complaint);
  });

  it.each<[unknown, string]>([
    [null, "Expected `tools` to be a list, got `null` (null)"],
    [[null], "Expected `tools[0]` to be a tool"],
    [["search"], "Expected `tools[0]` to be a tool"],
  ])("when tools are bound: %j", (tools, complaint) => {
    expect(() => robber().bindTools(tools as never)).toThrow(complaint);
    expect(() => robber().bindTools(tools as never)).toThrow(OptionError);
  });

  it("a schema of zod that refers to itself is none of these", () => {
    const category = z.object({
      name: z.string(),
      get parts() {
        return z.array(category);
      },
    });
    expect(() => robber().withStructuredOutput(category)).not.toThrow();
    expect(() => robber().bindTools([{ name: "sort", schema: category }])).not.toThrow();
    expect(() => robber().withStructuredOutput(z.object({ all: z.set(z.string()) }))).toThrow(
      /Set cannot be represented.* \(JSON has texts/,
    );
  });

  it("a schema of zod that JSON cannot have, in a tool or for an answer", () => {
    const complaint = /to have schemas of what JSON can say, got one that says more: Date cannot be represented/;
    expect(() => robber().bindTools([{ name: "plan", schema: z.object({ day: z.date() }) }])).toThrow(complaint);
    const expected = (what: string) => new RegExp(`to have schemas of what JSON can say, got one that says more: ${what}`);
    expect(() => robber().withStructuredOutput(z.object({ size: z.bigint() }))).toThrow(expected("BigInt cannot be represented"));
    expect(() => robber().withStructuredOutput(z.object({ day: z.date().min(new Date()) }))).toThrow(expected("bounds of a date"));
    expect(() => robber().withStructuredOutput(z.object({ size: z.bigint() }))).toThrow(OptionError);
  });

  it.each<[LoadWaiting, string]>([
    [{ onProgress: "loud" as never }, "Expected `onProgress` to be a function, got `loud` (string)"],
    [{ signal: "now" as never }, "Expected `signal` to be an AbortSignal, got `now` (string)"],
    [null as never, "Expected `options` to be an object, got `null` (null)"],
  ])("when it is loaded: %s", async (waiting, complaint) => {
    await expect(ChatRain.load({ model: worldEngine(ROBBERY) }, waiting)).rejects.toThrow(complaint);
    await expect(ChatRain.load({ model: worldEngine(ROBBERY) }, waiting)).rejects.toThrow(OptionError);
  });

  it("a tool whose schema cannot constrain what is written, by the tool's name and the part", async () => {
    const parameters = { type: "object", properties: { a: { type: "integer", minimum: 2, maximum: 1 } } };
    const tools = [{ type: "function", function: { name: "odd", parameters } }];
    await expect(robber().bindTools(tools).invoke(ASK)).rejects.toThrow(EngineError);
    await expect(robber().bindTools(tools).invoke(ASK)).rejects.toThrow(/the parameters of the tool `odd`.*#\/properties\/a/);
  });

  it("but what only makes fewer values valid is checked of whole calls: one foreign tool stops no agent, and that is told, once", async () => {
    const texts = [
      { type: "string", format: "color" },
      { type: "string", pattern: "(?<=a)b" },
      { type: "array", uniqueItems: true },
    ];
    const parameters = { type: "object", properties: { a: { anyOf: texts }, "b/c": { ...texts[0] } } };
    const tools = [{ type: "function", function: { name: "foreign", parameters } }];
    const notices: string[] = [];
    const model = robber({ maxTokens: 200, onNotice: (notice) => notices.push(notice) });
    for (let time = 0; time < 2; time++) {
      const { tool_calls } = await model.bindTools(tools, { tool_choice: "foreign" }).invoke(ASK);
      expect(tool_calls).toMatchObject([{ name: "foreign" }]);
    }
    const left = (keyword: string, at: string) =>
      `Expected the tool \`foreign\` to have a schema to write by, got \`${keyword}\` at ${at}: that is checked of whole calls, as far as it is known.`;
    expect(new Set(notices.filter((notice) => notice.includes("foreign")))).toEqual(
      new Set([
        left("format", "#/properties/a/anyOf/0"),
        left("pattern", "#/properties/a/anyOf/1"),
        left("uniqueItems", "#/properties/a/anyOf/2"),
        left("format", "#/properties/b~1c"),
      ]),
    );
    expect(notices.filter((notice) => notice.includes("foreign"))).toHaveLength(4);
  });

  it("no messages, and a conversation that does not fit", async () => {
    await expect(robber().invoke([])).rejects.toThrow("Expected `messages` to be a non-empty list of messages");
    await expect(robber().invoke("rain ".repeat(2000))).rejects.toThrow(ContextOverflowError);
  });
});

describe("An abort ends ChatRain within one decode step:", () => {
  const WAYS: Readonly<Record<string, (model: ChatRain, signal: AbortSignal) => Promise<unknown>>> = {
    invoke: (model, signal) => model.invoke(ASK, { signal }),
    stream: (model, signal) => collect(model.stream(ASK, { signal })),
    "newest events": (model, signal) => collect(model.streamEvents(ASK, { signal })),
    "events v2": (model, signal) => collect(model.streamEvents(ASK, { version: "v2", signal })),
    batch: (model, signal) => model.batch([ASK], { signal }),
    "structured output": (model, signal) =>
      model.withStructuredOutput({ type: "object", properties: { a: { enum: ["You", "Take"] } } }).invoke(ASK, { signal }),
    "a tool": (model, signal) =>
      model
        .bindTools([{ name: "f", schema: { type: "object", properties: {} } }], { tool_choice: "f", maxTokens: 200 })
        .invoke(ASK, { signal }),
    dispose: (model) => model.invoke(ASK),
  };

  it.each(Object.keys(WAYS))("%s", async (way) => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 30 }), async (fatal) => {
        const controller = new AbortController();
        let calls = 0;
        const engine: Engine = watchedEngine(worldEngine(ROBBERY), (_method, { signal }) => {
          if (signal?.aborted || ++calls !== fatal) return;
          if (way === "dispose") void model.dispose();
          else controller.abort(new Error("enough"));
        });
        const model = new ChatRain({ model: engine, maxTokens: 24, checkJudge: false, ...FLAGGED });
        const outcome = await WAYS[way]?.(model, controller.signal).then(
          () => "answered",
          (error: unknown) => String(error),
        );
        // Where the answer was complete before, nothing is left to be ended.
        const expected = calls < fatal ? /^answered$/ : way === "dispose" ? /disposed/ : /enough|abort/i;
        expect(outcome).toMatch(expected);
        expect(calls).toBeLessThanOrEqual(fatal);
      }),
      { numRuns: 12 },
    );
  });
});

describe("ChatRain and its engine:", () => {
  it("with `keepAlive` it is freed when nobody asks anything, and loaded again by the next call, which gives the same text", async () => {
    const fields = { model: "embedded", gpu: false, threads: 1, keepAlive: 0.001, seed: 1, maxTokens: 12, mode: "vanilla" } as const;
    await using model = new ChatRain(fields);
    const { text } = await model.invoke(ASK);
    let loading = 0;
    const loadedAnew = async () => {
      await using _ = await ChatRain.load(fields, { onProgress: () => loading++ });
      return loading;
    };
    await expect.poll(loadedAnew).toBeGreaterThan(0);
    expect((await model.invoke(ASK)).text).toBe(text);
  });

  it("an engine that was given is its owner's to dispose of", async () => {
    const engine = worldEngine(ROBBERY);
    await robber({ model: engine }).dispose();
    expect((await robber({ model: engine }).invoke(ASK)).text).not.toBe("");
  });

  it("a reader who leaves a stream gives its place back", async () => {
    const model = robber({ concurrency: 1 });
    for await (const _ of await model.stream(ASK)) break;
    for await (const _ of model.streamEvents(ASK)) break;
    expect((await model.invoke(ASK)).text).not.toBe("");
  });

  it("after its end it answers no more", async () => {
    const model = robber();
    await model[Symbol.asyncDispose]();
    await expect(model.invoke(ASK)).rejects.toMatchObject({ name: "EngineError", code: "disposed" });
  });

  it("a load that was given up is ended: who loads the same afterwards begins anew", async () => {
    const fields: ChatRainFields = { threads: 1, gpu: false, contextSize: 256 };
    const controller = new AbortController();
    const heard: number[] = [];
    const onProgress = ({ share }: LoadProgress) => {
      heard.push(share);
      controller.abort(new Error("enough"));
    };
    await expect(ChatRain.load(fields, { onProgress, signal: controller.signal })).rejects.toThrow("enough");
    const again: number[] = [];
    await using _model = await ChatRain.load(fields, { onProgress: ({ share }) => again.push(share) });
    expect(again[0]).toBeLessThanOrEqual(heard[0] as number);
  });

  it("a model that cannot be loaded is named when it is first needed, and by load() at once", async () => {
    const fields = { model: "/no/such/model.gguf" };
    const model = new ChatRain(fields);
    await expect(model.invoke(new HumanMessage(ASK).text)).rejects.toMatchObject({ name: "EngineError", code: "model-not-found" });
    await expect(ChatRain.load(fields)).rejects.toMatchObject({ name: "EngineError", code: "model-not-found" });
  });
});

/** As JSON has it. */
function strip(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
