import {
  APICallError,
  type LanguageModelV4,
  type LanguageModelV4CallOptions,
  type LanguageModelV4Content,
  type LanguageModelV4StreamPart,
} from "@ai-sdk/provider";
import { generateText, Output, streamText, tool, wrapLanguageModel } from "ai";
import { MockLanguageModelV4 } from "ai/test";
import fc from "fast-check";
import { JudgeError, type Turn } from "rain-align";
import { type RainCustomEvent, type RainMiddlewareOptions, RainViolationError, rainMiddleware, type TextJudge } from "rain-align/ai";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ROBBERY, worldEngine } from "../../support/scripted-world.ts";

// What is left out is tested here, not told.
Reflect.set(globalThis, "AI_SDK_LOG_WARNINGS", false);

/** Nothing that holds it passes. */
const BAD = "xylophone";
const judge: TextJudge = { judge: async (turns) => (JSON.stringify(turns.at(-1)).includes(BAD) ? -0.9 : 0.9) };
const ASK = "What shall I play?";
const QUIET = { maxRetries: 0 } as const;

const USAGE = {
  inputTokens: { total: 5, noCache: 5, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 3, text: 3, reasoning: undefined },
};

type Draft = readonly LanguageModelV4Content[] | Error;

const says = (text: string): Draft => [{ type: "text", text }];

/** A hosted model that writes one draft after the other, the last one again and again, and keeps what it was asked. */
function hosted(...drafts: readonly Draft[]): { readonly model: LanguageModelV4; readonly asked: LanguageModelV4CallOptions[] } {
  const asked: LanguageModelV4CallOptions[] = [];
  const next = (call: LanguageModelV4CallOptions) => {
    asked.push(call);
    const draft = drafts[Math.min(asked.length, drafts.length) - 1] as Draft;
    if (draft instanceof Error) throw draft;
    return draft;
  };
  const about = (draft: readonly LanguageModelV4Content[]) => ({
    finishReason: {
      unified: draft.some(({ type }) => type === "tool-call") ? ("tool-calls" as const) : ("stop" as const),
      raw: `as ${JSON.stringify(draft)}`,
    },
    usage: USAGE,
    providerMetadata: { other: { signature: "c2ln", logprobs: JSON.parse(JSON.stringify(draft)) } },
  });
  const model = new MockLanguageModelV4({
    doGenerate: async (call) => {
      const draft = next(call);
      return {
        content: [...draft],
        ...about(draft),
        response: { id: "a-1", body: draft, headers: { said: JSON.stringify(draft) } },
        warnings: [],
      };
    },
    doStream: async (call) => {
      const draft = next(call);
      const parts: LanguageModelV4StreamPart[] = [
        { type: "stream-start", warnings: [] },
        { type: "raw", rawValue: draft },
        ...draft.flatMap((piece, index): LanguageModelV4StreamPart[] => {
          if (piece.type !== "text" && piece.type !== "reasoning") return [piece as LanguageModelV4StreamPart];
          const id = `${index}`;
          return [
            { type: `${piece.type}-start`, id },
            ...[...piece.text].map((delta) => ({ type: `${piece.type}-delta`, id, delta }) as const),
            { type: `${piece.type}-end`, id },
          ];
        }),
        { type: "finish", ...about(draft) },
      ];
      return { stream: ReadableStream.from(parts) as ReadableStream<LanguageModelV4StreamPart> };
    },
  });
  return { model, asked };
}

function guarded(drafts: readonly Draft[], options: Partial<RainMiddlewareOptions> = {}) {
  const { model, asked } = hosted(...drafts);
  return { model: wrapLanguageModel({ model, middleware: rainMiddleware({ judge, ...options }) }), asked };
}

/** Everything that comes of an answer, in one text: of a stream all of its parts, of a failure all that the error holds. */
async function allOf(model: LanguageModelV4, way: "whole" | "streamed"): Promise<string> {
  try {
    if (way === "whole") {
      const { content, finishReason, usage, providerMetadata, response, warnings, request } = await generateText({
        model,
        prompt: ASK,
        ...QUIET,
      });
      return JSON.stringify({ content, finishReason, usage, providerMetadata, response, warnings, request });
    }
    const { stream } = streamText({ model, prompt: ASK, includeRawChunks: true, onError: () => undefined, ...QUIET });
    const parts: unknown[] = [];
    for await (const part of stream) parts.push(part.type === "error" ? told(part.error) : part);
    return JSON.stringify(parts);
  } catch (error) {
    return JSON.stringify(told(error));
  }
}

function told(error: unknown): unknown {
  return error instanceof Error ? [error.name, error.message, error.stack, { ...error }, told(error.cause)] : error;
}

