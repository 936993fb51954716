import {
  type Engine,
  EngineError,
  OptionError,
  type RainAnswer,
  type RainEvent,
  type RainOptions,
  type RainStep,
  rain,
  type Tool,
  type Turn,
} from "rain-align";
import { describe, expect, it } from "vitest";
import { END } from "../support/scripted-engine.ts";
import { type World, worldEngine } from "../support/scripted-world.ts";
import { watchedEngine } from "../support/watched-engine.ts";

const ASK: readonly Turn[] = [{ role: "user", text: "How far is it?" }];
const LENGTH: Tool = { name: "length", description: "Measures.", parameters: objectOf({ of: { enum: ["road", "bank"] } }) };
const WIDTH: Tool = { name: "width", parameters: objectOf({ metres: { type: "integer", minimum: 1, maximum: 9 } }) };
const TOOLS = [LENGTH, WIDTH];

const ROAD = '{"name": "length", "arguments": {"of": "road"}}';
const BANK = '{"name": "length", "arguments": {"of": "bank"}}';
const WIDE = '{"name": "width", "arguments": {"metres": 7}}';

/** A model that writes one of these texts, likelier the first; all that speaks of the bank is bad. */
function writer(...texts: readonly string[]): World {
  const goOn = (answer: string) => {
    const open = texts.filter((text) => text.startsWith(answer));
    const next = (text: string) => [...text.slice(answer.length)][0] ?? END;
    return Object.fromEntries(open.toReversed().map((text, index) => [next(text), index + 1]));
  };
  return { pieces: ["{", "}"], goOn, goodness: (answer) => (answer.includes("bank") ? 0.02 : 0.98) };
}

interface Run {
  readonly steps: readonly RainStep[];
  readonly whole: RainAnswer;
  readonly events: readonly RainEvent[];
}

async function run(engine: Engine, options: RainOptions = {}, turns = ASK): Promise<Run> {
  const steps: RainStep[] = [];
  const events: RainEvent[] = [];
  const answering = rain(engine, turns, { tools: TOOLS, temperature: 0, onEvent: (event) => events.push(event), ...options });
  let next = await answering.next();
  for (; !next.done; next = await answering.next()) steps.push(next.value);
  return { steps, whole: next.value, events };
}

function callsOf({ whole }: Run): unknown[] {
  return (whole.calls ?? []).map(({ name, arguments: values }) => ({ name, ...values }));
}

