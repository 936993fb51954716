import { AIMessage, type AIMessageChunk, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { RunnableLambda } from "@langchain/core/runnables";
import { tool } from "@langchain/core/tools";
import { createAgent, createMiddleware } from "langchain";
import { expect, it } from "vitest";
import { z } from "zod";
import { z as z3 } from "zod/v3";
import { collect, concat, usageOf, type WholeChatModel } from "../support/chat-models.ts";

const legsSchema = z.object({ animal: z.enum(["dog", "bee"]), side: z.enum(["left", "right"]) });
const legs = tool(({ animal }) => (animal === "bee" ? "6" : "4"), { name: "legs", description: "Counts legs.", schema: legsSchema });
const home = tool(() => "in a nest", { name: "home", description: "Finds homes.", schema: z.object({ bird: z.enum(["owl", "crow"]) }) });

const OPENAI_TOOL = {
  type: "function",
  function: {
    name: "legs",
    description: "Counts legs.",
    parameters: {
      type: "object",
      properties: { animal: { enum: ["dog", "bee"] }, side: { enum: ["left", "right"] } },
      required: ["animal", "side"],
    },
  },
};

const ASK = new HumanMessage("How many legs does the dog have?");
const CALL = { id: "call-1", name: "legs", args: { animal: "dog", side: "left" }, type: "tool_call" } as const;

/** How tools are offered, called, and answered. Calls are asked for, so that nothing depends on a model's will to call. */
export function describeTools(model: () => WholeChatModel): void {
  it.each([
    ["made by `tool()`", legs],
    ["of zod 3", { name: "legs", description: "Counts legs.", schema: zod3() }],
    ["in OpenAI's format", OPENAI_TOOL],
    ["as a runnable", RunnableLambda.from(() => "4").asTool({ name: "legs", description: "Counts legs.", schema: legsSchema })],
    ["of zod 4", { name: "legs", description: "Counts legs.", schema: legsSchema }],
  ])("a tool is called, with arguments of its schema: %s", async (_, given) => {
    const message = await model().bindTools([given], { tool_choice: "any" }).invoke([ASK]);
    expectLegs(message);
    expect(message.response_metadata["finish_reason"]).toBe("tool_calls");
    expect(usageOf(message)?.output_tokens).toBeGreaterThan(0);
  });

  it("which tool is called can be chosen, and none", async () => {
    const choose = async (tool_choice: string) => await model().bindTools([legs, home], { tool_choice }).invoke([ASK]);
    for (const name of ["legs", "home"]) expect((await choose(name)).tool_calls?.map((call) => call.name)).toEqual([name]);
    expect(["legs", "home"]).toContain((await choose("any")).tool_calls?.[0]?.name);
    const silent = await choose("none");
    expect(silent.tool_calls).toEqual([]);
    expect(silent.text).not.toBe("");
  });

  it("without tools it answers as if none were bound", async () => {
    expect((await model().bindTools([]).invoke([ASK])).text).toBe((await model().invoke([ASK])).text);
  });

  it("a stream holds the same call in pieces that add up", async () => {
    const bound = model().bindTools([legs], { tool_choice: "legs" });
    const chunks = await collect(bound.stream([ASK]));
    expect(chunks.flatMap(({ tool_call_chunks = [] }) => tool_call_chunks).length).toBeGreaterThan(0);
    const whole = concat(chunks as AIMessageChunk[]);
    expectLegs(whole);
    // The same but for its id, which is no other call's.
    const [called] = (await bound.invoke([ASK])).tool_calls ?? [];
    expect(whole.tool_calls).toEqual([{ ...called, id: expect.not.stringMatching(`^${called?.id}$`) }]);
  });

  it("a model bound to a chain's prompt calls tools there, too", async () => {
    const prompt = ChatPromptTemplate.fromMessages([
      ["system", "You count."],
      ["human", "{question}"],
    ]);
    const chain = prompt.pipe(model().bindTools([legs], { tool_choice: "any" }));
    expectLegs(await chain.invoke({ question: "How many legs does the bee have?" }));
  });

  it("several calls in one answer keep their order and have ids of their own", async () => {
    const { tool_calls = [] } = await model().bindTools([legs, home], { tool_choice: "any" }).invoke([ASK]);
    expect(new Set(tool_calls.map(({ id }) => id)).size).toBe(tool_calls.length);
    const single = await model()
      .bindTools([legs, home], { tool_choice: "any", parallel_tool_calls: false } as object)
      .invoke([ASK]);
    expect(single.tool_calls).toHaveLength(1);
  });

  it.each([
    ["a text", "4"],
    ["blocks", [{ type: "text", text: "4" }]],
  ])("a history with calls and results is read: the result is %s", async (_, content) => {
    const history = [
      ASK,
      new AIMessage({ content: "", tool_calls: [CALL] }),
      new ToolMessage({ content, tool_call_id: CALL.id, name: CALL.name }),
    ];
    for (const bound of [model(), model().bindTools([legs], { tool_choice: "none" })]) {
      const message = await bound.invoke(history);
      expect(message.text).not.toBe("");
      expect(usageOf(message)?.input_tokens).toBeGreaterThan(usageOf(await bound.invoke([ASK]))?.input_tokens as number);
    }
  });

  it("a history whose answer has blocks, as other models write them, is read", async () => {
    const content = [
      { type: "text", text: "Let me count." },
      { type: "tool_use", id: CALL.id, name: CALL.name, input: CALL.args },
    ];
    const history = [ASK, new AIMessage({ content, tool_calls: [CALL] }), new ToolMessage({ content: "4", tool_call_id: CALL.id })];
    expect((await model().invoke(history)).text).not.toBe("");
  });

  it("examples with calls in front of a question are read", async () => {
    const examples = [
      new HumanMessage("How many legs does the bee have?"),
      new AIMessage({ content: "", tool_calls: [{ ...CALL, args: { animal: "bee", side: "left" } }] }),
      new ToolMessage({ content: "6", tool_call_id: CALL.id }),
      new AIMessage("The bee has six legs."),
    ];
    expectLegs(
      await model()
        .bindTools([legs], { tool_choice: "any" })
        .invoke([...examples, ASK]),
    );
  });

  it("a result that is an error is read", async () => {
    const failed = new ToolMessage({ content: "no such animal", tool_call_id: CALL.id, status: "error" });
    expect((await model().invoke([ASK, new AIMessage({ content: "", tool_calls: [CALL] }), failed])).text).not.toBe("");
  });

  it("arguments with lists and objects inside keep their schema", async () => {
    const schema = z.object({
      route: z
        .array(z.object({ road: z.enum(["A1", "B2"]), exit: z.boolean() }))
        .min(1)
        .max(2),
    });
    const drive = tool(() => "there", { name: "drive", description: "Drives.", schema });
    const { tool_calls = [] } = await model().bindTools([drive], { tool_choice: "drive" }).invoke([ASK]);
    expect(schema.safeParse(tool_calls[0]?.args).success).toBe(true);
  });

  it("an agent calls a tool, reads its result and answers", async () => {
    const called: unknown[] = [];
    const counted = tool((args) => String(called.push(args)), { name: "legs", description: "Counts legs.", schema: legsSchema });
    const callFirst = createMiddleware({
      name: "callFirst",
      wrapModelCall: (request, handler) => handler({ ...request, toolChoice: request.messages.length === 1 ? "required" : "none" }),
    });
    const agent = createAgent({ model: model(), tools: [counted], middleware: [callFirst] });
    const { messages } = await agent.invoke({ messages: [ASK] });
    expect(messages.map(({ type }) => type)).toEqual(["human", "ai", "tool", "ai"]);
    expect(legsSchema.safeParse(called[0]).success).toBe(true);
    expect(messages.at(-1)?.text).not.toBe("");
  });
}

function expectLegs({ tool_calls = [] }: Pick<AIMessageChunk, "tool_calls">): void {
  const [call] = tool_calls;
  expect(call).toMatchObject({ type: "tool_call", name: "legs", id: expect.stringMatching(/./) });
  expect(legsSchema.safeParse(call?.args).success).toBe(true);
}

function zod3() {
  return z3.object({ animal: z3.enum(["dog", "bee"]), side: z3.enum(["left", "right"]) });
}