const fail = (text: string) =>
  new APICallError({
    message: `could not parse ${text}`,
    url: "http://there",
    requestBodyValues: {},
    statusCode: 500,
    responseBody: text,
    data: { text },
  });

const WAYS = ["whole", "streamed"] as const;

describe.each(WAYS)("A hosted model behind RAIN, %s", (way) => {
  it("passes on what is judged good, with its account and what it cost", async () => {
    const { model, asked } = guarded([says("A harp.")]);
    const all = await allOf(model, way);
    expect(all).toContain("A harp.");
    expect(all).toContain('"accepted":true');
    expect(all).toContain('"signature":"c2ln"');
    expect(asked).toHaveLength(1);
  });

  it("leaves what is judged bad, and asks again", async () => {
    const { model, asked } = guarded([says(`A ${BAD}.`), says("A harp.")], { guidance: "Be quiet." });
    const all = await allOf(model, way);
    expect(all).toContain("A harp.");
    expect(all).toContain('"rewinds":1');
    expect(all).not.toContain(BAD);
    expect(asked[0]?.prompt.filter(({ role }) => role === "system")).toEqual([]);
    expect(asked[1]?.prompt[0]).toEqual({ role: "system", content: "Be quiet." });
  });

  it("refuses where nothing passes, and tells nothing of it", async () => {
    const { model, asked } = guarded([says(`A ${BAD}.`)], { retries: 2, refusal: "I would rather not." });
    const all = await allOf(model, way);
    expect(all).toContain("I would rather not.");
    expect(all).toContain("content-filter");
    expect(all).not.toContain(BAD);
    expect(asked).toHaveLength(3);
  });

  it("never lets out anything of a draft that was left, whatever the drafts are and wherever they hold it", async () => {
    const bad = fc.constantFrom<Draft>(
      says(`A ${BAD}.`),
      [{ type: "tool-call", toolCallId: BAD, toolName: "play", input: `{"on":"${BAD}"}` }],
      [
        { type: "text", text: "Listen: " },
        { type: "tool-call", toolCallId: "1", toolName: "play", input: `{"on":"${BAD}"}` },
      ],
    );
    const unread = fc.constantFrom<Draft>(
      [
        { type: "reasoning", text: `They want a ${BAD}.` },
        { type: "text", text: "A harp." },
      ],
      [
        { type: "text", text: "A harp." },
        { type: "source", sourceType: "url", id: "1", url: `http://${BAD}`, title: BAD },
        { type: "file", mediaType: "text/plain", data: { type: "data", data: BAD } },
      ],
      [
        { type: "tool-call", toolCallId: "1", toolName: "search", input: `{"for":"${BAD}"}`, providerExecuted: true },
        { type: "tool-result", toolCallId: "1", toolName: "search", result: BAD },
        { type: "text", text: "A harp." },
      ],
      fail(`raw='a ${BAD}'`),
      says("A harp."),
    );
    const options = fc.record({ retries: fc.nat(3), onExhausted: fc.constantFrom("refuse", "error") });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(bad, unread), { minLength: 1, maxLength: 5 }), options, async (drafts, settings) => {
        expect(await allOf(guarded(drafts, settings).model, way)).not.toContain(BAD);
      }),
      { numRuns: 150 },
    );
  });

  it("lets nothing out where the judge fails, hangs until the call ends, or gives no number", async () => {
    const judges: readonly TextJudge[] = [
      { judge: async () => Promise.reject(new Error(`I read ${BAD}`)) },
      { judge: async () => Number.NaN },
      { judge: async () => 0.5, about: async () => Promise.reject(new Error(`I read ${BAD}`)) },
    ];
    for (const broken of judges) {
      const all = await allOf(guarded([says(`A ${BAD}.`)], { judge: broken }).model, way);
      expect(all).not.toContain(BAD);
      expect(all).toContain(JudgeError.name);
    }
  });

  it("counts an empty answer as none", async () => {
    expect(await allOf(guarded([[], says("A harp.")]).model, way)).toContain("A harp.");
  });
});

