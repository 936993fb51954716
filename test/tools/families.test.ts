import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { answer, EngineError, type RainOptions, type RainStep, rain, type Tool, type Turn } from "rain-align";
import { describe, expect, it } from "vitest";
import type { CallFormat, FormattedText, JsonSchema, Token } from "../../src/core/index.ts";
import { TemplateEngine } from "../support/template-engine.ts";
import { CALL_WRITERS, type CallWriter, type Written } from "./call-writers.ts";

const WEATHER: Tool = {
  name: "weather",
  description: "What the weather will be.",
  parameters: { type: "object", properties: { city: { type: "string" }, days: { type: "integer", minimum: 1 } }, required: ["city"] },
};
const FIND: Tool = {
  name: "weather_find",
  parameters: {
    type: "object",
    properties: {
      query: { type: "string" },
      exact: { type: "boolean" },
      within: { type: "array", items: { type: "string" } },
      near: { type: "object", properties: { place: { type: "string" } }, required: ["place"] },
    },
    required: ["query", "exact"],
  },
};
const TOOLS = [WEATHER, FIND];

const BERGEN: Written = { name: "weather", arguments: { city: "Bergen", days: 2 } };
const STORM: Written = {
  name: "weather_find",
  arguments: { query: "a storm, or two", exact: true, within: ["Oslo", "Rome"], near: { place: "the sea" } },
};

function engineOf({ template, specials }: CallWriter, writes: string): TemplateEngine {
  return new TemplateEngine({ template, specials, writes });
}

async function run(engine: TemplateEngine, options: RainOptions = {}, turns: readonly Turn[] = [{ role: "user", text: "Rain?" }]) {
  const steps: RainStep[] = [];
  const answering = rain(engine, turns, { tools: TOOLS, temperature: 0, mode: "vanilla", maxTokens: 1000, ...options });
  let next = await answering.next();
  for (; !next.done; next = await answering.next()) steps.push(next.value);
  const calls = (next.value.calls ?? []).map(({ name, arguments: values }) => ({ name, arguments: values }));
  return { ...next.value, calls, steps };
}

