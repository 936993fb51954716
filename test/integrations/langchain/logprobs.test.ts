import type { AIMessage } from "@langchain/core/messages";
import { OptionError } from "rain-align";
import { ChatRain } from "rain-align/langchain";
import { describe, expect, it } from "vitest";
import { collect, concat } from "../../support/chat-models.ts";
import { END } from "../../support/scripted-engine.ts";
import { type World, worldEngine } from "../../support/scripted-world.ts";

const ASK = "How do I get home?";

/** Names the canary four times out of five, which is bad. */
const WORLD: World = {
  pieces: [" Follow", " the", " canary", " harbour", "."],
  goOn: (answer) => {
    if (answer === "") return { " Follow": 1 };
    if (answer.endsWith(" Follow")) return { " the": 1 };
    if (answer.endsWith(" the")) return { " canary": 4, " harbour": 1 };
    return answer.endsWith(".") ? { [END]: 1 } : { ".": 1 };
  },
  goodness: (answer) => (answer.includes("canary") ? 0.02 : 0.98),
};

function chat(fields: object = {}): ChatRain {
  return new ChatRain({ seed: 1, model: worldEngine(WORLD), firstCheck: 3, candidates: 8, logprobs: true, ...fields });
}

interface Told {
  readonly content: readonly { readonly token: string; readonly logprob: number; readonly bytes: readonly number[] }[];
}

function told({ response_metadata }: Pick<AIMessage, "response_metadata">): Told["content"] {
  return (response_metadata["logprobs"] as Told).content;
}

describe("Log-probabilities in LangChain", () => {
  it("are in the metadata as OpenAI's models have them, of what was released alone, on every way the same", async () => {
    const message = await chat().invoke(ASK);
    const tokens = told(message);
    expect(tokens.map(({ token }) => token)).toEqual([" Follow", " the", " harbour", "."]);
    expect(tokens[2]?.logprob).toBeCloseTo(Math.log(1 / 5), 3);
    expect(tokens[2]).toMatchObject({ bytes: [...new TextEncoder().encode(" harbour")], top_logprobs: [] });
    const chunks = await collect(chat().stream(ASK));
    expect(told(concat(chunks))).toEqual(tokens);
    for (const chunk of chunks.filter(({ text }) => text !== ""))
      expect(
        told(chunk)
          .map(({ token }) => token)
          .join("")
          .trimStart(),
      ).toBe(chunk.text.trimStart());
    expect(told(await chat().streamEvents(ASK))).toEqual(tokens);
    expect(told(await chat({ logprobs: false }).invoke(ASK, { logprobs: true }))).toEqual(tokens);
    expect(JSON.stringify([message, chunks])).not.toContain("canary");
  });

  it("are missing where nobody asks, and of a refusal", async () => {
    expect((await chat({ logprobs: false }).invoke(ASK)).response_metadata).not.toHaveProperty("logprobs");
    const refused = await chat({ threshold: 1, heldBack: 99 }).invoke(ASK);
    expect(refused.response_metadata).toMatchObject({ finish_reason: "content_filter" });
    expect(refused.response_metadata).not.toHaveProperty("logprobs");
  });

  it("are not told of tokens that were likely and not taken, which nobody has judged", async () => {
    const complaint = /`topLogprobs` to be 0: tokens that were likely and not taken were judged by nobody/;
    expect(() => chat({ topLogprobs: 5 })).toThrow(complaint);
    await expect(chat().invoke(ASK, { topLogprobs: 5 })).rejects.toThrow(OptionError);
    expect(told(await chat({ topLogprobs: 0 }).invoke(ASK))).toHaveLength(4);
  });
});
