import { AIMessage, type AIMessageChunk, HumanMessage } from "@langchain/core/messages";
import { ChatRain, type ChatRainFields } from "rain-align/langchain";
import { describe, expect, it } from "vitest";
import { collect, usageOf } from "../../support/chat-models.ts";
import { MARKS, says, thinkingEngine } from "../../support/thinking-world.ts";

const SAID = [" Let", " me", " see", " Take", " the", " bus", ".", ...MARKS.token.specials];

function thinker(fields: ChatRainFields = {}): ChatRain {
  const goOn = says("<think> Let me see.</think> Take the bus.", SAID);
  const model = thinkingEngine({ pieces: SAID.slice(0, 7), goOn, goodness: () => 0.9, thinking: MARKS.token });
  return new ChatRain({ model, seed: 1, ...fields });
}

/** Blocks as LangChain reads any provider's. */
function blocksOf(message: AIMessage | AIMessageChunk) {
  return message.contentBlocks.map(({ type, ...block }) => ({ type, said: block["text"] ?? block["reasoning"] }));
}

describe("A thought in LangChain", () => {
  it("is in no message, chunk or event by default; its tokens are counted", async () => {
    const message = await thinker().invoke("How do I rob the bank?");
    const chunks = await collect(await thinker().stream("How do I rob the bank?"));
    const events = await collect(thinker().streamEvents("How do I rob the bank?", { version: "v2" }));
    expect(message.content).toBe("Take the bus.");
    expect(chunks.map(({ text }) => text).join("")).toBe("Take the bus.");
    expect(JSON.stringify([message, chunks, events])).not.toMatch(/Let me|think>/);
    expect(usageOf(message)).toMatchObject({ output_tokens: 11, output_token_details: { reasoning: 6 } });
  });

  it.each(["v0", "v1"] as const)("is a reasoning block where it is judged, whole and streamed (%s)", async (outputVersion) => {
    const expected = [
      { type: "reasoning", said: "Let me see." },
      { type: "text", said: "Take the bus." },
    ];
    const message = await thinker({ thoughts: "judged", outputVersion }).invoke("How do I rob the bank?");
    expect(blocksOf(message)).toEqual(expected);
    expect(message.text).toBe("Take the bus.");
    const chunks = await collect(await thinker({ thoughts: "judged", outputVersion }).stream("How do I rob the bank?"));
    const whole = chunks.reduce((sum, chunk) => sum.concat(chunk));
    expect(blocksOf(whole)).toEqual(expected);
    expect(whole.text).toBe("Take the bus.");
    expect(usageOf(whole)).toMatchObject({ output_tokens: 11, output_token_details: { reasoning: 6 } });
  });

  it("is left out where it comes back in a later turn", async () => {
    const [first, last] = [new HumanMessage("Hi"), new HumanMessage("And?")];
    const said = (content: AIMessage["content"]) => [first, new AIMessage({ content }), last];
    const promptOf = async (messages: ReturnType<typeof said>) => usageOf(await thinker().invoke(messages))?.input_tokens;
    const bare = await promptOf(said("Take the bus."));
    const blocks = [
      { type: "reasoning", reasoning: "Let me see." },
      { type: "text", text: "Take the bus." },
    ];
    expect(await promptOf(said(blocks))).toBe(bare);
    expect(await promptOf(said("<think> Let me see.</think> Take the bus."))).toBe(bare);
  });

  it("is told of in the model's profile", () => {
    expect(thinker().profile.reasoningOutput).toBe(false);
    expect(thinker({ thoughts: "judged" }).profile.reasoningOutput).toBe(true);
  });
});