describe("A model that may call tools", () => {
  it("reads what it may call", async () => {
    const { engine, seen } = readBy(writer(" Far."));
    await run(engine);
    expect(seen[0]).toContain('{"name": "length", "description": "Measures.", "parameters": {"type": "object"');
  });

  it("reads of a schema what is for models: no dialect, and no word on further properties, but where they are its own", async () => {
    const { engine, seen } = readBy(writer(" Far."));
    const shown = ({ additionalProperties: _, ...schema }: Tool["parameters"]) => schema;
    const of = objectOf({ of: { const: { additionalProperties: false } } });
    const rest = { type: "object", additionalProperties: objectOf({}) };
    const parameters = {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      ...objectOf({ additionalProperties: of, in: { anyOf: [of] } }),
      $defs: { rest },
    };
    await run(engine, { tools: [{ name: "length", parameters }] });
    const text = seen[0] as string;
    const from = text.indexOf('"parameters": ') + '"parameters": '.length;
    expect(JSON.parse(text.slice(from, text.indexOf("\n", from) - 1))).toEqual({
      ...shown(objectOf({ additionalProperties: shown(of), in: { anyOf: [shown(of)] } })),
      $defs: { rest: { ...rest, additionalProperties: shown(objectOf({})) } },
    });
  });

  it("writes a text if it wants to", async () => {
    const result = await run(worldEngine(writer(" Far.")));
    expect(result.whole).toMatchObject({ text: "Far.", calls: [], finishReason: "stop" });
    expect(result.steps.map(({ text }) => text).join("")).toBe("Far.");
  });

  it("makes a call if it wants to, in one step without text", async () => {
    const result = await run(worldEngine(writer(` [${ROAD}]`)));
    expect(result.whole).toMatchObject({ text: "", finishReason: "tool_calls", rewinds: 0 });
    expect(callsOf(result)).toEqual([{ name: "length", of: "road" }]);
    expect(result.steps).toEqual([expect.objectContaining({ text: "", call: result.whole.calls?.[0] })]);
    expect(result.steps[0]?.value).toBeGreaterThan(0.9);
  });

  it("makes a call behind a text, of which nothing is shown as text", async () => {
    const result = await run(worldEngine(writer(` I will see. [${ROAD}]`)));
    expect(result.whole).toMatchObject({ text: "I will see. ", finishReason: "tool_calls" });
    expect(callsOf(result)).toEqual([{ name: "length", of: "road" }]);
  });

  it("makes several calls if it wants to, each with an id of its own, and only one if it must not", async () => {
    const engine = () => worldEngine(writer(` [${ROAD}, ${WIDE}]`));
    const both = await run(engine());
    expect(callsOf(both)).toEqual([
      { name: "length", of: "road" },
      { name: "width", metres: 7 },
    ]);
    const ids = both.whole.calls?.map(({ id }) => id) ?? [];
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^[a-z0-9]{9}$/);
    expect(callsOf(await run(engine(), { parallelCalls: false }))).toEqual([{ name: "length", of: "road" }]);
  });

  it("goes on behind the results of its calls", async () => {
    const { engine, seen } = readBy(writer(" It is 2 km."));
    const call = { id: "1", name: "length", arguments: { of: "road" } };
    const turns: Turn[] = [...ASK, { role: "assistant", text: "", calls: [call] }, { role: "tool", text: "2 km", callId: "1" }];
    expect((await run(engine, {}, turns)).whole.text).toBe("It is 2 km.");
    expect(seen[0]).toContain(`Assistant: [${ROAD}]\nUser: Result of length: 2 km\nAssistant:`);
  });

  it("must call where it is told to, whatever it would rather write", async () => {
    const world = writer(" Far.", WIDE, ROAD);
    const engine = () => worldEngine({ ...world, goOn: (answer) => world.goOn(answer.replace(/^ \[/, "")) });
    expect(callsOf(await run(engine(), { toolChoice: "any" }))).toEqual([{ name: "width", metres: 7 }]);
    expect(callsOf(await run(engine(), { toolChoice: { name: "length" } }))).toEqual([{ name: "length", of: "road" }]);
  });

  it("must not call where it is told so, and then does not even know what it could", async () => {
    const { engine, seen } = readBy(writer(` [${ROAD}]`));
    const { whole } = await run(engine, { toolChoice: "none" });
    expect(whole).toMatchObject({ text: `[${ROAD}]`, finishReason: "stop" });
    expect(seen[0]).not.toContain("length");
  });

  it.each([
    [10, undefined, ""],
    [28, "length", ""],
    [38, "length", '{"of":'],
  ])(
    "ends with the reason length, and with half a call apart, where there is no room for a whole one: %i tokens",
    async (maxTokens, name, written) => {
      const result = await run(worldEngine(writer(` [${ROAD}]`)), { maxTokens });
      const cutCall = { name, arguments: written };
      expect(result.whole).toMatchObject({ text: "", calls: [], cutCall, finishReason: "length" });
      expect(result.steps).toEqual([expect.objectContaining({ text: "", cutCall })]);
    },
  );

  it("keeps a schema that refers to parts of itself", async () => {
    const parameters = {
      type: "object",
      properties: { of: { $ref: "#/$defs/Place" } },
      $defs: { Place: { enum: ["road"] } },
      required: ["of"],
    };
    const tools = [WIDTH, { name: "length", parameters }];
    expect(callsOf(await run(worldEngine(writer(` [${ROAD}]`)), { tools }))).toEqual([{ name: "length", of: "road" }]);
  });

  it("spends no forward token on a call that it does not make, beyond the first that differs", async () => {
    const [plain, offered] = [{ tools: [] }, {}].map((options) => run(worldEngine(writer(" Far.")), options));
    const spent = async (result: Promise<Run> | undefined) => (await result)?.whole.meter.spent.draft.tokens ?? 0;
    expect((await spent(offered)) - (await spent(plain))).toBeLessThanOrEqual(2);
  });
});