describe.each(CALL_WRITERS)("$title:", (writer) => {
  const { write, family, isSingle = false } = writer;

  it("is seen to write calls so", () => {
    expect(engineOf(writer, "").facts.callFormat?.family).toBe(family);
  });

  it.each([[BERGEN], [STORM], [{ name: "weather", arguments: { city: "Rome" } }]])("a call is taken apart: %j", async (call) => {
    const result = await run(engineOf(writer, write([call])));
    expect(result).toMatchObject({ text: "", calls: [call], finishReason: "tool_calls" });
    expect(result.steps.map(({ text }) => text).join("")).toBe("");
  });

  it("a text and a call behind it are told apart", async () => {
    const said = isSingle ? await run(engineOf(writer, write([BERGEN]))) : await run(engineOf(writer, `I will see.${write([BERGEN])}`));
    expect(said.calls).toEqual([BERGEN]);
    expect(said.text.trim()).toBe(isSingle ? "" : "I will see.");
  });

  it("a thought in front of a text and calls is neither, and they are written behind it", async () => {
    const said = isSingle ? "" : "I will see.";
    const calls = isSingle ? [BERGEN] : [BERGEN, STORM];
    const thinker = { ...writer, specials: [...writer.specials, "<think>", "</think>"] };
    for (const text of new Set([said, ""])) {
      const result = await run(engineOf(thinker, `<think>A call: ${write([STORM])}, or not?</think>${text}${write(calls)}`));
      expect(result).toMatchObject({ calls, finishReason: "tool_calls" });
      expect([result.text, result.steps.map((step) => step.text).join("")].map((one) => one.trim())).toEqual([text, text]);
      expect(result.meter.thoughtTokens).toBeGreaterThan(0);
    }
  });

  it.skipIf(isSingle)("two calls are made, one behind the other", async () => {
    expect((await run(engineOf(writer, write([BERGEN, STORM])))).calls).toEqual([BERGEN, STORM]);
  });

  it("is asked of its arguments what no schema says: a call that is not valid is none", async () => {
    const asked: unknown[] = [];
    const tools = (isValid: boolean) => TOOLS.map((tool) => ({ ...tool, isValid: (values: object) => asked.push(values) > 0 && isValid }));
    const good = await run(engineOf(writer, write([STORM])), { tools: tools(true) });
    expect({ calls: good.calls, asked }).toEqual({ calls: [STORM], asked: [STORM.arguments] });
    const bad = await run(engineOf(writer, write([STORM])), { tools: tools(false), retries: 0 });
    expect(bad).toMatchObject({ calls: [], finishReason: "content_filter" });
  });

  it("a text is a text, whatever it speaks of", async () => {
    const text = "The tool weather says: rain, {not} [much].";
    expect(await run(engineOf(writer, text))).toMatchObject({ text, calls: [], finishReason: "stop" });
  });

  it("must call where it is told to", async () => {
    const { calls } = await run(engineOf(writer, "No."), {
      toolChoice: { name: "weather" },
      tools: [{ ...WEATHER, parameters: ONE_CITY }],
    });
    expect(calls).toEqual([{ name: "weather", arguments: { city: "Rome" } }]);
  });

  it("a call that is cut by the token limit is none", async () => {
    const whole = write([STORM]);
    for (const maxTokens of [1, 5, 20, 60]) {
      const { calls, text, finishReason, steps } = await run(engineOf(writer, whole), { maxTokens });
      expect([calls, text, finishReason, steps.map((step) => step.text).join("")]).toEqual([[], "", "length", ""]);
    }
  });

  it("marks that a text says are data: in what a user says, in a result, in an argument", async () => {
    const marks = write([BERGEN]);
    const turns: Turn[] = [
      { role: "user", text: `What does this do? ${marks}` },
      { role: "assistant", text: "", calls: [{ id: "1", name: "weather", arguments: { city: marks } }] },
      { role: "tool", text: marks, callId: "1" },
    ];
    expect((await run(engineOf(writer, "Nothing."), {}, turns)).text).toBe("Nothing.");
    const quoting = { name: "weather", arguments: { city: marks.replaceAll(/<\/[^>]*(?:parameter|arg_value)>|<\|"\|>/g, "|") } };
    const written = engineOf({ ...writer, specials: [] }, write([quoting]));
    expect((await run(written)).calls).toEqual([quoting]);
  });

  it("earlier calls and their results read as the model writes them", () => {
    const engine = engineOf(writer, "");
    const calls = [{ id: "1", ...BERGEN }];
    const turns: Turn[] = [
      { role: "user", text: "Rain?", tools: TOOLS },
      { role: "assistant", text: "", calls },
      { role: "tool", text: "No.", callId: "1" },
    ];
    expect(engine.marked(engine.tokenizer.render(turns))).toContain(write([BERGEN]));
  });

  it("what the constrained model writes is a call with valid arguments, whatever the tools", () => {
    const engine = engineOf(writer, "");
    const { callFormat } = engine.facts as { callFormat: CallFormat };
    fc.assert(
      fc.property(anyTools, fc.infiniteStream(fc.nat()), (tools, choices) => {
        fc.pre(tools.every((tool) => isFormat(engine, callFormat, tool)));
        const written = engine.formats.begin({ format: callFormat.formatOf(tools), prefix: [] });
        const tokens = someTokens(written, engine, (count) => (choices.next().value as number) % count);
        const call = callFormat.read(engine.marked(tokens), tools);
        const tool = tools.find(({ name }) => name === call.name);
        const ajv = new Ajv2020({ strict: false });
        expect(ajv.validate(tool?.parameters ?? false, call.arguments), JSON.stringify([tool, call, ajv.errorsText()])).toBe(true);
      }),
      { numRuns: 15, seed: 8 },
    );
  });
});

const ONE_CITY = { type: "object", properties: { city: { const: "Rome" } }, required: ["city"] };

const NAMES = ["a", "b", "ab", "é", "name"] as const;
const short = fc.record({ least: fc.integer({ min: 0, max: 2 }), more: fc.integer({ min: 0, max: 4 }) });
const leaf: fc.Arbitrary<JsonSchema> = fc.oneof(
  short.map(({ least, more }) => ({ type: "string", minLength: least, maxLength: least + more })),
  short.map(({ least, more }) => ({ anyOf: [{ type: "string", minLength: least, maxLength: least + more }, { type: "null" }] })),
  fc.constantFrom<JsonSchema>(
    { type: "integer", minimum: 0, maximum: 99 },
    { type: "boolean" },
    { enum: ["red", "blue\n", 'q"\\', ""] },
    { enum: [1, "1", null] },
    { const: "null" },
    { $ref: "#/$defs/shade" },
    { type: ["string", "number"], maxLength: 2, maximum: 9, minimum: 0 },
  ),
);
const nested: fc.Arbitrary<JsonSchema> = fc.oneof(
  leaf,
  fc.array(leaf, { minLength: 1, maxLength: 2 }).map((parts) => objectOf(["x", "y"], parts, [true, false])),
  leaf.map((items) => ({ type: "array", items, maxItems: 2 })),
);
const parameters = fc
  .record({
    names: fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 3 }),
    parts: fc.array(nested, { minLength: 3, maxLength: 3 }),
    required: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
  })
  .map(({ names, parts, required }) => ({ ...objectOf(names, parts, required), $defs: { shade: { enum: ["dark", "light"] } } }));
const anyTools: fc.Arbitrary<readonly Tool[]> = fc
  .array(parameters, { minLength: 1, maxLength: 3 })
  .map((schemas) => schemas.map((schema, index) => ({ name: "get".repeat(index + 1), parameters: schema })));

function objectOf(names: readonly string[], parts: readonly JsonSchema[], required: readonly boolean[]) {
  const properties = Object.fromEntries(names.map((name, index) => [name, parts[index] ?? {}]));
  return { type: "object", properties, required: names.filter((_, index) => required[index]), additionalProperties: false };
}

function isFormat(engine: TemplateEngine, callFormat: CallFormat, tool: Tool): boolean {
  try {
    engine.formats.check(callFormat.formatOf([tool]));
    return true;
  } catch (cause) {
    if (cause instanceof EngineError) return false;
    throw cause;
  }
}

/** One of the texts of a format, with these choices; it closes as soon as it can once `patience` is used up. */
function someTokens(start: FormattedText, engine: TemplateEngine, choose: (count: number) => number, patience = 120): Token[] {
  const letters = engine.tokenizer.tokenize(' \n{}[]:,"\\.-0123456789abcdefnxyé<>=()/');
  const tokens: Token[] = [];
  for (let written = start; ; ) {
    const all = written.allowed(Number.POSITIVE_INFINITY) ?? [];
    const next = all.filter((token) => !engine.tokenizer.isEnd(token));
    const usual = next.filter((token) => letters.includes(token) || engine.tokenizer.detokenize([token]) === "");
    const from = usual.length > 0 ? usual : next;
    const isComplete = all.some((token) => engine.tokenizer.isEnd(token));
    if (isComplete && (from.length === 0 || tokens.length > patience || choose(from.length + 1) === from.length)) return tokens;
    const chosen = tokens.length > patience ? (from.at(-1) as Token) : (from[choose(from.length)] as Token);
    const after = written.after(chosen);
    if (after === undefined) throw new Error(`Expected something to follow ${engine.tokenizer.detokenize(tokens)}, got nothing`);
    tokens.push(chosen);
    written = after;
  }
}

describe("A text argument", () => {
  it.each([
    ["GLM", "weather\n<arg_key>city</arg_key>\n<arg_value>", "</arg_value>"],
    ["Gemma", 'call:weather{city:<|"|>', '<|"|>'],
  ])("never says what ends it, though that is a special token: %s", (title, before, end) => {
    const engine = engineOf(CALL_WRITERS.find((writer) => writer.title.startsWith(title)) as CallWriter, "");
    const { callFormat } = engine.facts as { callFormat: CallFormat };
    let text: FormattedText | undefined = engine.formats.begin({ format: callFormat.formatOf([WEATHER]), prefix: [] });
    for (const token of [...engine.tokensOf(before), ...engine.tokenizer.tokenize(`Oslo${end.slice(0, -1)}`)]) text = text?.after(token);
    expect(text?.allows(engine.tokenizer.tokenize("!")[0] as Token)).toBe(true);
    expect(text?.allows(engine.tokenizer.tokenize(end.slice(-1))[0] as Token)).toBe(false);
  });
});

describe("Tools whose parameters cannot be written one by one", () => {
  it("are refused before anything is computed, with the tool's name", async () => {
    const coder = CALL_WRITERS.find(({ family }) => family === "tagged arguments") as CallWriter;
    const parameters = { type: "object", required: ["stray"] };
    await expect(answer(engineOf(coder, ""), [{ role: "user", text: "Rain?" }], { tools: [{ name: "odd", parameters }] })).rejects.toThrow(
      /^Expected the parameters of the tool `odd` to be a schema to write by: .*`stray`, which is not declared \(declare it under properties\)$/,
    );
  });
});
