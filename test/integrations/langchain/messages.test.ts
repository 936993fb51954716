import {
  AIMessage,
  type BaseMessage,
  ChatMessage,
  FunctionMessage,
  HumanMessage,
  type MessageContent,
  SystemMessage,
  ToolMessage,
} from "@langchain/core/messages";
import { ChatRain, MessageError } from "rain-align/langchain";
import { describe, expect, it } from "vitest";
import type { Turn } from "../../../src/core/index.ts";
import { ROBBERY, worldEngine } from "../../support/scripted-world.ts";

/** A model, and the turns that were put to it. */
function reader(): { readonly model: ChatRain; readonly read: readonly Turn[] } {
  const read: Turn[] = [];
  const engine = worldEngine(ROBBERY);
  const render = (turns: readonly Turn[]) => {
    read.push(...turns);
    return engine.tokenizer.renderText("Assistant:");
  };
  const tokenizer = { ...engine.tokenizer, render };
  return { model: new ChatRain({ model: Object.assign(engine, { tokenizer }), mode: "vanilla", maxTokens: 1 }), read };
}

/** As the model reads them. */
async function turnsOf(messages: BaseMessage[]): Promise<readonly Turn[]> {
  const { model, read } = reader();
  await model.invoke(messages);
  return read;
}

const CALL = { id: "call-1", name: "add", args: { a: 1 } };

describe("Messages become turns:", () => {
  it("each role has its own, also where it is only named", async () => {
    const messages = [
      new SystemMessage("Be kind."),
      new HumanMessage("Hello"),
      new AIMessage("Hi."),
      new ChatMessage("Hm?", "user"),
      new ChatMessage("Yes.", "assistant"),
    ];
    expect(await turnsOf(messages)).toEqual([
      { role: "system", text: "Be kind." },
      { role: "user", text: "Hello" },
      { role: "assistant", text: "Hi." },
      { role: "user", text: "Hm?" },
      { role: "assistant", text: "Yes." },
    ]);
  });

  it("blocks of text are one text; tool calls and thoughts among them are left out, as calls stand elsewhere and thoughts were not said", async () => {
    const content = [
      { type: "reasoning", reasoning: "Hm." },
      { type: "text", text: "Let me" },
      { type: "text", text: " see." },
      { type: "tool_use", id: CALL.id, name: CALL.name, input: CALL.args },
    ];
    const [turn] = await turnsOf([new AIMessage({ content, tool_calls: [CALL] })]);
    expect(turn).toMatchObject({ role: "assistant", text: "Let me see.", calls: [{ name: "add", arguments: { a: 1 } }] });
  });

  it.each<[string, object[], string]>([
    ["a refusal of OpenAI's", [{ type: "refusal", refusal: "I cannot." }], "I cannot."],
    [
      "texts of its newer API, with citations",
      [{ type: "output_text", text: "It is.", annotations: [{ type: "url_citation" }] }],
      "It is.",
    ],
    [
      "a search of the provider's own",
      [
        { type: "server_tool_call", id: "1", name: "web_search", args: { query: "x" } },
        { type: "server_tool_call_result", toolCallId: "1", output: {} },
        { type: "web_search_call", id: "2" },
        { type: "server_tool_use", id: "3", name: "web_search", input: {} },
        { type: "web_search_tool_result", tool_use_id: "3", content: [] },
        { type: "text", text: "Rain." },
        { type: "citation", url: "https://example.org" },
      ],
      "Rain.",
    ],
    [
      "code that Gemini ran",
      [
        { type: "text", text: "I compute." },
        { type: "executableCode", executableCode: { language: "PYTHON", code: "print(1 + 1)\n" } },
        { type: "codeExecutionResult", codeExecutionResult: { outcome: "OUTCOME_OK", output: "2" } },
        { type: "text", text: "Two." },
      ],
      "I compute.\n```python\nprint(1 + 1)\n```\n\n```\n2\n```\nTwo.",
    ],
    [
      "a call of Gemini's",
      [
        { type: "functionCall", functionCall: { name: "add" } },
        { type: "text", text: "So." },
      ],
      "So.",
    ],
  ])("what other providers' models have written is read as text: %s", async (_, content, text) => {
    const turns = await turnsOf([new HumanMessage("Hi"), new AIMessage({ content: content as MessageContent }), new HumanMessage("And?")]);
    expect(turns[1]).toEqual({ role: "assistant", text });
  });

  it("a result is tied to its call, also where ids come back in a later turn", async () => {
    const messages = [
      new AIMessage({ content: "", tool_calls: [CALL, { ...CALL, id: "call-2" }] }),
      new ToolMessage({ content: "two", tool_call_id: "call-2" }),
      new ToolMessage({ content: [{ type: "text", text: "one" }], tool_call_id: "call-1" }),
      new AIMessage({ content: "", tool_calls: [CALL] }),
      new ToolMessage({ content: "one again", tool_call_id: "call-1" }),
    ];
    const turns = await turnsOf(messages);
    const ids = turns.flatMap(({ calls = [] }) => calls.map(({ id }) => id));
    expect(new Set(ids).size).toBe(3);
    expect(turns.flatMap(({ role, callId }) => (role === "tool" ? [callId] : []))).toEqual([ids[1], ids[0], ids[2]]);
  });
});

