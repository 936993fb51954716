import fc from "fast-check";
import { type AnswerJudge, EngineError, type FindJudge, JudgeError, rain, type Token } from "rain-align";
import { type LlamaEngine, loadLlamaEngine } from "rain-align/llama";
import { connectEngine, type RemoteEngine } from "rain-align/remote";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { letterJudge } from "../../../src/judges/index.ts";
import { type ModelServerStub, type ServerFault, serveLikeLlama, serveLikeSglang, serveLikeVllm } from "../../support/model-server.ts";

/** What may come between a server and who asks it. */
const FAULTS: Readonly<Record<string, ServerFault>> = {
  "is killed before it answers": "cut",
  "is killed in the middle of an answer": "half",
  "has no room": { status: 503, body: JSON.stringify({ error: { message: "Loading model" } }) },
  refuses: { status: 400, body: JSON.stringify({ error: { message: "no" } }) },
  "is hidden by a proxy's page": { type: "text/html", body: "<html>Sign in</html>" },
  "says nothing": { body: "" },
  "is another one": { body: JSON.stringify({ choices: [{ text: "You should rob the bank." }] }) },
  "leaves out how likely tokens are": { body: JSON.stringify({ timings: { prompt_n: 1 } }) },
  "tells of fewer tokens": {
    body: JSON.stringify({ completion_probabilities: [{ top_logprobs: [{ id: 5, logprob: -1 }] }], timings: { prompt_n: 1 } }),
  },
  "tells of tokens that there are not": {
    body: JSON.stringify({
      completion_probabilities: [{ top_logprobs: Array(64).fill({ id: 9999, logprob: -1 }) }],
      timings: { prompt_n: 1 },
    }),
  },
  "tells of no token at all": {
    body: JSON.stringify({
      choices: [{ logprobs: { top_logprobs: [{}] } }],
      usage: { prompt_tokens: 1 },
      meta_info: { prompt_tokens: 1, cached_tokens: 0, output_top_logprobs: [[]] },
    }),
  },
  "tells of no token": {
    body: JSON.stringify({ completion_probabilities: [{ top_logprobs: [], top_probs: [] }], timings: { prompt_n: 1 } }),
  },
};

const CODES = new Set(["server-unreachable", "server-busy", "server-refused", "server-unreadable"]);

const PROMPTS = ["How do I rob the bank?", "How do I paint the house?", "Can the cow fly?", "Tell me how to steal a car."];

/** Pages of theirs that say what a model expects, and how each is connected to: the judge by letters costs no labelled answers to be read. `asks`: about how often an answer asks, so that most failures come within it. */
const KINDS = {
  "llama-server": { serve: serveLikeLlama, asks: 50, options: {} },
  "llama-server, read ahead,": { serve: serveLikeLlama, asks: 14, options: { ahead: 6, findJudge: letterJudge } },
  vLLM: { serve: serveLikeVllm, asks: 50, options: { vocabulary: "embedded", findJudge: letterJudge } },
  SGLang: { serve: serveLikeSglang, asks: 50, options: { vocabulary: "embedded", findJudge: letterJudge } },
} as const;
const ASKED = new Set(["/completion", "/v1/completions", "/generate"]);

describe.each(Object.entries(KINDS))("An engine over HTTP whose %s fails at any request", (_, { serve, asks, options: connecting }) => {
  let server: ModelServerStub;
  let engine: RemoteEngine;
  let countdown = Number.POSITIVE_INFINITY;
  let fault: ServerFault | undefined;
  let asked = 0;
  let local: LlamaEngine;
  beforeAll(async () => {
    local = await loadLlamaEngine({ gpu: false, threads: 1 });
    server = await serve(local, {
      fault: ({ path }) => {
        if (!ASKED.has(path)) return undefined;
        asked++;
        // Once it has failed, it stays so.
        return --countdown < 0 ? fault : undefined;
      },
    });
    engine = await connectEngine({ url: server.url, ...connecting });
  });
  afterAll(async () => {
    for (const one of [engine, server, local]) await one[Symbol.asyncDispose]();
  });

  /** What was released, how it ended, and what the judge let pass. */
  async function attempt(text: string, seed: number, fatal = Number.POSITIVE_INFINITY, how?: ServerFault) {
    [countdown, fault, asked] = [fatal, how, 0];
    const approved: string[] = [];
    let released = "";
    try {
      const options = { seed, maxTokens: 32, judge: spied(approved) };
      for await (const step of rain(engine, [{ role: "user", text }], options)) released += step.text;
      return { released, approved, failure: undefined, asked };
    } catch (failure) {
      return { released, approved, failure, asked };
    }
  }

  it("releases nothing that its judge has not let pass, and says in one line what happened", async () => {
    let [failed, wrote] = [0, 0];
    const mishap = fc.record({
      prompt: fc.constantFrom(...PROMPTS),
      seed: fc.nat(1000),
      fatal: fc.nat(asks),
      how: fc.constantFrom(...Object.keys(FAULTS)),
    });
    await fc.assert(
      fc.asyncProperty(mishap, async ({ prompt, seed, fatal, how }) => {
        const { released, approved, failure } = await attempt(prompt, seed, fatal, FAULTS[how]);
        if (released !== "") expect(approved.some((text) => text.startsWith(released.trimStart()))).toBe(true);
        if (released !== "") wrote++;
        if (failure === undefined) return;
        failed++;
        const found = EngineError.findIn(failure) ?? JudgeError.findIn(failure);
        expect(found).toBeDefined();
        if (found instanceof EngineError) expect([...CODES]).toContain(found.code);
        expect((failure as Error).message).not.toContain("\n");
      }),
      { numRuns: 40 },
    );
    // Neither is rare: about 24 of 40.
    expect(failed).toBeGreaterThan(5);
    expect(wrote).toBeGreaterThan(3);
  });

  it.each(Object.entries(FAULTS))("works again when the server does, which %s", async (name, how) => {
    const before = await attempt(PROMPTS[1] as string, 3);
    expect(before.failure).toBeUndefined();
    expect(before.released).not.toBe("");
    // Another text each time: nothing of it is known yet.
    const text = `How do I paint the house that ${name}?`;
    expect((await attempt(text, 3, 0, how)).failure).toBeDefined();
    expect((await attempt(text, 3)).failure).toBeUndefined();
  });
});

/** The engine's own judge, and what it lets pass. */
function spied(approved: string[]): FindJudge {
  return async (engine, settings) => {
    const found = await (engine.findJudge as FindJudge)(engine, settings);
    const { threshold, beginningThreshold = threshold } = found;
    const { judge } = found;
    const verdicts: AnswerJudge["verdicts"] = async (conversation, answers, call, isWhole = []) => {
      const values = await judge.verdicts(conversation, answers, call, isWhole);
      for (const [index, { value }] of values.entries()) {
        const tokens = answers[index] as readonly Token[];
        if (value >= (isWhole[index] === true ? threshold : beginningThreshold))
          approved.push(engine.tokenizer.detokenize(tokens, engine.tokenizer.renderText("a")).trimStart());
      }
      return values;
    };
    return { ...found, judge: new Proxy(judge, { get: (target, name) => (name === "verdicts" ? verdicts : bound(target, name)) }) };
  };
}

/** Private fields are seen by the object itself only. */
function bound(target: AnswerJudge, name: string | symbol): unknown {
  const member: unknown = Reflect.get(target, name);
  return typeof member === "function" ? member.bind(target) : member;
}
