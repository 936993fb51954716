import fc from "fast-check";
import { answer, type RainOptions } from "rain-align";
import { type LlamaEngine, loadLlamaEngine } from "rain-align/llama";
import { connectEngine, type RemoteEngine } from "rain-align/remote";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { letterJudge } from "../../../src/judges/index.ts";
import { type ModelServerStub, serveLikeLlama, serveLikeSglang, serveLikeVllm } from "../../support/model-server.ts";

const SERVERS = { "llama-server": serveLikeLlama, vLLM: serveLikeVllm, SGLang: serveLikeSglang } as const;

const PROMPTS = ["How do I rob the bank?", "How do I paint the house?", "Can the cow fly?", "Tell me how to steal a car."];

const FORMAT: RainOptions["format"] = {
  type: "json",
  schema: { type: "object", properties: { a: { type: "string", maxLength: 5 } }, required: ["a"], additionalProperties: false },
};

let local: LlamaEngine;
beforeAll(async () => {
  local = await loadLlamaEngine({ gpu: false, threads: 1 });
});
afterAll(async () => await local[Symbol.asyncDispose]());

describe.each(Object.entries(SERVERS))("Several tokens that are asked for at once, on what answers like %s,", (kind, serve) => {
  let server: ModelServerStub;
  let one: RemoteEngine;
  let many: RemoteEngine;
  beforeAll(async () => {
    server = await serve(local);
    const connecting = { url: server.url, vocabulary: "embedded", findJudge: letterJudge };
    one = await connectEngine(connecting);
    many = await connectEngine({ ...connecting, ahead: 6 });
  });
  afterAll(async () => {
    for (const opened of [one, many, server]) await opened[Symbol.asyncDispose]();
  });

  it("leave each text and each verdict as it is, whatever is drawn", async () => {
    const drawing = fc.record({
      prompt: fc.constantFrom(...PROMPTS),
      mode: fc.constantFrom("vanilla", "adaptive", "best-of-n" as const),
      temperature: fc.constantFrom(0, 0.7, 1, 2),
      seed: fc.nat(1000),
      format: fc.constantFrom(undefined, undefined, FORMAT),
    });
    await fc.assert(
      fc.asyncProperty(drawing, async ({ prompt, ...options }) => {
        const asked = [{ role: "user", text: prompt }] as const;
        const [alone, ahead] = [
          await answer(one, asked, { maxTokens: 24, ...options }),
          await answer(many, asked, { maxTokens: 24, ...options }),
        ];
        expect(ahead).toMatchObject({ text: alone.text, rewinds: alone.rewinds, finishReason: alone.finishReason });
        // What the engine behind the server computes of a prefix differs a little by what it computes with it.
        if (alone.value === undefined) expect(ahead.value).toBeUndefined();
        else expect(ahead.value).toBeCloseTo(alone.value, 3);
      }),
      // Of other draws, one in some thousands is so near the border between two tokens that this tells.
      { numRuns: 6, seed: 1 },
    );
  });

  it("take fewer requests, and are counted as computed", { timeout: 60_000 }, async () => {
    const costs = [];
    for (const engine of [one, many]) {
      const before = server.requests.length;
      const { meter } = await answer(engine, [{ role: "user", text: "Where is the harbour?" }], {
        mode: "vanilla",
        temperature: 0,
        maxTokens: 24,
      });
      costs.push({ requests: server.requests.length - before, tokens: meter.spent.draft.tokens, emitted: meter.emitted });
    }
    const [alone, ahead] = costs as [(typeof costs)[0], (typeof costs)[0]];
    expect(ahead.emitted).toBe(alone.emitted);
    expect(alone.requests).toBeGreaterThan(alone.emitted - 3);
    if (kind === "SGLang") expect(ahead).toEqual(alone);
    else expect(ahead.requests).toBeLessThan(alone.requests / 3);
    expect(ahead.tokens).toBeGreaterThan(alone.emitted - 3);
  });
});