describe("Messages that cannot be meant are refused by name, place and remedy:", () => {
  const image = { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } };

  it.each<[string, BaseMessage[], string]>([
    [
      "an unknown role",
      [new HumanMessage("Hi"), new ChatMessage("Hm", "critic")],
      "Expected `messages[1]` to have one of the roles `system`, `user`, `assistant`, got `critic`",
    ],
    [
      "an unknown type",
      [new FunctionMessage({ content: "2", name: "add" })],
      "Expected `messages[0]` to be a system, human, AI or tool message, got a message of type `function`",
    ],
    [
      "an image",
      [new HumanMessage({ content: [{ type: "text", text: "What is it?" }, image] })],
      "Expected `messages[0]` to have text only (this model reads no images, audio or files), got a block of type `image_url`",
    ],
    [
      "a block that nobody knows",
      [new HumanMessage({ content: [{ type: "non_standard", value: {} }] })],
      "Expected `messages[0]` to have blocks of text, thoughts and calls (leave others out, or say them as text), got a block of type `non_standard`",
    ],
    [
      "a result that nobody called for",
      [new HumanMessage("Hi"), new ToolMessage({ content: "2", tool_call_id: "call-9", name: "add" })],
      "Expected `messages[1]` to follow an AI message whose `tool_calls` have its `tool_call_id` (keep both when you trim a history), got the result of `call-9` (add), which nobody called",
    ],
    [
      "a second result of one call",
      [
        new AIMessage({ content: "", tool_calls: [CALL] }),
        new ToolMessage({ content: "2", tool_call_id: "call-1" }),
        new ToolMessage({ content: "3", tool_call_id: "call-1" }),
      ],
      "Expected `messages[2]` to follow an AI message",
    ],
    [
      "a call without an id",
      [new AIMessage({ content: "", tool_calls: [{ name: "add", args: {} }] })],
      "Expected `messages[0]` to have tool calls with an id each, got `undefined` as the id of a call of `add`",
    ],
    [
      "a content that is none",
      [new HumanMessage({ content: 7 as unknown as string })],
      "Expected `messages[0]` to have a text or a list of content blocks, got `7` (number)",
    ],
  ])("%s", async (_, messages, complaint) => {
    const error: unknown = await turnsOf(messages).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MessageError);
    expect((error as Error).message).toContain(complaint);
  });

  it("no messages at all", async () => {
    await expect(turnsOf([])).rejects.toThrow("Expected `messages` to be a non-empty list of messages, got `[]` (array)");
  });

  it("a message of another copy of LangChain, as that hands it on", async () => {
    const handed = async (message: unknown) => await reader().model._generate([message as BaseMessage], {});
    await expect(handed({ content: "Hi", _getType: () => "human" })).rejects.toThrow(
      "Expected `messages[0]` to be a message of @langchain/core ^1.2.0 (`npm ls @langchain/core` shows who brings another one; `npm dedupe` leaves one), got one of another version",
    );
    await expect(handed("Hi")).rejects.toThrow("got `Hi` (string)");
  });
});
