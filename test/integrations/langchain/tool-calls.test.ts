import { type AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import type { Runnable } from "@langchain/core/runnables";
import { tool } from "@langchain/core/tools";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { ChatRain, ToolCallError } from "rain-align/langchain";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Engine, Turn } from "../../../src/core/index.ts";
import { collect, concat, usageOf } from "../../support/chat-models.ts";
import { END } from "../../support/scripted-engine.ts";
import { worldEngine } from "../../support/scripted-world.ts";
import { watchedEngine } from "../../support/watched-engine.ts";

const ASK = "How long is the road?";
const CALL = '[{"name": "length", "arguments": {"of": "road"}}]';

const length = tool(({ of }) => `The ${of} is long.`, {
  name: "length",
  description: "Measures.",
  schema: z.object({ of: z.enum(["road", "bank"]) }),
});

/** A model that writes this, and finds it good. */
function writes(text: string): Engine {
  const goOn = (answer: string) => ({ [[...text.slice(answer.length)][0] ?? END]: 1 });
  return worldEngine({ pieces: ["{", "}"], goOn, goodness: () => 0.98 });
}

function chat(model = writes(` ${CALL}`)): ChatRain {
  return new ChatRain({ model, seed: 1, temperature: 0 });
}

function caller(model?: Engine) {
  return chat(model).bindTools([length]);
}

function idsOf({ tool_calls = [] }: Pick<AIMessage, "tool_calls">): readonly (string | undefined)[] {
  return tool_calls.map(({ id }) => id);
}

describe("The id of a call", () => {
  it("is no other call's, though all else is the same: in what is invoked, streamed, batched", async () => {
    const model = caller();
    const messages = [
      await model.invoke(ASK),
      concat(await collect(model.stream(ASK))),
      await chat().streamEvents(ASK, { tools: [length] }),
      ...(await model.batch([ASK, ASK])),
    ];
    const ids = messages.flatMap(idsOf);
    expect(ids).toHaveLength(5);
    expect(new Set(ids).size).toBe(5);
  });

  it("is the message's own from then on: a tool node makes the same call again in a history of which the beginning is gone", async () => {
    const node = new ToolNode([length]);
    const first = await caller().invoke(ASK);
    const results = (await node.invoke([new HumanMessage(ASK), first])) as ToolMessage[];
    const second = await caller().invoke(ASK);
    const again = (await node.invoke([...results, new HumanMessage(ASK), second])) as ToolMessage[];
    expect(again.map(({ tool_call_id }) => tool_call_id)).toEqual(idsOf(second));
    expect(again).toHaveLength(1);
  });

  it("changes nothing of what the model reads: a history with other ids is the same prefix", async () => {
    const read = async (id: string) => {
      const prefixes: string[] = [];
      const engine = writes(" Far.");
      const render = (turns: readonly Turn[]) => {
        const prefix = engine.tokenizer.render(turns);
        prefixes.push(prefix.join());
        return prefix;
      };
      const watched = { ...watchedEngine(engine), tokenizer: { ...engine.tokenizer, render } };
      const called = { type: "tool_call", id, name: "length", args: { of: "road" } } as const;
      const { text } = await caller(watched).invoke([
        new HumanMessage(ASK),
        Object.assign(await caller().invoke(ASK), { tool_calls: [called] }),
        new ToolMessage({ content: "2 km", tool_call_id: id }),
      ]);
      expect(text).toBe("Far.");
      return prefixes;
    };
    expect(await read("call_abc")).toEqual(await read("9"));
  });
});

describe("Two calls that a model makes at once", () => {
  const both = [{ of: "road" }, { of: "bank" }];
  const list = both.map((args) => `{"name": "length", "arguments": ${JSON.stringify(args).replace(":", ": ")}}`).join(", ");
  const pairing = () => writes(` [${list}]`);
  const pair = () => caller(pairing());
  const made = both.map((args) => expect.objectContaining({ name: "length", args }));

  it("are both whole, in one message, invoked and streamed, with an id each", async () => {
    const chunks = await collect(pair().stream(ASK));
    for (const message of [await pair().invoke(ASK), concat(chunks), await chat(pairing()).streamEvents(ASK, { tools: [length] })]) {
      expect(message).toMatchObject({ text: "", tool_calls: made, invalid_tool_calls: [] });
      expect(new Set(idsOf(message)).size).toBe(2);
      expect(message.response_metadata["finish_reason"]).toMatch(/^tool_(calls|use)$/);
    }
    // No part of a stream has half a call: each is judged as one.
    const parts = chunks.flatMap(({ tool_call_chunks = [] }) => tool_call_chunks);
    expect(parts.map(({ index, name, args = "" }) => ({ index, name, args: JSON.parse(args) }))).toEqual([
      { index: 0, name: "length", args: both[0] },
      { index: 1, name: "length", args: both[1] },
    ]);
  });

  it("are both run by an agent's tool node", async () => {
    const results = (await new ToolNode([length]).invoke([new HumanMessage(ASK), await pair().invoke(ASK)])) as ToolMessage[];
    expect(results.map(({ text }) => text)).toEqual(["The road is long.", "The bank is long."]);
  });

  it("are one where parallel calls are not wanted", async () => {
    const options = { tools: [length], parallel_tool_calls: false };
    const { tool_calls } = await chat(pairing()).invoke(ASK, options);
    expect(tool_calls).toEqual(made.slice(0, 1));
  });
});