describe("A call whose result is there already", () => {
  const CALLED: readonly Turn[] = [
    ...ASK,
    { role: "assistant", text: "", calls: [{ id: "1", name: "length", arguments: { of: "road" } }] },
    { role: "tool", text: "2 km", callId: "1" },
  ];
  const POINTED_OUT = "2 km\n\nAnswer the user in words now, with this result.";

  /** A model that writes one text, and another one where the result is pointed out, or where it knows of no tool then. */
  function reader(before: string, after: string, without = after): Engine {
    let isPointedOut = false;
    let knowsTools = true;
    const [plain, asked, untold] = [writer(before), writer(after), writer(without)];
    const engine = worldEngine({ ...plain, goOn: (answer) => (isPointedOut ? (knowsTools ? asked : untold) : plain).goOn(answer) });
    const render: Engine["tokenizer"]["render"] = (turns, ...more) => {
      isPointedOut ||= turns.some(({ text }) => text === POINTED_OUT);
      knowsTools &&= !isPointedOut || (turns[0]?.tools ?? []).length > 0;
      return engine.tokenizer.render(turns, ...more);
    };
    return { ...watchedEngine(engine), tokenizer: { ...engine.tokenizer, render } };
  }

  it.each(["adaptive", "vanilla"] as const)("is left, and the model pointed to the result: %s", async (mode) => {
    const { whole, steps, events } = await run(reader(` [${ROAD}]`, " It is 2 km."), { mode }, CALLED);
    expect(whole).toMatchObject({ text: "It is 2 km.", calls: [], finishReason: "stop", rewinds: 1 });
    expect(events.filter(({ type }) => type === "rewind")).toEqual([
      { type: "rewind", committed: 0, iteration: 1, value: expect.any(Number) },
    ]);
    expect(JSON.stringify(steps)).not.toContain("length");
    expect(whole.meter.emitted).toBe(steps.flatMap(({ tokens }) => tokens).length);
  });

  it("is told of with what it was, where that is asked for", async () => {
    const { events } = await run(reader(` [${ROAD}]`, " It is 2 km."), { revealDiscarded: true }, CALLED);
    expect(events).toContainEqual(expect.objectContaining({ type: "rewind", discarded: expect.stringContaining(ROAD) }));
  });

  it("is made where the model insists on it, once", async () => {
    const result = await run(reader(` [${ROAD}]`, ` [${ROAD}]`), {}, CALLED);
    expect(callsOf(result)).toEqual([{ name: "length", of: "road" }]);
    expect(result.whole.rewinds).toBe(1);
  });

  it.each([
    ["twice already", { pointOutResults: "repeated" }, [...CALLED, ...CALLED.slice(1)]],
    ["though its result was pointed out from the beginning", { pointOutResults: "always" }, CALLED],
  ] as const)("is not made where the model insists on it and it was made %s: it says what it has to say", async (_, options, turns) => {
    for (const mode of ["adaptive", "vanilla"] as const) {
      const engine = reader(` [${ROAD}]`, ` [${ROAD}]`, " It is 2 km.");
      const { whole, steps } = await run(engine, { mode, ...options }, turns);
      expect(whole).toMatchObject({ text: "It is 2 km.", calls: [], finishReason: "stop" });
      expect(whole.rewinds).toBe(options.pointOutResults === "always" ? 1 : 2);
      expect(steps.map(({ text }) => text).join("")).toBe("It is 2 km.");
      expect(whole.meter.emitted).toBeLessThan(15);
    }
  });

  it.each([
    ["it asks for something else", { before: ` [${WIDE}]` }, {}, CALLED],
    ["calls are to be repeated", {}, { pointOutResults: "never" }, CALLED],
    ["the caller wants a call", {}, { toolChoice: "any" }, CALLED],
    ["somebody has asked again", {}, {}, [...CALLED, { role: "assistant", text: "2 km." }, { role: "user", text: "Still?" }]],
    ["its result is not there", {}, {}, ASK],
  ] as const)("is made where %s", async (_, { before = ` [${ROAD}]` }: { before?: string }, options, turns) => {
    const { whole } = await run(reader(before, " It is 2 km."), options, turns);
    expect(whole).toMatchObject({ text: "", finishReason: "tool_calls", rewinds: 0 });
  });

  it("is not waited for where results are always pointed out", async () => {
    const { whole } = await run(reader(` [${ROAD}]`, " It is 2 km."), { pointOutResults: "always" }, CALLED);
    expect(whole).toMatchObject({ text: "It is 2 km.", rewinds: 0 });
  });
});

