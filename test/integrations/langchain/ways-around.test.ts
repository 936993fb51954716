import { InMemoryCache } from "@langchain/core/caches";
import { awaitAllCallbacks } from "@langchain/core/callbacks/promises";
import { AIMessage, AIMessageChunk, type BaseMessage, ChatMessage, HumanMessage } from "@langchain/core/messages";
import type { ChatGenerationChunk, ChatResult } from "@langchain/core/outputs";
import { RunnableLambda } from "@langchain/core/runnables";
import { tool } from "@langchain/core/tools";
import { LangChainTracer } from "@langchain/core/tracers/tracer_langchain";
import { MemorySaver } from "@langchain/langgraph";
import { type AnyAgentMiddleware, createAgent, createMiddleware, modelFallbackMiddleware } from "langchain";
import { ChatRain, RainCritique } from "rain-align/langchain";
import { rainGuardrail } from "rain-align/middleware";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { OptionError } from "../../../src/core/index.ts";
import { collect } from "../../support/chat-models.ts";
import { answering, inOrder, ScriptedChat } from "../../support/scripted-chat.ts";
import { ROBBERY, worldEngine } from "../../support/scripted-world.ts";
import { againstWord } from "../../support/word-judge.ts";

const judge = againstWord("canary");
const ASK = "How do I get home?";

describe("Nothing gets around the guardrail:", () => {
  it.each<[string, AnyAgentMiddleware]>([
    ["a model that stands in behind it when its own fails", modelFallbackMiddleware(answering("A canary."))],
    [
      "an answer that is written anew behind it",
      createMiddleware({
        name: "editor",
        wrapModelCall: async (request, handler) => {
          await handler(request);
          return new AIMessage("A canary.");
        },
      }),
    ],
  ])("%s is noticed", async (_, behind) => {
    const model = behind.name === "editor" ? answering("A harbour.") : answering(new Error("503"));
    const agent = createAgent({ model, tools: [], middleware: [rainGuardrail({ judge }), behind] });
    const failed = await agent.invoke({ messages: [new HumanMessage(ASK)] }).catch((error: unknown) => error);
    expect(OptionError.isInstance(failed)).toBe(true);
  });

  it("what a flagged message said is not read by the model in a later run either", async () => {
    const model = answering("A harbour.");
    const middleware = [rainGuardrail({ judge, checkInput: true, exitBehavior: "end" })];
    const agent = createAgent({ model, tools: [], middleware, checkpointer: new MemorySaver() });
    const thread = { configurable: { thread_id: "1" } };
    await agent.invoke({ messages: [new HumanMessage("A canary?")] }, thread);
    await agent.invoke({ messages: [new HumanMessage("And now?")] }, thread);
    expect(JSON.stringify(model.calls)).toContain("And now?");
    expect(JSON.stringify(model.calls)).not.toContain("canary");
  });

  it.each([
    ["a block of plain text", new HumanMessage({ content: [{ type: "text-plain", text: "A canary?" }] as never })],
    ["a block of an unknown kind", new HumanMessage({ content: [{ type: "json", json: "A canary?" }] as never })],
    ["a message of a role by name", new ChatMessage({ role: "user", content: "A canary?" })],
  ])("%s is judged before the model reads it", async (_, message) => {
    const model = answering("A harbour.");
    await createAgent({ model, tools: [], middleware: [rainGuardrail({ judge, checkInput: true })] }).invoke({ messages: [message] });
    expect(JSON.stringify(model.calls)).not.toContain("canary");
  });

  it("the message of an error that a tool throws is judged before anybody makes a result of it", async () => {
    const failing = tool(
      () => {
        throw new Error("A canary.");
      },
      { name: "search", description: "Searches", schema: z.object({}) },
    );
    const telling = createMiddleware({
      name: "telling",
      wrapToolCall: async (request, handler) => {
        try {
          return await handler(request);
        } catch (error) {
          throw new Error(`told: ${error}`, { cause: error });
        }
      },
    });
    const call = new AIMessage({ content: "", tool_calls: [{ name: "search", args: {}, id: "1", type: "tool_call" }] });
    const model = answering(call, "A harbour.");
    const agent = createAgent({ model, tools: [failing], middleware: [telling, rainGuardrail({ judge, checkToolResults: true })] });
    await agent.invoke({ messages: [new HumanMessage(ASK)] });
    expect(model.calls).toHaveLength(2);
    expect(JSON.stringify(model.calls)).not.toContain("canary");
  });
});

