import fc from "fast-check";
import { answer, type Engine, type RainEvent, type RainOptions, type RainStep, rain, type Tool, type Turn } from "rain-align";
import { describe, expect, it } from "vitest";
import { END } from "../support/scripted-engine.ts";
import { type World, worldEngine } from "../support/scripted-world.ts";
import { TemplateEngine } from "../support/template-engine.ts";
import { CALL_WRITERS } from "./call-writers.ts";

const ASK: readonly Turn[] = [{ role: "user", text: "How far is it?" }];
const LENGTH: Tool = {
  name: "length",
  parameters: {
    type: "object",
    properties: { of: { enum: ["road", "bank"] }, times: { type: "integer", maximum: 9 } },
    required: ["of"],
    additionalProperties: false,
  },
};
const NOW: Tool = { name: "now", parameters: { type: "object", properties: {}, additionalProperties: false } };
const TOOLS = [LENGTH, NOW];

const ROAD = '{"name": "length", "arguments": {"of": "road"}}';
const BANK = '{"name": "length", "arguments": {"of": "bank"}}';
const TIME = '{"name": "now", "arguments": {}}';

/** A model that writes the first text of its own accord, and one of the others where its template has begun a call. */
function writer(first: string, ...called: readonly string[]): World {
  return ofTexts(first, ...called.map((call) => ` [${call}]`));
}

/** A model that writes one of these texts, likelier the first; all that speaks of the bank is bad. */
function ofTexts(...texts: readonly string[]): World {
  const goOn = (said: string) => {
    const open = texts.filter((text) => text.startsWith(said));
    const next = (text: string) => [...text.slice(said.length)][0] ?? END;
    return Object.fromEntries(open.toReversed().map((text, index) => [next(text), index + 1]));
  };
  return { pieces: ["{", "}", "\n"], goOn, goodness: (said) => (said.includes("bank") ? 0.02 : 0.98) };
}

async function run(engine: Engine, options: RainOptions = {}) {
  const steps: RainStep[] = [];
  const events: RainEvent[] = [];
  const answering = rain(engine, ASK, { tools: TOOLS, temperature: 0, onEvent: (event) => events.push(event), ...options });
  let next = await answering.next();
  for (; !next.done; next = await answering.next()) steps.push(next.value);
  const calls = (next.value.calls ?? []).map(({ name, arguments: values }) => ({ name, ...values }));
  return { ...next.value, calls, steps, events, shown: steps.map(({ text }) => text).join("") };
}

const fenced = (...lines: readonly string[]) => ["```json", ...lines, "```"].join("\n");
const ROAD_CALL = { name: "length", of: "road" };
const PRETTY = '{\n  "name": "length",\n  "arguments": {\n    "of": "road"\n  }\n}';