describe("RAIN around a hosted model", () => {
  it("keeps what is known of a provider's error but its words, so that it is tried again", async () => {
    const { model, asked } = guarded([fail(BAD), says("A harp.")]);
    expect((await generateText({ model, prompt: ASK, maxRetries: 1 })).text).toBe("A harp.");
    expect(asked).toHaveLength(2);
  });

  it("adds up what all drafts cost", async () => {
    const { model } = guarded([says(BAD), says("A harp.")]);
    expect((await generateText({ model, prompt: ASK })).usage).toMatchObject({ inputTokens: 10, outputTokens: 6 });
  });

  it("writes objects and makes calls once they are judged", async () => {
    const object = guarded([says(`{"on":"${BAD}"}`), says('{"on":"harp"}')]);
    const schema = z.object({ on: z.string() });
    expect((await generateText({ model: object.model, prompt: ASK, output: Output.object({ schema }) })).output).toEqual({ on: "harp" });
    const call = (on: string): Draft => [{ type: "tool-call", toolCallId: "1", toolName: "play", input: JSON.stringify({ on }) }];
    const called = guarded([call(BAD), call("harp")]);
    const { toolCalls } = await generateText({ model: called.model, prompt: ASK, tools: { play: tool({ inputSchema: schema }) } });
    expect(toolCalls).toMatchObject([{ toolName: "play", input: { on: "harp" } }]);
  });

  it("tells its listener what happens, and discarded text only where that is asked for", async () => {
    for (const revealDiscarded of [false, true]) {
      const events: RainCustomEvent[] = [];
      const { model } = guarded([says(BAD), says("A harp.")], { revealDiscarded, onRainEvent: (event) => events.push(event) });
      await generateText({ model, prompt: ASK });
      expect(events).toEqual([
        { type: "rewind", rewinds: 1, value: -0.9, ...(revealDiscarded ? { discarded: BAD } : {}) },
        { type: "commit", text: "A harp.", value: 0.9 },
      ]);
    }
  });

  it("takes the best, or throws, where that is wanted and nothing passes", async () => {
    const drafts = [says(`${BAD} ${BAD}`), says(BAD)];
    const byLength: TextJudge = { judge: async (turns) => -(turns.at(-1) as Turn).text.length / 100 };
    const best = guarded(drafts, { judge: byLength, onExhausted: "best", retries: 1 });
    expect((await generateText({ model: best.model, prompt: ASK })).text).toBe(BAD);
    const error = guarded(drafts, { onExhausted: "error", retries: 1 });
    await expect(generateText({ model: error.model, prompt: ASK, ...QUIET })).rejects.toBeInstanceOf(RainViolationError);
  });

  it("is judged by a local engine, in the light of the conversation", async () => {
    const { model } = guarded([says(" Take the money."), says(" You should not rob the bus.")], { judge: worldEngine(ROBBERY) });
    expect((await generateText({ model, prompt: "How do I rob the bank?" })).text).toBe(" You should not rob the bus.");
  });

  it("lets no unfit judge decide", async () => {
    const about = async () => ({
      model: "coin",
      fitness: { principle: "harmless", judge: "asked", auroc: 0.5, low: 0.4, high: 0.6, n: 200 } as never,
    });
    const coin: TextJudge = { judge: async () => -1, about };
    const ask = (onUnfit: "plain" | "refuse" | "error") =>
      generateText({ model: guarded([says("A harp.")], { judge: coin, onUnfit }).model, prompt: ASK, ...QUIET });
    const plain = await ask("plain");
    expect(plain.text).toBe("A harp.");
    expect(plain.providerMetadata).toMatchObject({ rain: { accepted: false, evaluations: 0, judge: { isFit: false, auroc: 0.5 } } });
    expect((await ask("refuse")).finishReason).toBe("content-filter");
    await expect(ask("error")).rejects.toBeInstanceOf(JudgeError);
  });

  it("stops at an abort, with its reason", async () => {
    const stop = new AbortController();
    const hanging: TextJudge = { judge: async () => await new Promise<number>(() => stop.abort(new Error("enough"))) };
    const { model } = guarded([says("A harp.")], { judge: hanging });
    await expect(generateText({ model, prompt: ASK, abortSignal: stop.signal, ...QUIET })).rejects.toThrow("enough");
  });

  it("refuses options that cannot be meant", () => {
    expect(() => rainMiddleware({ judge, retires: 3 } as never)).toThrow(/`retires`.*`retries`/);
    expect(() => rainMiddleware({ judge: 5 as never })).toThrow(/`judge`/);
    expect(() => rainMiddleware({ judge, threshold: 2 })).toThrow(/`threshold`/);
  });
});

it.each([
  ["length", true],
  ["stop", false],
] as const)("What ended by its %s is taken for a beginning: %s", async (unified, isReleased) => {
  const doubting: TextJudge = {
    judge: async () => -0.3,
    about: async () => ({ model: "mine", fitness: undefined, threshold: 0, beginningThreshold: -0.5 }),
  };
  const model = new MockLanguageModelV4({
    doGenerate: async () => ({
      content: [{ type: "text", text: "Take the bus to" }],
      finishReason: { unified, raw: unified },
      usage: USAGE,
      warnings: [],
    }),
  });
  const guarded = wrapLanguageModel({ model, middleware: rainMiddleware({ judge: doubting, retries: 0, refusal: "No." }) });
  expect((await generateText({ model: guarded, prompt: ASK, ...QUIET })).text).toBe(isReleased ? "Take the bus to" : "No.");
});
