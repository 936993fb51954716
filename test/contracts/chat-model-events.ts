import type { ChatModelStreamEvent } from "@langchain/core/language_models/event";
import type { ChatModelStream } from "@langchain/core/language_models/stream";
import { langchainMatchers } from "@langchain/core/testing";
import { tool } from "@langchain/core/tools";
import { createAgent } from "langchain";
import { expect, it } from "vitest";
import { z } from "zod";
import { type ChatModelSpec, collect, usageOf, type WholeChatModel } from "../support/chat-models.ts";

expect.extend(langchainMatchers);

const legs = tool(() => "4", { name: "legs", description: "Counts legs.", schema: z.object({ animal: z.enum(["dog", "bee"]) }) });

/** The event streams: the newest protocol, versions 1 and 2, logs, and what agents make of them. */
export function describeEvents({ makeModel, makeToolModel = makeModel, question }: ChatModelSpec): void {
  const model = makeModel;
  it("the newest events give the same text, usage and reason as invoke", async () => {
    const message = await model().invoke(question);
    const stream = model().streamEvents(question);
    expect(await stream.text).toBe(message.text);
    const { input_token_details: _, ...counted } = usageOf(message) ?? {};
    expect(await stream.usage).toMatchObject(counted);
    const assembled = await stream;
    expect(assembled.text).toBe(message.text);
    expect(assembled.response_metadata).toMatchObject({ model: message.response_metadata["model"], finish_reason: "stop" });
    expect(await stream).toEqual(assembled);
  });

  it("the newest events start each block before it grows, finish it once, and end with the message", async () => {
    for (const stream of [model().streamEvents(question), callingStream(makeToolModel())]) expectProtocol(await collect(stream));
  });

  it("the newest events hold tool calls whole", async () => {
    const stream = callingStream(makeToolModel());
    const calls = await stream.toolCalls;
    expect(calls).toEqual([expect.objectContaining({ name: "legs", args: expect.objectContaining({ animal: expect.any(String) }) })]);
    const message = await stream;
    expect(message.tool_calls).toEqual([expect.objectContaining({ name: "legs", args: calls[0]?.args })]);
    expect(message.response_metadata["finish_reason"]).toBe("tool_use");
  });

  it.each(["v1", "v2"] as const)("events of version %s begin, stream and end with the same text", async (version) => {
    const events = await collect(model().streamEvents(question, { version }));
    const names = events.map(({ event }) => event).filter((event) => event !== "on_custom_event");
    expect([names[0], names.at(-1)]).toEqual(
      version === "v1" ? ["on_llm_start", "on_llm_end"] : ["on_chat_model_start", "on_chat_model_end"],
    );
    const texts = events.flatMap(({ event, data }) =>
      /_stream$/.test(event) ? [String(data.chunk?.text ?? data.chunk?.content ?? "")] : [],
    );
    expect(texts.join("")).toBe((await model().invoke(question)).text);
  });

  it("a log of the stream ends with the same text", async () => {
    const patches = await collect(model().streamLog(question));
    const { text } = await model().invoke(question);
    expect(JSON.stringify(patches.at(-1))).toContain(JSON.stringify(text).slice(1, -1));
  });

  it("an agent streams its messages token by token, and its newest events", async () => {
    const agent = createAgent({ model: model(), tools: [] });
    const state = { messages: [{ role: "user" as const, content: question }] };
    const { text } = await model().invoke(question);
    const messages = await collect(agent.stream(state, { streamMode: "messages" }));
    expect(messages.map(([chunk]) => chunk.text).join("")).toBe(text);
    expect(messages.length).toBeGreaterThan(1);
    const events = await collect(await agent.streamEvents(state, { version: "v3" }));
    expect(JSON.stringify(events)).toContain("message-finish");
  });
}

function callingStream(model: WholeChatModel): ChatModelStream {
  return model.streamEvents("How many legs?", { tools: [legs], tool_choice: "legs" } as object);
}

function expectProtocol(events: readonly ChatModelStreamEvent[]): void {
  expect([events[0]?.event, events.at(-1)?.event]).toEqual(["message-start", "message-finish"]);
  const state = new Map<number, "open" | "finished">();
  for (const event of events.slice(1, -1)) {
    if (!("index" in event)) expect.unreachable();
    const before = state.get(event.index);
    expect(before).toBe(event.event === "content-block-start" ? undefined : "open");
    state.set(event.index, event.event === "content-block-finish" ? "finished" : "open");
  }
  expect([...state.values()].every((end) => end === "finished")).toBe(true);
  expect([...state.keys()]).toEqual([...state.keys()].map((_, index) => index));
}
