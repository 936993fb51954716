import { generateText, isStepCount, jsonSchema, Output, streamText, tool } from "ai";
import fc from "fast-check";
import type { Engine } from "rain-align";
import { rainModel, ToolCallError } from "rain-align/ai";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { collect } from "../../support/chat-models.ts";
import { ROBBERY, worldEngine } from "../../support/scripted-world.ts";
import { TemplateEngine } from "../../support/template-engine.ts";
import { CALL_WRITERS } from "../../tools/call-writers.ts";

const ROB = "How do I rob the bank?";
const QUIET = { maxRetries: 0 } as const;

/** What is left by each rewind contains it: nothing that speaks of it passes. */
const BAD = "money";

/** A model with a template, which writes this, whatever it is asked. */
function writing(writes: string): Engine {
  const [hermes] = CALL_WRITERS;
  if (hermes === undefined) throw new Error("Expected a family of calls");
  return new TemplateEngine({ template: hermes.template, specials: hermes.specials, writes });
}

const weather = { description: "The weather in a city", inputSchema: z.strictObject({ city: z.enum(["Oslo", "Rome"]) }) };

describe("A local model in the AI SDK", () => {
  it("writes a judged text, and tells how it came about and what it cost", async () => {
    const model = rainModel(worldEngine(ROBBERY));
    const { text, finishReason, usage, providerMetadata, response } = await generateText({ model, prompt: ROB, seed: 3, ...QUIET });
    expect(text).not.toBe("");
    expect(text).not.toContain(BAD);
    expect(finishReason).toBe("stop");
    expect(response.modelId).toBe("scripted");
    expect(usage.inputTokens).toBeGreaterThan(0);
    expect(usage.outputTokens).toBeGreaterThan(0);
    const rain = providerMetadata?.["rain"];
    expect(rain).toMatchObject({ mode: "adaptive", principle: "harmless", seed: 3 });
    expect(JSON.parse(JSON.stringify(rain))).toEqual(rain);
  });

  it("streams the same text in parts, each once it is judged", async () => {
    const asked = () => ({ model: rainModel(worldEngine(ROBBERY)), prompt: ROB, seed: 3, ...QUIET });
    const whole = await generateText(asked());
    const stream = streamText(asked());
    const parts: string[] = [];
    for await (const part of stream.textStream) parts.push(part);
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.join("")).toBe(whole.text);
    expect(await stream.providerMetadata).toEqual(whole.providerMetadata);
    expect((await stream.usage).outputTokens).toBe(whole.usage.outputTokens);
  });

  it("has another seed for each answer where none is given, and says which", async () => {
    const model = rainModel(worldEngine(ROBBERY));
    const seeds = await Promise.all(
      [1, 2, 3].map(async () => (await generateText({ model, prompt: ROB })).providerMetadata?.["rain"]?.["seed"]),
    );
    expect(new Set(seeds).size).toBe(3);
  });

  it("takes options by their own names, and its maker's are what answers begin with", async () => {
    const model = rainModel(worldEngine({ ...ROBBERY, goodness: () => 0 }), { refusal: "No.", seed: 1 });
    const refused = await generateText({ model, prompt: ROB });
    expect(refused).toMatchObject({ text: "No.", finishReason: "content-filter" });
    const best = await generateText({ model, prompt: ROB, providerOptions: { rain: { onExhausted: "best", maxTokens: 2 } } });
    expect(best).toMatchObject({ finishReason: "length" });
    await expect(generateText({ model, prompt: ROB, providerOptions: { rain: { onExhausted: "never" } }, ...QUIET })).rejects.toThrow(
      /`onExhausted`/,
    );
    expect(() => rainModel(worldEngine(ROBBERY), { temperature: -1 })).toThrow(/`temperature`/);
  });

  it("writes objects of a schema", async () => {
    const engine = worldEngine({ pieces: [], goOn: () => ({ '"': 1, a: 1, "}": 2, "{": 1, ":": 1 }), goodness: () => 0.9 });
    const schema = z.strictObject({ sky: z.enum(["blue", "grey"]), stars: z.int().min(0).max(9) });
    const { output } = await generateText({ model: rainModel(engine), prompt: "The sky?", output: Output.object({ schema }) });
    expect(schema.safeParse(output).success).toBe(true);
  });

  it("streams an object as it grows, of which nothing came that did not pass as it stands", async () => {
    const passed = new Set<string>();
    const goodness = (answer: string) => {
      if (!answer.includes("grey")) passed.add(answer);
      return answer.includes("grey") ? 0.02 : 0.98;
    };
    const written = '{"sky":"blue","clouds":"none","sun":"high"}';
    const goOn = (answer: string) =>
      answer.endsWith(':"') && answer.length < 9 ? { grey: 3, blue: 1 } : { [written[answer.length] ?? "\0"]: 1 };
    const engine = worldEngine({ pieces: ["grey", "blue"], goOn, goodness });
    const schema = z.strictObject({ sky: z.enum(["blue", "grey"]), clouds: z.enum(["none"]), sun: z.enum(["high"]) });
    const model = rainModel(engine, { firstCheck: 5, maxCheckGap: 5, candidates: 8, seed: 1 });
    const { partialOutputStream, textStream } = streamText({ model, prompt: "The sky?", output: Output.object({ schema }) });
    const objects: unknown[] = [];
    for await (const object of partialOutputStream) objects.push(object);
    expect(objects.length).toBeGreaterThan(2);
    expect(objects.at(-1)).toEqual(JSON.parse(written));
    let text = "";
    for await (const part of textStream) {
      text += part;
      expect(passed).toContain(text);
    }
    expect(text).toBe(written);
  });

  it("calls tools, reads what they give back, and goes on", async () => {
    const call = '<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>';
    const asked: unknown[] = [];
    const execute = async (input: unknown) => {
      asked.push(input);
      return "Rain.";
    };
    const { steps } = await generateText({
      model: rainModel(writing(call), { mode: "vanilla" }),
      prompt: "How is it in Oslo?",
      tools: { weather: tool({ ...weather, execute }) },
      stopWhen: isStepCount(3),
    });
    expect(asked).toEqual(Array.from({ length: 3 }, () => ({ city: expect.stringMatching(/^(Oslo|Rome)$/) })));
    const ids = steps.flatMap(({ toolCalls }) => toolCalls.map(({ toolCallId }) => toolCallId));
    expect(new Set(ids).size).toBe(3);
    expect(steps.map(({ finishReason }) => finishReason)).toEqual(["tool-calls", "tool-calls", "tool-calls"]);
  });

  it("streams a call as one judged unit", async () => {
    const call = '<tool_call>\n{"name": "weather", "arguments": {"city": "Rome"}}\n</tool_call>';
    const { stream } = streamText({
      model: rainModel(writing(call), { mode: "vanilla" }),
      prompt: "How is it in Rome?",
      tools: { weather: tool(weather) },
      toolChoice: { type: "tool", toolName: "weather" },
    });
    const kinds: string[] = [];
    for await (const part of stream) kinds.push(part.type);
    expect(kinds.filter((kind) => kind.startsWith("tool"))).toEqual([
      "tool-input-start",
      "tool-input-delta",
      "tool-input-end",
      "tool-call",
    ]);
  });

  it("has no call that the length limit cuts, and tells of it apart; where one was required, that is an error", async () => {
    const call = '<tool_call>\n{"name": "weather", "arguments": {"city": "Rome"}}\n</tool_call>';
    const model = rainModel(writing(call), { mode: "vanilla" });
    const asked = { model, prompt: "How is it in Rome?", maxOutputTokens: 44, temperature: 0, seed: 1, ...QUIET };
    const tools = { weather: tool({ ...weather, execute: () => "Rain." }) };
    const whole = await generateText({ ...asked, tools });
    const stream = streamText({ ...asked, tools });
    const kinds = (await collect(stream.stream)).map(({ type }) => type);
    expect(whole).toMatchObject({ finishReason: "length", toolCalls: [], text: "" });
    expect(kinds.filter((kind) => kind.startsWith("tool"))).toEqual([]);
    for (const metadata of [whole.providerMetadata, await stream.providerMetadata])
      expect(metadata).toMatchObject({ rain: { cutCall: { name: "weather", arguments: expect.stringMatching(/^(\{|$)/) } } });

    const toolChoice = "required" as const;
    await expect(generateText({ ...asked, tools, toolChoice })).rejects.toThrow(ToolCallError);
    const errors: unknown[] = [];
    await streamText({ ...asked, tools, toolChoice, onError: ({ error }) => void errors.push(error) }).consumeStream();
    expect(errors).toEqual([expect.objectContaining({ message: expect.stringContaining("raise `maxOutputTokens`") })]);
  });

  it("says which tools it cannot have", async () => {
    const { warnings } = await rainModel(worldEngine(ROBBERY)).doGenerate({
      prompt: [{ role: "user", content: [{ type: "text", text: ROB }] }],
      tools: [{ type: "provider", id: "other.search", name: "search", args: {} }],
    });
    expect(warnings).toMatchObject([{ type: "unsupported", feature: "the tool search" }]);
  });

  it.each([
    [
      "a picture",
      [{ role: "user" as const, content: [{ type: "file" as const, mediaType: "image/png", data: new Uint8Array([137, 80, 78, 71]) }] }],
    ],
    [
      "the result of no call",
      [
        { role: "user" as const, content: "Hi" },
        {
          role: "tool" as const,
          content: [
            { type: "tool-result" as const, toolCallId: "x", toolName: "weather", output: { type: "text" as const, value: "Rain." } },
          ],
        },
      ],
    ],
  ])("refuses %s, and says where it stands", async (_, messages) => {
    const asking = generateText({ model: rainModel(worldEngine(ROBBERY)), messages, ...QUIET });
    await expect(asking).rejects.toThrow(/prompt\[\d\]/);
  });

  it("stops at an abort, and gives its place to the next", async () => {
    const model = rainModel(worldEngine(ROBBERY), { concurrency: 1 });
    const stop = new AbortController();
    const stream = streamText({ model, prompt: ROB, abortSignal: stop.signal, seed: 3, onError: () => undefined });
    for await (const _ of stream.textStream) stop.abort(new Error("enough"));
    expect((await generateText({ model, prompt: ROB, seed: 3 })).text).not.toBe("");
  });

  it("gives its place to the next when its reader leaves", async () => {
    const model = rainModel(worldEngine(ROBBERY), { concurrency: 1 });
    const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: ROB }] }];
    const { stream } = await model.doStream({ prompt });
    const reader = stream.getReader();
    for (let count = 0; count < 4; count++) await reader.read();
    await reader.cancel();
    expect((await generateText({ model, prompt: ROB })).text).not.toBe("");
  });

  it("says in the stream what fails amid an answer", async () => {
    const engine = worldEngine({
      ...ROBBERY,
      goOn: (answer) => {
        if (answer.includes("bus")) throw new Error("The lamp went out");
        return ROBBERY.goOn(answer);
      },
    });
    const errors: unknown[] = [];
    const { textStream } = streamText({
      model: rainModel(engine),
      prompt: ROB,
      seed: 3,
      onError: ({ error }) => errors.push(error),
      ...QUIET,
    });
    let text = "";
    for await (const part of textStream) text += part;
    expect(errors).toMatchObject([{ message: "The lamp went out" }]);
    expect(text).not.toContain(BAD);
  });

  it("never lets out what was left, whatever is asked and whenever its reader leaves", async () => {
    const model = rainModel(worldEngine(ROBBERY), { concurrency: 4 });
    const calls = fc.record({
      seed: fc.nat(10_000),
      temperature: fc.constantFrom(0, 0.7, 1.5),
      maxOutputTokens: fc.integer({ min: 1, max: 60 }),
    });
    await fc.assert(
      fc.asyncProperty(calls, fc.oneof(fc.constant(1e9), fc.nat(12)), async (call, readsAtMost) => {
        const { stream } = streamText({ model, prompt: ROB, ...call, includeRawChunks: true, ...QUIET });
        const parts: unknown[] = [];
        for await (const part of stream) if (parts.push(part) > readsAtMost) break;
        expect(JSON.stringify(parts)).not.toContain(BAD);
      }),
      { numRuns: 60 },
    );
  });

  it("checks of the whole answer what a schema says and cannot be kept while it is written", async () => {
    const goOn = (answer: string) => ({ "1": answer.endsWith("1") ? 9 : 5, "2": 5, ",": 1, "]": 1, "[": 1, "{": 1 });
    const engine = worldEngine({ pieces: [], goOn, goodness: () => 0.9 });
    const items = { type: "array" as const, items: { enum: [1, 2] }, minItems: 2, maxItems: 2, uniqueItems: true };
    const schema = jsonSchema<{ n: number[] }>({ type: "object", properties: { n: items }, required: ["n"], additionalProperties: false });
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const { output } = await generateText({ model: rainModel(engine), prompt: "Both?", seed, output: Output.object({ schema }) });
      expect(output.n.toSorted()).toEqual([1, 2]);
    }
  });

  it("reads a schema that is given as JSON, too", async () => {
    const engine = worldEngine({ pieces: [], goOn: () => ({ "1": 1, "2": 1 }), goodness: () => 0.9 });
    const schema = jsonSchema<{ n: number }>({
      type: "object",
      properties: { n: { enum: [1, 2] } },
      required: ["n"],
      additionalProperties: false,
    });
    const { output } = await generateText({ model: rainModel(engine), prompt: "One or two?", output: Output.object({ schema }) });
    expect([1, 2]).toContain(output.n);
  });
});
