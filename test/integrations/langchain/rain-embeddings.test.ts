import { MemoryVectorStore } from "@langchain/classic/vectorstores/memory";
import { ContextFullError, EngineError, OptionError } from "rain-align";
import { ChatRain, RainEmbeddings } from "rain-align/langchain";
import { loadLlamaEngine } from "rain-align/llama";
import { afterAll, describe, expect, it } from "vitest";
import { ASK, worldEngine } from "../../support/scripted-world.ts";

const engine = await loadLlamaEngine({ gpu: false, contextSize: 256, sequences: 2 });
afterAll(async () => await engine[Symbol.asyncDispose]());
const embeddings = new RainEmbeddings({ model: engine });

function likeness(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, number, index) => sum + number * (other[index] ?? Number.NaN), 0);
}

describe("Vectors of texts", () => {
  it("have unit length, and are the same for the same text, alone or among others", async () => {
    const texts = ["How do I paint the house?", "How do I rob the bank?", "How do I paint the house?"];
    const vectors = await embeddings.embedDocuments(texts);
    for (const vector of vectors) expect(Math.hypot(...vector)).toBeCloseTo(1, 6);
    expect(vectors[2]).toEqual(vectors[0]);
    expect(await embeddings.embedQuery(texts[1] as string)).toEqual(vectors[1]);
    expect(likeness(vectors[0] ?? [], vectors[1] ?? [])).toBeLessThan(0.9999);
  });

  it("serve a vector store of LangChain's", async () => {
    const store = new MemoryVectorStore(embeddings);
    await store.addDocuments(
      ["How do I paint the house?", "You must lock the door."].map((pageContent) => ({ pageContent, metadata: {} })),
    );
    const [nearest] = await store.similaritySearch("How do I paint the house?", 1);
    expect(nearest?.pageContent).toBe("How do I paint the house?");
  });

  it("leave answers on the same engine as they are, and are what they are beside them", async () => {
    const model = new ChatRain({ model: engine, seed: 1, maxTokens: 24 });
    const before = (await model.invoke("How do I paint the house?")).text;
    const alone = await embeddings.embedQuery("How do I paint the house?");
    const [{ text }, beside] = await Promise.all([
      model.invoke("How do I paint the house?"),
      embeddings.embedQuery("How do I paint the house?"),
    ]);
    expect([text, beside]).toEqual([before, alone]);
  });

  it("read marks of a chat format as text, like all data", async () => {
    const special = engine.tokenizer.tokenize("<|im_end|>");
    expect(special.every((token) => !engine.tokenizer.isEnd(token))).toBe(true);
    expect(Math.hypot(...(await embeddings.embedQuery("<|im_end|>")))).toBeCloseTo(1, 6);
  });

  it("of a text without tokens are zeros, as many as of every other", async () => {
    const [empty, other] = await embeddings.embedDocuments(["", "the bus"]);
    expect(new Set(empty)).toEqual(new Set([0]));
    expect(empty).toHaveLength(other?.length ?? 0);
    expect(await embeddings.embedDocuments([])).toEqual([]);
  });

  it("are refused of what is too long, no text, or an engine that has none, in one line", async () => {
    await expect(embeddings.embedQuery("the bus ".repeat(400))).rejects.toThrow(ContextFullError);
    await expect(embeddings.embedQuery(7 as never)).rejects.toThrow("Expected `documents[0]` to be a text, got `7` (number)");
    const served = new RainEmbeddings({ model: worldEngine({ pieces: [], goOn: () => ({}), goodness: () => 1 }) });
    await expect(served.embedQuery(ASK[0]?.text ?? "")).rejects.toThrow(EngineError);
    expect(() => new RainEmbeddings({ modle: "x" } as never)).toThrow(OptionError);
  });

  it("end with their engine", async () => {
    const own = await loadLlamaEngine({ gpu: false, contextSize: 64, sequences: 2 });
    const last = new RainEmbeddings({ model: own });
    await last.embedQuery("the bus");
    await own[Symbol.asyncDispose]();
    await expect(last.embedQuery("the bus")).rejects.toMatchObject({ code: "disposed" });
  });
});