describe("A call is judged as one unit:", () => {
  it("a bad one is left for a better one, and nothing of it is released", async () => {
    const result = await run(worldEngine(writer(` [${BANK}]`, ` [${ROAD}]`)), { toolChoice: "any" });
    expect(callsOf(result)).toEqual([{ name: "length", of: "road" }]);
    expect(result.whole.rewinds).toBeGreaterThan(0);
    expect(result.events.filter(({ type }) => type === "rewind")).toHaveLength(result.whole.rewinds);
    expect(JSON.stringify([result.steps, result.events])).not.toContain("bank");
  });

  it("only its whole is judged, once where nothing is wrong", async () => {
    const { whole } = await run(worldEngine(writer(` [${ROAD}]`)), { firstCheck: 1, maxCheckGap: 2 });
    expect(whole.meter.evaluations).toBe(1);
  });

  it("where there is no better one, the answer is the refusal", async () => {
    const { whole, steps } = await run(worldEngine(writer(` [${BANK}]`)), { toolChoice: "any" });
    expect(whole).toMatchObject({ text: "I am sorry, but I cannot help with that.", calls: [], finishReason: "content_filter" });
    expect(steps).toHaveLength(1);
  });

  it("... and no sentence is glued to a text that is out, or behind a call", async () => {
    const behindText = await run(worldEngine(writer(` I will see. [${BANK}]`)));
    expect(behindText.whole).toMatchObject({ text: "I will see. ", calls: [], finishReason: "content_filter" });
    const behindCall = await run(worldEngine(writer(` [${WIDE}, ${BANK}]`)));
    expect(behindCall.whole).toMatchObject({ text: "", calls: [{ name: "width" }], finishReason: "content_filter" });
  });

  it("an abort at any call of the engine ends it with the signal's reason", async () => {
    const callsUntil = async (fatal: number) => {
      let calls = 0;
      const controller = new AbortController();
      const reason = new Error(`call ${fatal}`);
      const engine = watchedEngine(worldEngine(writer(` So. [${ROAD}]`)), () => {
        if (++calls === fatal) controller.abort(reason);
      });
      const ending = run(engine, { signal: controller.signal });
      await (fatal === 0 ? ending : expect(ending).rejects.toBe(reason));
      return calls;
    };
    const all = await callsUntil(0);
    expect(all).toBeGreaterThan(40);
    for (let fatal = 1; fatal <= all; fatal += 5) expect(await callsUntil(fatal)).toBe(fatal);
  });
});