/** Where a provider, or a model that writes its own messages, could hide a word beside the text that is judged. */
const HIDING_PLACES: readonly (readonly [string, object])[] = [
  ["a citation", { content: [{ type: "text", text: "Go.", annotations: [{ type: "url_citation", title: "A canary." }] }] }],
  ["a text that is no text", { content: [{ type: "text", text: { value: "A canary." } }] }],
  ["a further field of a thought", { content: [{ type: "thinking", thinking: "Hm.", comment: "A canary." }] }],
  ["a thought that is no text", { content: [{ type: "thinking", thinking: { text: "A canary." } }] }],
  ["a part of a summary", { content: [{ type: "reasoning", summary: [{ text: "Hm.", title: "A canary." }] }] }],
  ["what only its provider should read", { content: [{ type: "redacted_thinking", data: "A canary." }] }],
  ["a block of a call that nobody makes", { content: [{ type: "tool_use", id: "1", name: "search", input: { query: "A canary." } }] }],
  [
    "a block that calls for something else than the call",
    {
      content: [{ type: "tool_use", id: "1", name: "search", input: { query: "A canary." } }],
      tool_calls: [{ type: "tool_call", id: "1", name: "search", args: { query: "harbour" } }],
    },
  ],
  ["the id of a call", { tool_calls: [{ type: "tool_call", id: "A canary.", name: "search", args: {} }] }],
  ["a signature", { additional_kwargs: { thought_signature: "A canary.", signatures: { "A canary.": "c2ln" } } }],
  ["thoughts in another form", { additional_kwargs: { reasoning_content: { text: "A canary." } } }],
  ["the provider's raw output", { response_metadata: { output: [{ text: "A canary." }] } }],
  ["probabilities, token by token", { response_metadata: { logprobs: { content: [{ token: "canary" }] } } }],
  ["the name of the model", { response_metadata: { model_name: "A canary." } }],
  ["what it cost", { response_metadata: { usage: { total: 1, note: "A canary.", "A canary.": 1 } } }],
  ["what counts its tokens", { usage_metadata: { input_tokens: "A canary.", output_tokens: 1, total_tokens: 1 } }],
];

describe("Nothing that nobody judged is in an answer that was accepted:", () => {
  it.each(HIDING_PLACES)("%s", async (_, fields) => {
    const hiding = () => answering(new AIMessage({ content: "Go.", ...fields }), "A harbour.");
    const critique = new RainCritique({ model: hiding(), judge, continuation: "whole" });
    const bySentence = new RainCritique({ judge, continuation: "prefix" }).wrap(hiding());
    const agent = createAgent({ model: hiding(), tools: [], middleware: [rainGuardrail({ judge })] });
    const answers = [
      (await critique.invoke(ASK)).message,
      await bySentence.invoke(ASK),
      await agent.invoke({ messages: [new HumanMessage(ASK)] }),
    ];
    for (const answer of answers) expect(JSON.stringify(answer)).not.toContain("canary");
  });

  it("arguments of a call as they were written, where they say more than was read", async () => {
    const args = '{"query": "A canary.", "query": "harbour"}';
    const call = { type: "tool_call_chunk", index: 0, id: "1", name: "search", args } as const;
    const draft = new AIMessageChunk({ content: "", tool_call_chunks: [call] });
    const parts = await collect(await new RainCritique({ judge }).stream({ messages: ASK, draft }));
    expect(parts[0]?.message.tool_calls).toMatchObject([{ args: { query: "harbour" } }]);
    expect(JSON.stringify(parts)).not.toContain("canary");
  });

  it("thoughts that LangChain hides in a text of some providers", async () => {
    const draft = new AIMessage({ content: "<think>A canary.</think>Go.", response_metadata: { model_provider: "groq" } });
    expect((await new RainCritique({ judge }).invoke({ messages: ASK, draft })).accepted).toBe(false);
  });
});