describe("Calls that a model writes as JSON into its text", () => {
  it.each([
    ["in a fence", fenced(ROAD)],
    ["in a fence, on lines of their own", fenced(PRETTY)],
    ["in a fence without a language", `\`\`\`\n${ROAD}\n\`\`\``],
    ["in a fence of another language that is not closed", `\`\`\`tool_call\n${ROAD}`],
    ["bare", ROAD],
    ["bare, in doubled braces", `{${ROAD}}`],
    ["in doubled braces of which one is closed, in a fence", fenced(`{${ROAD}`)],
    ["bare, with other words for their arguments", ROAD.replace("arguments", "parameters")],
    ["with arguments in another order", '{"name": "length", "arguments": {"times": 3, "of": "road"}}'],
  ])("are read %s, and nothing of them is text", async (_, text) => {
    const result = await run(worldEngine(writer(` ${text}`, ROAD)));
    expect(result).toMatchObject({ text: "", shown: "", calls: [ROAD_CALL], finishReason: "tool_calls", rewinds: 0 });
    expect(result.steps).toHaveLength(1);
    expect(result.meter.evaluations).toBe(1);
  });

  it.each([
    ["in a list", fenced(`[${ROAD}, ${TIME}]`)],
    ["one behind the other", fenced(ROAD, TIME)],
    ["each in a fence of its own", `${fenced(PRETTY)}\n\n${fenced(TIME)}`],
    ["the second in a fence", `${ROAD}\n${fenced(TIME)}\n`],
    ["bare, one behind the other", `${ROAD}\n${TIME}`],
  ])("are all made, %s, and no more, or the first alone where one is asked for", async (_, text) => {
    const engine = () => worldEngine(writer(` ${text}`, `${ROAD}, ${TIME}, ${TIME}`));
    expect((await run(engine())).calls).toEqual([ROAD_CALL, { name: "now" }]);
    expect((await run(engine(), { parallelCalls: false })).calls).toEqual([ROAD_CALL]);
  });

  it.each([fenced(ROAD), PRETTY])("end a text that stands before them: %j", async (text) => {
    const world = writer(` I will see.\n\n${text}\n`, ROAD);
    const engine = worldEngine({ ...world, goOn: (said) => world.goOn(said.replace(/^ I will see\. \[/, " [")) });
    for (const mode of ["vanilla", "adaptive", "best-of-n"] as const) {
      const result = await run(engine, { mode });
      expect(result).toMatchObject({ text: "I will see.\n\n", shown: "I will see.\n\n", calls: [ROAD_CALL], finishReason: "tool_calls" });
      expect(result.meter.emitted).toBeLessThan(ROAD.length + 25);
    }
  });

  it("are judged as one unit: a bad one is left for a better one, and nothing of it is released", async () => {
    const result = await run(worldEngine(writer(` ${fenced(BANK)}`, BANK, ROAD)));
    expect(result).toMatchObject({ text: "", calls: [ROAD_CALL], finishReason: "tool_calls" });
    expect(result.rewinds).toBeGreaterThan(0);
    expect(JSON.stringify([result.steps, result.events])).not.toContain("bank");
  });

  it("are none where they are cut by the token limit, and then nothing of them is shown", async () => {
    const long = '{"name": "length", "arguments": {"of": "road", "times": 3}}';
    for (const maxTokens of [50, 55]) {
      const result = await run(worldEngine(writer(` ${fenced(PRETTY)}`, long)), { maxTokens });
      expect(result).toMatchObject({ text: "", shown: "", calls: [], finishReason: "length" });
    }
  });

  it("are a text where nothing may be called, or only one that they do not name", async () => {
    expect(await run(worldEngine(writer(` ${fenced(ROAD)}`)), { toolChoice: "none" })).toMatchObject({ text: fenced(ROAD), calls: [] });
    expect(await run(worldEngine(writer(` ${fenced(ROAD)}`)), { tools: [NOW] })).toMatchObject({ text: fenced(ROAD), calls: [] });
  });

  it.each([fenced(TIME), TIME, `[${TIME}]`])("are made in the marks that a template has for calls: %j", async (writes) => {
    const [hermes] = CALL_WRITERS;
    if (hermes === undefined) return expect.unreachable();
    const { template, specials } = hermes;
    const engine = new TemplateEngine({ template, specials, writes });
    expect(await run(engine, { mode: "vanilla" })).toMatchObject({ text: "", calls: [{ name: "now" }], finishReason: "tool_calls" });
  });
});

/** Has no call at its end that fits. */
const UNFIT = [
  fenced('{"name": "width", "arguments": {"of": "road"}}'),
  fenced('{"name": "length", "arguments": {"of": "moon"}}'),
  fenced('{"name": "length", "arguments": {"of": "road", "times": 10}}'),
  fenced('{"name": "length", "arguments": {"of": "road", "times": "3"}}'),
  fenced('{"name": "length", "arguments": {"of": "road", "in": "km"}}'),
  fenced('{"name": "length", "arguments": {}}'),
  fenced('{"name": "length", "arguments": "road"}'),
  fenced('{"name": "length", "arguments": {"of": "road"}, "why": "You asked."}'),
  fenced('{"name": "length"}'),
  fenced(`[${ROAD}, 1]`),
  fenced(`${ROAD} ]`),
  `${fenced(ROAD)}\nThat is how it is called.`,
  `Say ${ROAD}`,
  `Say \`${ROAD}\``,
  `\`\`\`json\nCall:\n${ROAD}\n\`\`\``,
  `${fenced(ROAD)}\n\n\`\`\`json\n{"of": "bank"}\n\`\`\``,
  fenced(ROAD.slice(0, -2)),
  fenced(ROAD.slice(0, -2).replace("road", "\\u00")),
  '{"of": "road"}',
  "```js\nlet a = [];\n```",
  "```",
  "[",
];

describe("What is no call that fits a tool stays text:", () => {
  const [{ template, specials }] = CALL_WRITERS as readonly [(typeof CALL_WRITERS)[number]];
  const says = async (text: string) =>
    await run(new TemplateEngine({ template, specials, writes: text }), { mode: "vanilla", maxTokens: 1000 });

  it.each(UNFIT)("%j", async (text) => {
    expect(await says(text)).toMatchObject({ text, shown: text, calls: [], finishReason: "stop" });
  });

  it("whatever is written, in any order", async () => {
    const pieces = [
      "```",
      "`",
      "json\n",
      "{",
      "}",
      "[",
      "]",
      '"name": "length"',
      '"arguments": ',
      '{"of": "road"}',
      ", ",
      "\n",
      " ",
      "é",
      "So.",
    ];
    const text = fc.array(fc.constantFrom(...pieces, ...UNFIT, ROAD, fenced(ROAD)), { maxLength: 8 }).map((parts) => parts.join(""));
    await fc.assert(
      fc.asyncProperty(text, fc.constantFrom(...UNFIT.slice(0, 15)), async (before, last) => {
        const whole = `${before}\n${last}`.trimStart();
        expect(await says(whole)).toMatchObject({ text: whole, shown: whole, calls: [], finishReason: "stop" });
      }),
      { numRuns: 150, seed: 3 },
    );
  });
});

describe("Whether a call follows is drawn as the text is:", () => {
  it("with the same penalties, so that a call that is never drawn is none", async () => {
    const engine = worldEngine(ofTexts(` [${ROAD}]`, " Far."));
    const [bracket] = engine.tokenizer.tokenize("[");
    const asked = { tools: TOOLS, temperature: 0 };
    expect(await answer(engine, ASK, asked)).toMatchObject({ finishReason: "tool_calls" });
    expect(await answer(engine, ASK, { ...asked, logitBias: { [String(bracket)]: -100 } })).toMatchObject({ text: "Far.", calls: [] });
  });
});