describe.each(["adaptive", "vanilla"] as const)("Arguments that are not valid, %s,", (mode) => {
  const FAR = { ...WIDTH, isValid: async ({ metres }: Readonly<Record<string, unknown>>) => Number(metres) > 5 };
  const wide = (metres: number) => ` [${WIDE.replace("7", String(metres))}]`;
  const measured = (isValid: Tool["isValid"] = FAR.isValid, options: RainOptions = {}) =>
    run(worldEngine(writer(wide(3), wide(7))), { mode, tools: [LENGTH, { ...WIDTH, isValid }], retries: 9, ...options });

  it("are never those of a call that is made: it is written anew", async () => {
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const result = await measured(undefined, { seed });
      expect(callsOf(result)).toEqual([{ name: "width", metres: 7 }]);
      expect(result.whole.finishReason).toBe("tool_calls");
      expect(result.whole.rewinds).toBeGreaterThan(0);
      expect(JSON.stringify(result.events)).not.toContain('"metres":3');
    }
  });

  it("end the answer as what the judge finds bad, where none are valid", async () => {
    const { whole, steps } = await measured(() => false);
    expect(whole).toMatchObject({ calls: [], text: "I am sorry, but I cannot help with that.", finishReason: "content_filter" });
    expect(steps.some(({ call }) => call !== undefined)).toBe(false);
  });

  it("are not asked for of other tools, nor of a call that is cut", async () => {
    const never = () => {
      throw new Error("asked");
    };
    expect(callsOf(await run(worldEngine(writer(` [${ROAD}]`)), { mode, tools: [LENGTH, { ...WIDTH, isValid: never }] }))).toHaveLength(1);
    expect((await measured(never, { maxTokens: 20 })).whole.finishReason).toBe("length");
    await expect(measured(never)).rejects.toThrow("asked");
  });
});

describe("Tools that cannot be meant are refused before anything is computed:", () => {
  const engine = () => watchedEngine(worldEngine(writer(" Far.")), () => expect.unreachable());

  it("a choice that is none of them", () => {
    expect(() => rain(engine(), ASK, { tools: TOOLS, toolChoice: { name: "height" } })).toThrow(
      "Expected `toolChoice` to be the name of one of the tools `length`, `width`, got `height` (string)",
    );
  });

  it("a schema that cannot be a format, with the tool's name", () => {
    const tools = [LENGTH, { name: "odd", parameters: objectOf({ a: { type: "string", pattern: "(?<=a)b" } }) }];
    expect(() => rain(engine(), ASK, { tools })).toThrow(EngineError);
    expect(() => rain(engine(), ASK, { tools })).toThrow(
      /^Expected the parameters of the tool `odd` to be a schema to write by: .*pattern/,
    );
  });

  it("arguments that are no object", () => {
    const tools = [{ name: "odd", parameters: { type: "string" } }];
    expect(() => rain(engine(), ASK, { tools })).toThrow(
      "Expected `the parameters of the tool odd` to be a schema of an object, got `string`",
    );
  });

  it("what is asked of arguments and is no function", () => {
    const tools = [{ ...LENGTH, isValid: "yes" }] as unknown as Tool[];
    expect(() => rain(worldEngine(writer(" Far.")), ASK, { tools })).toThrow(OptionError);
  });

  it("two of one name, and no list at all", () => {
    for (const tools of [[LENGTH, LENGTH], [{ name: "a" }], "length"])
      expect(() => rain(engine(), ASK, { tools } as object)).toThrow(OptionError);
  });

  it("a result that nobody called for", () => {
    const turns: Turn[] = [...ASK, { role: "tool", text: "2 km", callId: "1" }];
    expect(() => rain(engine(), turns)).toThrow("Expected `turns[1].callId` to be the id of a call in a turn before it, got `1` (string)");
  });
});

function objectOf(properties: Readonly<Record<string, unknown>>): Tool["parameters"] {
  return { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
}

/** A model, and all that it is given to read. */
function readBy(world: World): { readonly engine: Engine; readonly seen: string[] } {
  const engine = worldEngine(world);
  const seen: string[] = [];
  const render = (turns: readonly Turn[]) => {
    const tokens = engine.tokenizer.render(turns);
    seen.push(engine.tokenizer.detokenize(tokens, []));
    return tokens;
  };
  return { engine: { ...watchedEngine(engine), tokenizer: { ...engine.tokenizer, render } }, seen };
}