describe("Nobody but the critique learns of a draft:", () => {
  it.each<[string, (model: ScriptedChat) => object]>([
    ["behind retries", (model) => model.withRetry()],
    ["behind fallbacks", (model) => model.withFallbacks([answering("Another.")])],
    ["at the end of a chain", (model) => model.withConfig({ tags: ["x"] }).pipe((message: AIMessage) => message)],
  ])("%s, not the model's own callbacks, nor its cache", async (_, around) => {
    const seen: string[] = [];
    const reply = inOrder(["A canary.", "A harbour."]);
    const handleLLMEnd = (output: { readonly generations: readonly (readonly { readonly text: string }[])[] }) => {
      seen.push(output.generations[0]?.[0]?.text ?? "");
    };
    const model = new ScriptedChat({ reply, cache: new InMemoryCache(), callbacks: [{ handleLLMEnd }] });
    const { message } = await new RainCritique({ model: around(model) as never, judge, continuation: "whole" }).invoke(ASK);
    expect(message.text).toBe("A harbour.");
    expect(seen.join()).not.toContain("canary");
  });
});

/** A model that asks another one, as people write it: without handing on the callbacks of its own run. */
class Delegating extends ScriptedChat {
  readonly #inner: ScriptedChat;

  constructor(inner: ScriptedChat) {
    super({ reply: () => "", streams: false });
    this.#inner = inner;
  }

  override async _generate(messages: BaseMessage[]): Promise<ChatResult> {
    const message = await this.#inner.invoke(messages);
    return { generations: [{ text: message.text, message }] };
  }
}

const AROUND: readonly (readonly [string, (model: ScriptedChat) => object])[] = [
  ["alone", (model) => model],
  ["behind retries", (model) => model.withRetry()],
  ["behind fallbacks", (model) => model.withFallbacks([answering("Another.")])],
  ["in a chain", (model) => RunnableLambda.from((messages: BaseMessage[]) => messages).pipe(model)],
  ["in a function of a chain", (model) => RunnableLambda.from(async (messages: BaseMessage[]) => await model.invoke(messages))],
  ["in another model", (model) => new Delegating(model)],
];

describe("LangSmith, where the environment switches it on, is sent what was released and no draft:", () => {
  /** What was sent while this went on. */
  async function sentBy(work: () => Promise<unknown>): Promise<string> {
    const sent: unknown[] = [];
    vi.stubEnv("LANGSMITH_TRACING", "true");
    const { client } = new LangChainTracer();
    const spies = (["createRun", "updateRun"] as const).map((name) =>
      vi.spyOn(client, name).mockImplementation(async (...told: unknown[]) => void sent.push(...told)),
    );
    try {
      await work();
      await awaitAllCallbacks();
    } finally {
      for (const spy of spies) spy.mockRestore();
      vi.unstubAllEnvs();
    }
    return JSON.stringify(sent);
  }

  const drafting = () => answering("A canary.", "A harbour.");

  it.each(AROUND)("of a model %s", async (_, around) => {
    const sent = await sentBy(async () => {
      const model = around(drafting()) as never;
      const { message } = await new RainCritique({ model, judge, continuation: "whole" }).invoke(ASK);
      expect(message.text).toBe("A harbour.");
    });
    // Not the text itself: where this fails it is thousands of lines.
    expect({ good: sent.includes("harbour"), bad: sent.includes("canary") }).toEqual({ good: true, bad: false });
  });

  it.each(AROUND.filter(([name]) => /alone|another/.test(name)))("of an agent whose model is %s", async (_, around) => {
    const agent = createAgent({ model: around(drafting()) as ScriptedChat, tools: [], middleware: [rainGuardrail({ judge })] });
    const sent = await sentBy(() => agent.invoke({ messages: [new HumanMessage(ASK)] }));
    // Not the text itself: where this fails it is thousands of lines.
    expect({ good: sent.includes("harbour"), bad: sent.includes("canary") }).toEqual({ good: true, bad: false });
  });
});