describe("A call that a model writes as JSON into its text", () => {
  const fenced = (of: string) => `\`\`\`json\n{"name": "length", "arguments": {"of": "${of}"}}\n\`\`\``;
  /** It writes the fence, and where it is asked for a call in the way of its template, that. */
  const fencing = (of: string) => {
    const texts = [` ${fenced(of)}`, ` [{"name": "length", "arguments": {"of": "${of}"}}]`];
    const goOn = (answer: string) => {
      const open = texts.find((text) => text.startsWith(answer)) ?? "";
      return { [[...open.slice(answer.length)][0] ?? END]: 1 };
    };
    return worldEngine({ pieces: ["{", "}"], goOn, goodness: () => 0.98 });
  };

  it("is a call where it fits a bound tool, and no part of the text, on every way", async () => {
    const model = caller(fencing("road"));
    for (const message of [await model.invoke(ASK), concat(await collect(model.stream(ASK)))])
      expect(message).toMatchObject({ text: "", tool_calls: [{ name: "length", args: { of: "road" } }], invalid_tool_calls: [] });
  });

  it("is text where it fits none", async () => {
    const { text, tool_calls } = await caller(fencing("river")).invoke(ASK);
    expect({ text, tool_calls }).toEqual({ text: fenced("river"), tool_calls: [] });
  });
});

describe("A call that `maxTokens` cuts", () => {
  const begun = '{"of": "ro';

  it("is an invalid one, in what is invoked and streamed: with its tool, and as much of its arguments as there is", async () => {
    const short = new ChatRain({ model: writes(` ${CALL}`), temperature: 0 }).bindTools([length], { maxTokens: 42 });
    const messages = [await short.invoke(ASK), concat(await collect(short.stream(ASK)))];
    for (const message of messages) {
      expect(message).toMatchObject({ text: "", tool_calls: [], response_metadata: { finish_reason: "length" } });
      expect(message.invalid_tool_calls).toEqual([expect.objectContaining({ type: "invalid_tool_call", name: "length" })]);
      expect(JSON.stringify(message.invalid_tool_calls?.[0]?.args)).toContain('{\\"of\\"');
    }
    expect(begun).toContain(messages[0]?.invalid_tool_calls?.[0]?.args as string);
  });

  it("stands behind those that were made", async () => {
    const two = writes(` [${CALL.slice(1, -1)}, ${CALL.slice(1, -1)}]`);
    const message = await caller(two).invoke(ASK, { maxTokens: 80 });
    expect([message.tool_calls?.length, message.invalid_tool_calls?.length]).toEqual([1, 1]);
  });

  it.each(["any", "required", "length"])("is an error where one was required: %s", async (tool_choice) => {
    const required = chat().bindTools([length], { tool_choice, maxTokens: 12 });
    const asked = [required.invoke(ASK), collect(required.stream(ASK))];
    for (const asking of asked) await expect(asking).rejects.toThrow(ToolCallError);
    const error: unknown = await required.invoke(ASK).catch((thrown: unknown) => thrown);
    expect((error as Error).message).toMatch(
      /^Expected a whole call of a tool, as the choice of tools requires, got .* cut \(raise `maxTokens`/,
    );
    expect(ToolCallError.findIn(error)).toHaveProperty("toolName");
  });

  it("is an object that is missing where the raw message is asked for, too", async () => {
    const model = chat().withStructuredOutput(length.schema, { method: "functionCalling", includeRaw: true }) as Runnable;
    const { raw, parsed } = await model.invoke(ASK, { maxTokens: 12 } as object);
    expect(parsed).toBeNull();
    expect(raw.response_metadata).toMatchObject({ finish_reason: "length" });
  });

  it("is judged like any other part of an answer: nothing of it is shown where it is bad", async () => {
    const goOn = (answer: string) => ({ [[...` ${CALL}`.slice(answer.length)][0] ?? END]: 1 });
    const model = worldEngine({ pieces: ["{", "}"], goOn, goodness: (answer) => (answer.includes("of") ? 0.01 : 0.98) });
    const message = await caller(model).invoke(ASK, { maxTokens: 42 });
    expect(message.response_metadata).toMatchObject({ finish_reason: "content_filter" });
    expect(message).toMatchObject({ tool_calls: [], invalid_tool_calls: [] });
  });
});

describe("An answer of which nobody says how long it may be", () => {
  it("goes on as long as the context lets it, and is cut there", async () => {
    const endless = worldEngine({ pieces: [" on"], goOn: () => ({ " on": 1 }), goodness: () => 0.9, contextSize: 900 });
    const message = await new ChatRain({ model: endless }).invoke(ASK);
    const { input_tokens = 0, output_tokens = 0 } = usageOf(message) ?? {};
    expect(message.response_metadata).toMatchObject({ finish_reason: "length" });
    expect(output_tokens).toBeGreaterThan(300);
    expect(input_tokens + output_tokens).toBeLessThanOrEqual(900);
  });
});
