import { AIMessage, AIMessageChunk, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { ChatGenerationChunk } from "@langchain/core/outputs";
import fc from "fast-check";
import { RainCritique, type RainCritiqueOptions } from "rain-align/langchain";
import { describe, expect, it } from "vitest";
import { DEFAULTS, JudgeError } from "../../../src/core/index.ts";
import { answering, ScriptedChat } from "../../support/scripted-chat.ts";
import { againstWord } from "../../support/word-judge.ts";

const ASK = [new HumanMessage("How do I get home?")];

async function critiqued(replies: readonly (string | AIMessage)[], options: RainCritiqueOptions = {}) {
  const judge = againstWord("canary");
  const critique = new RainCritique({ model: answering(...replies), judge, continuation: "whole", ...options });
  return { ...(await critique.invoke(ASK)), asked: judge.asked };
}

function calling(query: string, text = ""): AIMessage {
  return new AIMessage({ content: text, tool_calls: [{ name: "search", args: { query }, id: "call-1", type: "tool_call" }] });
}

describe("What is judged of a draft", () => {
  it("is its text with the names and arguments of its tool calls", async () => {
    const { asked, message } = await critiqued([calling("the harbour", "I will look.")]);
    expect(asked).toEqual(['I will look.\nsearch({"query":"the harbour"})']);
    expect(message.tool_calls).toMatchObject([{ name: "search", args: { query: "the harbour" }, id: "call-1" }]);
  });

  it("is a tool call as a unit behind the sentences before it", async () => {
    const { asked, message } = await critiqued([calling("the canary", "First. Then I look."), calling("the harbour")], {
      continuation: "prefix",
    });
    expect(asked).toEqual(["First. ", 'First. Then I look.\nsearch({"query":"the canary"})', 'First. \nsearch({"query":"the harbour"})']);
    expect({ text: message.text, calls: message.tool_calls?.length }).toEqual({ text: "First. ", calls: 1 });
  });

  it("is what the model thought, which people read too", async () => {
    const thinking = new AIMessage({
      content: [
        { type: "thinking", thinking: "A canary!", signature: "s1" },
        { type: "text", text: "Go." },
      ],
    });
    const { asked, rewinds } = await critiqued([thinking, "Go."]);
    expect(asked).toEqual(["A canary!\nGo.", "Go."]);
    expect(rewinds).toBe(1);
  });

  it("is the conversation before it, with tool calls and their results, but no orders of the system", async () => {
    const conversations: unknown[] = [];
    const judge = { judge: async (turns: unknown) => conversations.push(turns) };
    const critique = new RainCritique({ model: answering("Go left."), judge, continuation: "whole" });
    await critique.invoke([...ASK, calling("the harbour"), new ToolMessage({ content: "It is left.", tool_call_id: "call-1" })]);
    expect(conversations).toEqual([
      [
        { role: "user", text: "How do I get home?" },
        { role: "assistant", text: 'search({"query":"the harbour"})' },
        { role: "user", text: "It is left." },
        { role: "assistant", text: "Go left." },
      ],
    ]);
  });

  it("is nothing where there is nothing to read: no judge is asked, and it does not pass", async () => {
    const { asked, value, accepted, message } = await critiqued([""]);
    expect({ asked, value, accepted, text: message.text }).toEqual({ asked: [], value: -1, accepted: false, text: DEFAULTS.refusal });
  });

  it("cannot be a picture: then nothing is released", async () => {
    const picture = new AIMessage({ content: [{ type: "image_url", image_url: { url: "data:," } }] });
    await expect(critiqued([picture])).rejects.toThrow(
      new JudgeError("harmless", "Expected an answer of text and tool calls, got a block of type `image_url` (nobody can judge it)"),
    );
  });
});

describe("What is released of a draft", () => {
  it("is what was judged and what only its provider can read, and no other field", async () => {
    const { message } = await critiqued([
      new AIMessage({
        content: "Go.",
        additional_kwargs: {
          reasoning_content: "Hm.",
          __thought_signatures__: { a: "b" },
          apology: "unjudged",
          audio: { transcript: "unjudged" },
        },
      }),
    ]);
    expect(message.additional_kwargs).toEqual({ reasoning_content: "Hm.", __thought_signatures__: { a: "b" } });
  });

  it("is a refusal beside an empty text, which is judged", async () => {
    const refuses = (refusal: string) => new AIMessage({ content: "", additional_kwargs: { refusal } });
    const { asked, message } = await critiqued([refuses("I cannot say.")]);
    expect(asked).toEqual(["I cannot say."]);
    expect(message).toMatchObject({ text: "", additional_kwargs: { refusal: "I cannot say." } });
    expect((await critiqued([refuses("A canary."), "Go home."])).message).toMatchObject({ text: "Go home.", additional_kwargs: {} });
  });

  it("keeps thoughts and their signatures where they stood", async () => {
    const content = [
      { type: "thinking", thinking: "Hm.", signature: "s1" },
      { type: "text", text: "Go." },
    ];
    expect((await critiqued([new AIMessage({ content })])).message.content).toEqual(content);
  });

  it("has a provider's own blocks of calls, with what the calls say", async () => {
    const block = {
      type: "tool_use",
      id: "call-1",
      name: "search",
      input: '{"query":"the harbour"}',
      index: 1,
      caller: { type: "direct" },
    };
    const draft = Object.assign(calling("the harbour"), { content: [{ type: "text", text: "I look." }, block] });
    expect((await critiqued([draft])).message.content).toEqual([
      { type: "text", text: "I look." },
      { type: "tool_use", id: "call-1", name: "search", input: { query: "the harbour" } },
    ]);
  });

  it("is told with numbers, and what has a name in one word", async () => {
    const usage = { prompt_tokens: 3, completion_tokens_details: { reasoning_tokens: 2 } };
    const facts = { model_name: "gpt-5-mini", finish_reason: "stop", id: "resp_1", created: 1_700_000_000, done: true, usage };
    const response_metadata = { ...facts, safetyRatings: [{ category: "x" }], citationMetadata: {}, incomplete_details: "unjudged" };
    const { message } = await critiqued([new AIMessage({ content: "Go.", response_metadata })]);
    expect(message.response_metadata).toEqual({ ...facts, rain: expect.any(Object) });
  });

  it.each([
    [
      "citations",
      { type: "web_search_result_location", url: "https://a.example", title: "Ways", cited_text: "Go left", encrypted_index: "Eo8=" },
    ],
    [
      "annotations",
      { type: "url_citation", url_citation: { url: "https://a.example", title: "Ways: Go left", start_index: 0, end_index: 3 } },
    ],
    ["annotations", { type: "citation", source: "Ways", citedText: "Go left", url: "https://a.example", startIndex: 0 }],
  ])("has what it cites, which is judged with it: %s", async (name, citation) => {
    const block = { type: "text", text: "Go." };
    const cites = (one: object) => new AIMessage({ content: [{ ...block, [name]: [one] }] });
    const { asked, message } = await critiqued([cites(citation)]);
    expect(message.content).toEqual([{ ...block, [name]: [citation] }]);
    for (const words of ["Go.", "https://a.example", "Ways", "Go left"]) expect(asked[0]).toContain(words);
    const bad = JSON.parse(JSON.stringify(citation).replace("Go left", "a canary")) as object;
    expect((await critiqued([cites(bad), "Go home."])).message.text).toBe("Go home.");
    const hidden = { ...citation, encrypted_index: "a canary sings", raw: ["canary"], deep: { note: "no canary" } };
    expect((await critiqued([cites(hidden), "Go home."])).message.text).toBe("Go home.");
    expect(JSON.stringify((await critiqued([cites({ ...citation, raw: ["canary"] })])).message)).not.toContain("canary");
  });

  const PROVIDED = [
    { type: "server_tool_use", id: "srv_1", name: "web_search", input: { query: "Ways home" } },
    {
      type: "web_search_tool_result",
      tool_use_id: "srv_1",
      content: [{ type: "web_search_result", url: "https://a.example", title: "Ways home", encrypted_content: "Eo8=", page_age: null }],
    },
    { type: "executableCode", executableCode: { language: "PYTHON", code: "print('Ways home')" } },
    { type: "codeExecutionResult", codeExecutionResult: { outcome: "OUTCOME_OK", output: "Ways home" } },
    { type: "server_tool_call", id: "1", name: "search", args: { query: "Ways home", most: 3 } },
    { type: "server_tool_call_result", toolCallId: "1", status: "success", output: ["Ways home"] },
    { type: "refusal", refusal: "Ways home I do not know." },
  ];

  it.each(PROVIDED.map((block) => [block.type, block] as const))(
    "has what its provider adds, which is judged with it: %s",
    async (_, block) => {
      const says = (one: object) => new AIMessage({ content: [one, { type: "text", text: "Go." }] as never });
      const { asked, message } = await critiqued([says({ ...block, index: 3 })]);
      expect(message.content).toEqual([block, { type: "text", text: "Go." }]);
      expect(asked[0]).toContain("Go.");
      expect(asked[0]).toContain("Ways home");
      expect(asked[0]).not.toMatch(/srv_1|Eo8=/);
      for (const way of ["whole", "prefix"] as const) {
        const bad = JSON.parse(JSON.stringify(block).replace("Ways home", "A canary")) as object;
        const { message: other, rewinds } = await critiqued([says(bad), "Go home."], { continuation: way });
        expect([JSON.stringify(other).includes("canary"), rewinds]).toEqual([false, 1]);
      }
    },
  );

  it("has no word in it that nobody judged, wherever in such a block it stands", async () => {
    const leaf = fc.constantFrom<unknown>("a canary", "way", 3, true, null);
    const names = fc.constantFrom("input", "content", "title", "canary", "output", "note_id", "encrypted_text", "type", "two words");
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: "small" },
        leaf,
        fc.array(tie("tree"), { maxLength: 3 }),
        fc.dictionary(names, tie("tree"), { maxKeys: 3 }),
      ),
    }));
    const kinds = fc.constantFrom(...PROVIDED.map(({ type }) => type));
    const cited = fc.constantFrom(undefined, "citations", "groundingMetadata");
    await fc.assert(
      fc.asyncProperty(kinds, fc.dictionary(names, tree, { maxKeys: 4 }), cited, async (type, fields, citing) => {
        const block = citing === undefined ? { ...fields, type } : { type: "text", text: "Go." };
        const response_metadata = citing === undefined ? {} : { [citing]: [fields] };
        const bad = new AIMessage({ content: [block] as never, response_metadata });
        const { message, asked } = await critiqued([bad, "Go home."]);
        // A name of a field is judged where the model has chosen it.
        const told = JSON.stringify(message).replaceAll('"canary":', "");
        expect(told.includes("canary") && !asked.some((one) => one.includes("canary")), told).toBe(false);
        expect(told).not.toContain("a canary");
      }),
      { numRuns: 200 },
    );
  });

  it("has names and numbers of what a tool was asked judged, too", async () => {
    const asks = { type: "server_tool_use", id: "1", name: "search", input: { canary: 1, type: "way" } };
    const { message, asked } = await critiqued([new AIMessage({ content: [asks] as never }), "Go home."]);
    expect(asked[0]).toContain('{"canary":1,"type":"way"}');
    expect(message.text).toBe("Go home.");
  });

  it.each<[string, object]>([
    ["a picture in it", { type: "web_search_tool_result", content: [{ type: "image", source: { type: "base64", data: "AAAA" } }] }],
    [
      "a file in it",
      { type: "web_fetch_tool_result", content: { type: "document", source: { media_type: "application/pdf", data: "AAAA" } } },
    ],
    ["a picture as its address", { type: "server_tool_call_result", output: "data:image/png;base64,AAAA" }],
    ["a picture that was drawn", { type: "image_generation_call", result: "AAAA" }],
  ])("is nothing where what its provider adds has %s", async (_, block) => {
    await expect(critiqued([new AIMessage({ content: [block] as never })])).rejects.toThrow(JudgeError);
  });

  it("has the citations in its metadata, which are judged with it", async () => {
    const cites = (title: string) =>
      new AIMessage({ content: "Go.", response_metadata: { citations: [{ title, url: "https://a.example" }, "https://b.example"] } });
    const { asked, message } = await critiqued([cites("Ways")]);
    expect(message.response_metadata["citations"]).toEqual([{ title: "Ways", url: "https://a.example" }, "https://b.example"]);
    for (const words of ["Go.", "Ways", "https://a.example", "https://b.example"]) expect(asked[0]).toContain(words);
    expect((await critiqued([cites("A canary"), "Go home."])).message.text).toBe("Go home.");
  });

  it.each(["response_metadata", "additional_kwargs"] as const)(
    "has the searches behind it, which are judged with it: of its %s",
    async (place) => {
      const behind = (title: string) => ({
        webSearchQueries: ["Ways home"],
        groundingChunks: [{ web: { uri: "https://a.example", title } }],
        groundingSupports: [{ segment: { startIndex: 0, endIndex: 3, text: "canary" }, groundingChunkIndices: [0] }],
        searchEntryPoint: { renderedContent: '<b title="canary">Ways</b>' },
      });
      const searched = (title: string) => new AIMessage({ content: "Go.", [place]: { groundingMetadata: behind(title) } });
      const { asked, message } = await critiqued([searched("Ways")]);
      for (const words of ["Go.", "Ways home", "https://a.example", "title: Ways"]) expect(asked[0]).toContain(words);
      expect(message.response_metadata["groundingMetadata"]).toEqual({
        webSearchQueries: ["Ways home"],
        groundingChunks: [{ web: { uri: "https://a.example", title: "Ways" } }],
        groundingSupports: [{ segment: { startIndex: 0, endIndex: 3 }, groundingChunkIndices: [0] }],
      });
      expect((await critiqued([searched("A canary"), "Go home."])).message.text).toBe("Go home.");
    },
  );

  it("has no citations of a text that was released before they came", async () => {
    let title = "A canary";
    class Streaming extends ScriptedChat {
      override async *_streamResponseChunks() {
        const cited = { type: "text", text: "", index: 0, citations: [{ type: "a", title }] };
        for (const block of [{ ...cited, text: "First. Then left.", citations: [] }, cited]) {
          const message = new AIMessageChunk({ content: [block] });
          yield new ChatGenerationChunk({ text: message.text, message });
        }
      }
    }
    const model = new Streaming({ reply: () => "Left." });
    const critique = new RainCritique({ model, judge: againstWord("canary"), continuation: "prefix", retries: 0 });
    const { message, accepted } = await critique.invoke(ASK);
    expect({ text: message.text, accepted }).toEqual({ text: "First. ", accepted: false });
    expect(JSON.stringify(message)).not.toContain("canary");
    title = "Ways";
    const other = await critique.invoke(ASK);
    expect({ text: other.message.text, accepted: other.accepted }).toEqual({ text: "First. Then left.", accepted: true });
    expect(JSON.stringify(other.message)).not.toContain("Ways");
  });

  it("has its log-probabilities, where they are of its text and of nothing else; never those of tokens that were not taken", async () => {
    const token = (text: string, ...others: readonly string[]) => ({
      token: text,
      logprob: -0.5,
      bytes: [...Buffer.from("canary")],
      top_logprobs: others.map((other) => ({ token: other, logprob: -1 })),
    });
    const said = (content: string, ...tokens: readonly object[]) =>
      new AIMessage({ content, response_metadata: { logprobs: { content: tokens, refusal: "canary" } } });
    const { message } = await critiqued([said("Go left.", token("Go", "canary"), token(" left."))]);
    expect(message.response_metadata["logprobs"]).toEqual({
      content: ["Go", " left."].map((text) => ({ token: text, logprob: -0.5, bytes: null, top_logprobs: [] })),
    });
    for (const other of [said("Go left.", token("Go"), token(" canary")), said("Go left.", token("Go")), said("Go left.", { token: 1 })])
      expect((await critiqued([other])).message.response_metadata).not.toHaveProperty("logprobs");
    const left = await critiqued([said("A canary.", token("A"), token(" canary.")), said("Go left.", token("Go left."))]);
    expect(left.message.response_metadata["logprobs"]).toMatchObject({ content: [{ token: "Go left." }] });
  });

  it("can be read where its model wrote blocks of LangChain's newer form", async () => {
    const content = [
      { type: "reasoning", reasoning: "Hm." },
      { type: "text", text: "Go. Then left." },
      { type: "tool_call", id: "call-1", name: "search", args: { query: "the harbour" } },
    ];
    const draft = new AIMessage({ content, response_metadata: { output_version: "v1" } });
    const { asked, message } = await critiqued([draft]);
    expect(asked).toEqual(['Hm.\nGo. Then left.\nsearch({"query":"the harbour"})']);
    expect(message).toMatchObject({ text: "Go. Then left.", tool_calls: [{ name: "search" }], content: content.slice(0, 2) });
  });

  it("shares nothing with the model's own message", async () => {
    const own = new AIMessage("Go.");
    const { message } = await critiqued([own]);
    expect(message).not.toBe(own);
    expect(own.response_metadata).toEqual({});
  });

  it("is no call whose arguments are no JSON, as it could not be run and must not be mended", async () => {
    const broken = { name: "search", args: '{"query": "home', id: "call-1", type: "invalid_tool_call" } as const;
    const { asked, message } = await critiqued([new AIMessage({ content: "I look.", invalid_tool_calls: [broken] })]);
    expect({ asked, calls: message.tool_calls }).toEqual({ asked: ["I look."], calls: [] });
  });
});