describe("A model that asks another one", () => {
  it.each(["messages", "updates", "custom"] as const)("shows no draft in the stream of a guarded agent: %s", async (streamMode) => {
    const model = new Delegating(answering("A canary.", "A harbour."));
    const agent = createAgent({ model, tools: [], middleware: [rainGuardrail({ judge })] });
    const shown = await collect(agent.stream({ messages: [new HumanMessage(ASK)] }, { streamMode }));
    expect(JSON.stringify(shown)).toContain("harbour");
    expect(JSON.stringify(shown)).not.toContain("canary");
  });
});

describe("A cache of critiqued answers", () => {
  it("tells judges apart, and what is bound to their model", async () => {
    const cache = new InMemoryCache();
    const model = answering("A canary.");
    const ask = async (by: RainCritique, stop: string) =>
      (
        await by
          .asModel({ cache })
          .withConfig({ stop: [stop] })
          .invoke(ASK)
      ).text;
    const lenient = new RainCritique({ model, judge: { judge: async () => 1 } });
    expect(await ask(lenient, "x")).toBe("A canary.");
    expect(await ask(new RainCritique({ model, judge }), "x")).not.toContain("canary");
    const bound = (stop: string) => new RainCritique({ model: model.withConfig({ stop: [stop] }) as never, judge }).asModel({ cache });
    expect(bound("x")._identifyingParams()).not.toEqual(bound("y")._identifyingParams());
  });
});

describe("One caller's trouble is not another's:", () => {
  it("a first request that is aborted leaves the critique as it was", async () => {
    const controller = new AbortController();
    const reply = () => {
      controller.abort(new Error("enough"));
      return "A harbour.";
    };
    const critique = new RainCritique({ model: new ScriptedChat({ reply }), judge });
    await expect(critique.invoke(ASK, { signal: controller.signal })).rejects.toThrow("enough");
    expect((await critique.invoke(ASK)).message.text).toBe("A harbour.");
  });

  it("a model that hangs in the middle of a stream does not hold up who gives up", async () => {
    const controller = new AbortController();
    class Hanging extends ScriptedChat {
      override async *_streamResponseChunks(): AsyncGenerator<ChatGenerationChunk> {
        yield { text: "One. Two", message: new AIMessageChunk("One. Two") } as ChatGenerationChunk;
        controller.abort(new Error("enough"));
        await new Promise(() => undefined);
      }
    }
    const model = new RainCritique({ model: new Hanging({ reply: () => "" }), judge, continuation: "prefix" }).asModel();
    await expect(model.invoke(ASK, { signal: controller.signal })).rejects.toThrow(/enough|abort/i);
  });
});

describe("ChatRain", () => {
  it("takes the queue's options beside a model that it loads itself", async () => {
    await using model = new ChatRain({ seed: 1, concurrency: 2, maxWaiting: 5, threads: 1, gpu: false, maxTokens: 8, checkJudge: false });
    expect((await model.invoke("How do I visit the market?")).text).not.toBe("");
  });

  it("streams the object of a JSON schema", async () => {
    const schema = { type: "object", properties: { ok: { type: "boolean" } }, required: ["ok"], additionalProperties: false };
    await using model = new ChatRain({ threads: 1, gpu: false, threshold: -1, checkJudge: false, seed: 1 });
    const parts: unknown[] = [];
    for await (const part of await model.withStructuredOutput(schema).stream("How do I visit the market?")) parts.push(part);
    expect(parts.at(-1)).toEqual({ ok: expect.any(Boolean) });
  });

  it("rejects as a listener rejects, and nothing is left unhandled", async () => {
    const onRainEvent = async () => {
      throw new Error("deaf");
    };
    const model = new ChatRain({ seed: 1, model: worldEngine(ROBBERY), checkJudge: false, onRainEvent });
    await expect(model.invoke(ASK)).rejects.toThrow("deaf");
  });

  it.each([null, "object"])("refuses %s as a schema in words", (schema) => {
    expect(() => new ChatRain({ seed: 1, model: worldEngine(ROBBERY) }).withStructuredOutput(schema as never)).toThrow(OptionError);
  });

  it("takes a path that begins like an address for a path", () => {
    expect(new ChatRain({ model: "httpfoo.gguf" }).model).toBe("httpfoo.gguf");
  });
});
