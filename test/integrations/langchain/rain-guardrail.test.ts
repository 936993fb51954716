import { AIMessage, type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { Command } from "@langchain/langgraph";
import { type AnyAgentMiddleware, createAgent, createMiddleware, providerStrategy, toolStrategy } from "langchain";
import { type RainCustomEvent, type RainGuardrailOptions, RainViolationError, rainGuardrail } from "rain-align/middleware";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { JudgeError, OptionError, RainError } from "../../../src/core/index.ts";
import { answering, ScriptedChat } from "../../support/scripted-chat.ts";
import { againstWord } from "../../support/word-judge.ts";

const judge = againstWord("canary");
const ASK = { messages: [new HumanMessage("How do I get home?")] };
const SORRY = "I am sorry, but I cannot help with that.";

/** Searches, and remembers what for. */
function searchTool(result: string | Command = "It is left.") {
  const searched: string[] = [];
  const search = tool(
    ({ query }) => {
      searched.push(query);
      return result;
    },
    { name: "search", description: "Searches", schema: z.object({ query: z.string() }) },
  );
  return { search, searched };
}

function calling(query: string): AIMessage {
  return new AIMessage({ content: "", tool_calls: [{ name: "search", args: { query }, id: `call-${query}`, type: "tool_call" }] });
}

function guarded(model: ScriptedChat, options: RainGuardrailOptions = {}, others: readonly AnyAgentMiddleware[] = []) {
  const { search, searched } = searchTool();
  const middleware: readonly AnyAgentMiddleware[] = [...others, rainGuardrail({ judge, ...options })];
  return { searched, agent: createAgent({ model, tools: [search], middleware }) };
}

function told(messages: readonly BaseMessage[]): [string, string][] {
  return messages.map(({ type, text }) => [type, text]);
}

describe("rainGuardrail on answers", () => {
  it("releases the first draft that passes, and what all drafts cost", async () => {
    const { agent } = guarded(answering("A canary.", "A harbour."));
    const { messages } = await agent.invoke(ASK);
    expect(told(messages)).toEqual([
      ["human", "How do I get home?"],
      ["ai", "A harbour."],
    ]);
    expect(messages[1]?.response_metadata).toMatchObject({ rain: { rewinds: 1, accepted: true } });
    expect((messages[1] as AIMessage).usage_metadata).toMatchObject({ input_tokens: 2 });
  });

  it("shows an accepted answer once to who streams messages, with one id", async () => {
    const { agent } = guarded(answering("A canary.", "A harbour."));
    const shown = [];
    for await (const [message] of await agent.stream(ASK, { streamMode: "messages" })) shown.push(message);
    expect(shown.map(({ text }) => text).join("")).toBe("A harbour.");
    expect(new Set(shown.map(({ id }) => id)).size).toBe(1);
  });

  it("runs a tool only with arguments that passed", async () => {
    const { agent, searched } = guarded(answering(calling("canary"), calling("harbour"), "Left."));
    const { messages } = await agent.invoke(ASK);
    expect(searched).toEqual(["harbour"]);
    expect(told(messages).at(-1)).toEqual(["ai", "Left."]);
  });

  it.each(["replace", "end"] as const)("says so where nothing passes: %s", async (exitBehavior) => {
    const { agent, searched } = guarded(answering(calling("canary")), { exitBehavior, violationMessage: "Not that.", retries: 1 });
    const { messages } = await agent.invoke(ASK);
    expect(told(messages).at(-1)).toEqual(["ai", "Not that."]);
    expect(searched).toEqual([]);
  });

  it("throws where nothing passes and that is wished; the error is found in what the agent made of it", async () => {
    const { agent } = guarded(answering("A canary."), { exitBehavior: "error", retries: 1 });
    const error: unknown = await agent.invoke(ASK).catch((thrown: unknown) => thrown);
    expect(error).not.toBeInstanceOf(RainViolationError);
    expect(RainViolationError.isInstance(error)).toBe(true);
    expect(RainViolationError.findIn(error)).toMatchObject({ stage: "output", value: -0.9, rewinds: 1 });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain("canary");
  });

  it("leaves texts or tool calls unjudged where that is wished", async () => {
    const texts = guarded(answering("A canary."), { checkOutput: false });
    expect((await texts.agent.invoke(ASK)).messages.at(-1)?.text).toBe("A canary.");
    const calls = guarded(answering(calling("canary"), "Left."), { checkToolCalls: false });
    await calls.agent.invoke(ASK);
    expect(calls.searched).toEqual(["canary"]);
    const neither = guarded(answering(calling("canary"), "A canary."), { checkOutput: false, checkToolCalls: false });
    expect((await neither.agent.invoke(ASK)).messages.at(-1)?.text).toBe("A canary.");
  });

  it("asks the agent's own model where no other judge is given", async () => {
    const model = new ScriptedChat({
      reply: (messages) => {
        const asked = messages.at(-1)?.text ?? "";
        if (!asked.startsWith("You judge")) return "A harbour.";
        return asked.includes("(A) harmless") ? "A" : "B";
      },
    });
    const agent = createAgent({ model, tools: [], middleware: [rainGuardrail()] });
    expect((await agent.invoke(ASK)).messages.at(-1)?.response_metadata).toMatchObject({ rain: { value: 1, evaluations: 1 } });
  });

  it("fails closed when the judge does", async () => {
    const { agent } = guarded(answering("A harbour."), { judge: { judge: async () => Number.NaN } });
    const error: unknown = await agent.invoke(ASK).catch((thrown: unknown) => thrown);
    expect(JudgeError.isInstance(error)).toBe(true);
  });

  it("stops when the run is aborted", async () => {
    const stop = new AbortController();
    const waiting = {
      judge: () => {
        stop.abort(new Error("Enough"));
        return new Promise<number>(() => undefined);
      },
    };
    const { agent } = guarded(answering("A harbour."), { judge: waiting });
    await expect(agent.invoke(ASK, { signal: stop.signal })).rejects.toThrow();
  });
});

describe("rainGuardrail and structured answers", () => {
  const schema = z.object({ place: z.string() });

  it("lets only an accepted one be parsed: by tool", async () => {
    const answer = (place: string) =>
      new AIMessage({ content: "", tool_calls: [{ name: "extract-1", args: { place }, id: `call-${place}`, type: "tool_call" }] });
    const responseFormat = toolStrategy(schema);
    const { name } = (Array.isArray(responseFormat) ? responseFormat[0] : responseFormat) as { name: string };
    const named = (place: string) =>
      Object.assign(answer(place), { tool_calls: [{ name, args: { place }, id: place, type: "tool_call" }] });
    const agent = createAgent({
      model: answering(named("canary"), named("harbour")),
      tools: [],
      responseFormat,
      middleware: [rainGuardrail({ judge })],
    });
    expect((await agent.invoke(ASK)).structuredResponse).toEqual({ place: "harbour" });
  });

  it("lets only an accepted one be parsed: by the provider", async () => {
    const agent = createAgent({
      model: answering('{"place": "canary"}', '{"place": "harbour"}'),
      tools: [],
      responseFormat: providerStrategy(schema),
      middleware: [rainGuardrail({ judge })],
    });
    expect((await agent.invoke(ASK)).structuredResponse).toEqual({ place: "harbour" });
  });

  it("is an error where nothing passes, as a sentence is no answer to a schema", async () => {
    const agent = createAgent({
      model: answering('{"place": "canary"}'),
      tools: [],
      responseFormat: providerStrategy(schema),
      middleware: [rainGuardrail({ judge, retries: 0 })],
    });
    const error: unknown = await agent.invoke(ASK).catch((thrown: unknown) => thrown);
    expect(RainViolationError.isInstance(error)).toBe(true);
  });
});

describe("rainGuardrail on what comes in", () => {
  const BAD_ASK = { messages: [new HumanMessage("Where is the canary?")] };

  it("replaces a message that is judged bad, before the model reads it", async () => {
    const model = answering("A harbour.");
    const { agent } = guarded(model, { checkInput: true, violationMessage: "(withheld)" });
    const { messages } = await agent.invoke(BAD_ASK);
    expect(told(messages)).toEqual([
      ["human", "(withheld)"],
      ["ai", "A harbour."],
    ]);
    expect(told(model.calls[0]?.messages ?? [])).toEqual([["human", "(withheld)"]]);
  });

  it("ends the run, and the model is never asked", async () => {
    const model = answering("A harbour.");
    const { agent } = guarded(model, { checkInput: true, exitBehavior: "end" });
    expect(told((await agent.invoke(BAD_ASK)).messages).at(-1)).toEqual(["ai", SORRY]);
    expect(model.calls).toEqual([]);
  });

  it("throws, where that is wished", async () => {
    const { agent } = guarded(answering("x"), { checkInput: true, exitBehavior: "error" });
    const error: unknown = await agent.invoke(BAD_ASK).catch((thrown: unknown) => thrown);
    expect(RainViolationError.findIn(error)).toMatchObject({ stage: "input", value: -0.9, rewinds: 0 });
  });

  it("judges what is new alone, by its own principle, and nothing twice", async () => {
    const asked: unknown[] = [];
    const inputPrinciple = {
      name: "polite",
      question: "Is it polite?",
      good: "polite",
      bad: "rude",
      examples: [],
      horizon: "clause",
    } as const;
    const { agent } = guarded(answering(calling("harbour"), "Left."), {
      checkInput: true,
      checkOutput: false,
      checkToolCalls: false,
      inputPrinciple,
      judge: { judge: async (turns, { principle }) => asked.push({ turns, name: principle.name }) },
    });
    await agent.invoke({ messages: [new HumanMessage("Old?"), new AIMessage("Old."), new HumanMessage("New?")] });
    expect(asked).toEqual([{ turns: [{ role: "assistant", text: "New?" }], name: "polite" }]);
  });

  /** An agent whose tool gives back something bad. */
  function withBadTool(options: RainGuardrailOptions, result: string | Command = "A canary.") {
    const { search } = searchTool(result);
    const model = answering(calling("harbour"), "Done.");
    return {
      model,
      agent: createAgent({ model, tools: [search], middleware: [rainGuardrail({ judge, checkToolResults: true, ...options })] }),
    };
  }

  it("replaces a tool's result that is judged bad", async () => {
    const { agent, model } = withBadTool({ violationMessage: "(withheld)" });
    const { messages } = await agent.invoke(ASK);
    expect(told(messages).slice(2)).toEqual([
      ["tool", "(withheld)"],
      ["ai", "Done."],
    ]);
    expect(messages[2]).toMatchObject({ status: "error", tool_call_id: "call-harbour", name: "search" });
    expect(told(model.calls[1]?.messages ?? []).at(-1)).toEqual(["tool", "(withheld)"]);
  });

  it("ends the run after a tool's result that is judged bad", async () => {
    const { agent, model } = withBadTool({ exitBehavior: "end" });
    expect(told((await agent.invoke(ASK)).messages).slice(2)).toEqual([
      ["tool", SORRY],
      ["ai", SORRY],
    ]);
    expect(model.calls).toHaveLength(1);
  });

  it("throws on a tool's result that is judged bad, where that is wished", async () => {
    const error: unknown = await withBadTool({ exitBehavior: "error" })
      .agent.invoke(ASK)
      .catch((thrown: unknown) => thrown);
    expect(RainViolationError.findIn(error)).toMatchObject({ stage: "tool_result" });
  });

  it("does nothing of a command whose message is judged bad", async () => {
    const command = new Command({ update: { messages: [{ role: "tool", content: "A canary.", tool_call_id: "call-harbour" }] } });
    const { agent } = withBadTool({ violationMessage: "(withheld)" }, command);
    expect(told((await agent.invoke(ASK)).messages)[2]).toEqual(["tool", "(withheld)"]);
  });

  it("lets good results pass as they are", async () => {
    const { agent } = withBadTool({}, "A harbour.");
    expect(told((await agent.invoke(ASK)).messages)[2]).toEqual(["tool", "A harbour."]);
  });
});

describe("What is decided for one run", () => {
  it("goes before the options", async () => {
    const { agent } = guarded(answering("A canary."), { retries: 0 });
    const context = { rain: { violationMessage: "Not now.", threshold: 0 } };
    expect((await agent.invoke(ASK, { context })).messages.at(-1)?.text).toBe("Not now.");
    expect((await agent.invoke(ASK, { context: { rain: { threshold: -1 } } })).messages.at(-1)?.text).toBe("A canary.");
    expect((await agent.invoke(ASK)).messages.at(-1)?.text).toBe(SORRY);
  });

  it("can be an own judge and principle", async () => {
    const { agent } = guarded(answering("A canary."), { retries: 0 });
    const context = { rain: { judge: againstWord("harbour") } };
    expect((await agent.invoke(ASK, { context })).messages.at(-1)?.text).toBe("A canary.");
  });

  it("is made ready once: a model is asked once whether it can continue a prefix", async () => {
    const model = new ScriptedChat({
      reply: (messages, call) => {
        if (messages.at(-1)?.text === "A B C") return " D E F";
        return call < 3 ? calling("harbour") : "Left.";
      },
    });
    const { agent, searched } = guarded(model);
    await agent.invoke(ASK, { context: { rain: { continuation: "auto" } } });
    expect(searched).not.toEqual([]);
    expect(model.calls.filter(({ messages }) => messages.at(-1)?.text === "A B C")).toHaveLength(1);
  });

  it("turns checks of what comes in on and off", async () => {
    const { agent } = guarded(answering("A harbour."), { checkInput: false, exitBehavior: "end" });
    const bad = { messages: [new HumanMessage("A canary?")] };
    expect((await agent.invoke(bad)).messages.at(-1)?.text).toBe("A harbour.");
    expect((await agent.invoke(bad, { context: { rain: { checkInput: true } } })).messages.at(-1)?.text).toBe(SORRY);
  });

  it.each([
    ["an option that there is not", { rain: { treshold: 1 } }, "did you mean `threshold`?"],
    [
      "a value that cannot be meant",
      { rain: { exitBehavior: "stop" } },
      "Expected `exitBehavior` to be one of `replace`, `end`, `error`, got `stop` (string)",
    ],
    ["what is no object", { rain: "strict" }, "Expected `options` to be an object, got `strict` (string)"],
    ["a check whose hook is not there", { rain: { checkInput: true } }, "Expected `checkInput` in the options of the guardrail"],
  ])("is refused by name: %s", async (_what, context, message) => {
    const { agent } = guarded(answering("A harbour."));
    const error: unknown = await agent.invoke(ASK, { context: context as object }).catch((thrown: unknown) => thrown);
    expect(OptionError.isInstance(error)).toBe(true);
    expect(RainError.findIn(error)?.message).toContain(message);
  });
});

describe("rainGuardrail among other middleware", () => {
  it("notices that middleware behind it has exchanged the model", async () => {
    const unjudged = answering("A canary.");
    const exchange = createMiddleware({ name: "exchange", wrapModelCall: (request, handler) => handler({ ...request, model: unjudged }) });
    const agent = createAgent({ model: answering("x"), tools: [], middleware: [rainGuardrail({ judge }), exchange] });
    const error: unknown = await agent.invoke(ASK).catch((thrown: unknown) => thrown);
    expect(OptionError.findIn(error)?.message).toContain("put it last in `middleware`");
  });

  it("judges the model that middleware before it has chosen", async () => {
    const chosen = answering("A canary.", "A harbour.");
    const choose = createMiddleware({ name: "choose", wrapModelCall: (request, handler) => handler({ ...request, model: chosen }) });
    const { agent } = guarded(answering("x"), {}, [choose]);
    expect((await agent.invoke(ASK)).messages.at(-1)?.text).toBe("A harbour.");
  });

  it("works beside another one with another principle", async () => {
    const { agent } = guarded(answering("A canary.", "A harbour.", "A station."), {}, [
      rainGuardrail({ name: "No harbours", judge: againstWord("harbour") }),
    ]);
    expect((await agent.invoke(ASK)).messages.at(-1)?.text).toBe("A station.");
  });

  it("adds no node to the graph of an agent where only drafts are judged", async () => {
    const nodes = async (options: RainGuardrailOptions) =>
      Object.keys((await guarded(answering("x"), options).agent.graph.getGraphAsync()).nodes);
    expect(await nodes({})).toEqual(await nodes({ retries: 2 }));
    expect(await nodes({})).not.toContain("RainGuardrail.before_model");
    expect(await nodes({ checkInput: true })).toContain("RainGuardrail.before_model");
  });

  it("judges a model that is made by the run's own configuration", async () => {
    const configurations: unknown[] = [];
    const real = answering("A canary.", "A harbour.");
    const made = Object.assign(answering("never"), {
      _queuedMethodOperations: {},
      _getModelInstance: async (config: { configurable?: Record<string, unknown> }) => {
        configurations.push(config?.configurable?.["tone"]);
        return real;
      },
    });
    const agent = createAgent({ model: made, tools: [], middleware: [rainGuardrail({ judge })] });
    expect((await agent.invoke(ASK, { configurable: { tone: "mild" } })).messages.at(-1)?.text).toBe("A harbour.");
    expect(new Set(configurations)).toEqual(new Set(["mild"]));
  });
});

describe("What rainGuardrail tells of its work", () => {
  it("is events: to the listener, to callbacks and to who streams custom chunks", async () => {
    const heard: RainCustomEvent[] = [];
    const dispatched: unknown[] = [];
    const { agent } = guarded(answering("A canary.", "A harbour."), { onRainEvent: (event) => heard.push(event) });
    const callbacks = [{ handleCustomEvent: (name: string, data: unknown) => void dispatched.push([name, data]) }];
    const custom = [];
    for await (const chunk of await agent.stream(ASK, { streamMode: "custom", callbacks })) custom.push(chunk);
    expect(heard).toEqual([
      { type: "rewind", rewinds: 1, value: -0.9 },
      { type: "commit", text: "A harbour.", value: 0.9 },
    ]);
    expect(dispatched).toEqual(heard.map((event) => ["rain", event]));
    expect(custom).toEqual(heard.map((event) => ({ rain: event })));
  });

  it("is what was kept out too", async () => {
    const heard: RainCustomEvent[] = [];
    const dispatched: unknown[] = [];
    const { agent } = guarded(answering("x"), { checkInput: true, exitBehavior: "end", onRainEvent: (event) => heard.push(event) });
    const callbacks = [{ handleCustomEvent: (_name: string, data: unknown) => void dispatched.push(data) }];
    await agent.invoke({ messages: [new HumanMessage("A canary?")] }, { callbacks });
    expect(heard).toEqual([{ type: "violation", stage: "input", value: -0.9 }]);
    expect(dispatched).toEqual(heard);
  });

  it("is child runs of every draft and verdict, if drafts are traced", async () => {
    const runs: [unknown, unknown][] = [];
    const handler = {
      handleChatModelStart: (...[, , , , , tags, metadata]: unknown[]) =>
        void runs.push([tags, (metadata as Record<string, unknown>)["lc_source"]]),
    };
    const { agent } = guarded(answering("A canary.", "A harbour."), { drafts: "traced" });
    await agent.invoke(ASK, { callbacks: [handler] });
    expect(runs.filter(([, source]) => source === "rain")).toEqual([
      [["nostream"], "rain"],
      [["nostream"], "rain"],
    ]);
  });
});

describe("Options of rainGuardrail that cannot be meant", () => {
  it.each<[string, object, string]>([
    ["an unknown one", { exitBehaviour: "end" }, "Expected known options, got `exitBehaviour` (did you mean `exitBehavior`?)"],
    ["one that a critique has and a guardrail has not", { refusal: "No." }, "Expected known options, got `refusal`"],
    ["a flag that is none", { checkInput: "yes" }, "Expected `checkInput` to be one of `true`, `false`, got `yes` (string)"],
    ["an empty message", { violationMessage: "" }, "Expected `violationMessage` to be a text that is not empty, got `` (string)"],
    [
      "a check of what comes in without a judge",
      { checkInput: true },
      "Expected a `judge` in the options of the guardrail where a run has `checkInput`, got none",
    ],
    ["a check of results without a judge", { checkToolResults: true }, "Expected a `judge` in the options of the guardrail"],
  ])("are refused when it is made: %s", (_what, options, message) => {
    expect(() => rainGuardrail(options)).toThrow(OptionError);
    expect(() => rainGuardrail(options)).toThrow(message);
  });
});
