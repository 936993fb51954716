import { parsePartialJson } from "@langchain/core/output_parsers";
import type { Runnable } from "@langchain/core/runnables";
import fc from "fast-check";
import { ChatRain, type ChatRainFields, StructuredOutputError } from "rain-align/langchain";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import * as z3 from "zod/v3";
import type { Engine } from "../../../src/core/index.ts";
import { END } from "../../support/scripted-engine.ts";
import { ASK, worldEngine } from "../../support/scripted-world.ts";

const [{ text: QUESTION }] = ASK as unknown as readonly [{ readonly text: string }];

/** Finds all that it writes good, and likes to write the first of these. */
function writes(...texts: readonly string[]): Engine {
  const goOn = (answer: string) => {
    const open = texts.filter((text) => text.startsWith(answer));
    const weights = open.map((text, index): [string, number] => [[...text.slice(answer.length)][0] ?? END, index === 0 ? 4 : 1]);
    return Object.fromEntries(weights.toReversed());
  };
  return worldEngine({ pieces: ["{", "}"], goOn, goodness: () => 0.98 });
}

type Answers = (schema: object, ...texts: readonly string[]) => Runnable;

/** Writes the first of the texts at first, greedily, and then what a search finds. */
function answering(options: ChatRainFields, method = "jsonSchema"): Answers {
  const written = (text: string) => (method === "jsonSchema" ? text : ` [{"name": "extract", "arguments": ${text}}]`);
  const quiet = { seed: 1, temperature: 0, retries: 12, searchBudget: 4096, onNotice: () => undefined };
  return (schema, ...texts) =>
    new ChatRain({ ...quiet, ...options, model: writes(...texts.map(written)) }).withStructuredOutput(schema, { method }) as Runnable;
}

const structured = answering({});

const WAYS: readonly (readonly [string, Answers])[] = [
  ["jsonSchema", structured],
  ["functionCalling", answering({}, "functionCalling")],
  ["jsonSchema, unjudged", answering({ mode: "vanilla" })],
  ["functionCalling, unjudged", answering({ mode: "vanilla" }, "functionCalling")],
];

const TWICE = '{"tags":["a","a"]}';
const ONCE = '{"tags":["a","b"]}';
const tags = {
  type: "object",
  properties: { tags: { type: "array", items: { enum: ["a", "b"] }, minItems: 2, maxItems: 2 } },
  required: ["tags"],
};
const unique = { ...tags, properties: { tags: { ...tags.properties.tags, uniqueItems: true } } };

describe.each(WAYS)(
  "What a schema says and cannot be kept while an answer is written is checked of the whole, and what breaks it is written anew (%s):",
  (_, answers) => {
    it("items that differ", async () => {
      expect(await answers(tags, TWICE, ONCE).invoke(QUESTION)).toEqual({ tags: ["a", "a"] });
      expect(await answers(unique, TWICE, ONCE).invoke(QUESTION)).toEqual({ tags: ["a", "b"] });
    });

    it("a pattern that looks behind", async () => {
      const code = { type: "object", properties: { code: { type: "string", pattern: "^b(?<!a)$", maxLength: 1 } }, required: ["code"] };
      expect(await answers(code, '{"code":"a"}', '{"code":"b"}').invoke(QUESTION)).toEqual({ code: "b" });
    });

    it.each([
      ["zod 4", z.object({ tags: z.array(z.enum(["a", "b"])).length(2) }).refine(({ tags: [one, other] }) => one !== other)],
      ["zod 3", z3.z.object({ tags: z3.z.array(z3.z.enum(["a", "b"])).length(2) }).refine(({ tags: [one, other] }) => one !== other)],
      [
        "zod, asking somebody else",
        z
          .object({ tags: z.array(z.enum(["a", "b"])).length(2) })
          .refine(async ({ tags: [one, other] }) => await Promise.resolve(one !== other)),
      ],
    ])("a refinement of %s", async (_name, schema) => {
      expect(await answers(schema, TWICE, ONCE).invoke(QUESTION)).toEqual({ tags: ["a", "b"] });
    });

    it("and where nothing is valid, the error says whose fault it may be", async () => {
      const error: unknown = await answers(unique, TWICE)
        .invoke(QUESTION)
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(StructuredOutputError);
      expect((error as Error).message).toContain("nothing was found that the schema and the judge accept");
    });
  },
);

const PLAN = {
  type: "object",
  properties: { place: { type: "string", maxLength: 12 }, stops: { type: "array", items: { enum: ["market", "bank"] }, maxItems: 3 } },
  required: ["place", "stops"],
};

/** Writes plans letter by letter, at each place one of these, likelier the bad one. */
function planner(isBad: (answer: string) => boolean = () => false): Engine {
  const texts = ['{"place":"the bay","stops":["bank","bank"]}', '{"place":"the bay","stops":["market","bank"]}'];
  const goOn = (answer: string) => {
    const open = texts.filter((text) => text.startsWith(answer));
    return Object.fromEntries(open.toReversed().map((text, index) => [[...text.slice(answer.length)][0] ?? END, index + 1]));
  };
  return worldEngine({ pieces: ["{", "}"], goOn, goodness: (answer) => (isBad(answer) ? 0.02 : 0.98) });
}

async function parts(stream: Promise<AsyncIterable<unknown>>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const part of await stream) all.push(part);
  return all;
}

describe("The object of a JSON schema, streamed,", () => {
  const ASKED = { firstCheck: 4, maxCheckGap: 4, seed: 1, temperature: 0, candidates: 8 };
  const streamed = (model: Engine, options: object = {}) =>
    parts(new ChatRain({ ...ASKED, ...options, model }).withStructuredOutput<object>(PLAN).stream(QUESTION));

  it("grows: each part has what the one before it had, and the last is what is invoked", async () => {
    const whole = await new ChatRain({ ...ASKED, model: planner() }).withStructuredOutput(PLAN).invoke(QUESTION);
    const objects = await streamed(planner());
    expect(objects.length).toBeGreaterThan(3);
    expect(objects.at(-1)).toEqual(whole);
    const texts = objects.map((object) => JSON.stringify(object).replace(/["\]}]+$/, ""));
    for (const [index, text] of texts.slice(1).entries()) expect(text.startsWith(texts[index] as string), text).toBe(true);
  });

  const TYPED = z.object({ place: z.string().max(12), stops: z.array(z.enum(["market", "bank"])).max(3) });

  it.each<[string, object]>([
    ["of JSON", PLAN],
    ["of zod", TYPED],
  ])("has nothing in it that nobody judged, or that did not pass, wherever the judge objects: %s", async (_, schema) => {
    const property = fc.asyncProperty(fc.integer({ min: 1, max: 42 }), fc.integer({ min: 1, max: 9 }), async (from, gap) => {
      const passed: string[] = [];
      const model = planner((answer) => {
        const isBad = answer.includes('["bank') && answer.length >= from;
        if (!isBad) passed.push(answer);
        return isBad;
      });
      const objects: unknown[] = [];
      try {
        const chat = new ChatRain({ ...ASKED, firstCheck: gap, maxCheckGap: gap, model });
        for await (const object of await chat.withStructuredOutput<object>(schema).stream(QUESTION)) objects.push(object);
        // In the end it is whole.
        expect(TYPED.safeParse(objects.at(-1)).success).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(StructuredOutputError);
      }
      const judged = new Set(passed.map((text) => JSON.stringify(parsePartialJson(text))));
      for (const object of objects) expect(judged).toContain(JSON.stringify(object));
    });
    await fc.assert(property, { numRuns: 80, seed: 3 });
  });

  const DATED = z.object({ day: z.date(), code: z.string() });
  const VALUE = { day: new Date("2020-01-01T00:00:00Z"), code: "as ```json 1``` is" };
  const TEXT = JSON.stringify({ ...VALUE, day: "2020-01-01T00:00:00Z" });

  it.each(["adaptive", "vanilla"] as const)("grows where it is zod's, and ends with what that makes of it: %s", async (mode) => {
    const model = new ChatRain({ ...ASKED, mode, model: writes(TEXT) }).withStructuredOutput(DATED);
    const grown = await parts(model.stream(QUESTION));
    expect(grown.at(-1)).toEqual(VALUE);
    expect(await model.invoke(QUESTION)).toEqual(VALUE);
    expect(grown.length).toBeGreaterThan(3);
    for (const part of grown.slice(0, -1))
      expect(TEXT.startsWith(JSON.stringify(part).replace(/"?\}$/, "")), JSON.stringify(part)).toBe(true);
  });

  it("is one where it is the arguments of a call, which is judged as one", async () => {
    const call = ` [{"name": "extract", "arguments": ${TEXT}}]`;
    const model = new ChatRain({ ...ASKED, model: writes(call) }).withStructuredOutput(DATED, { method: "functionCalling" });
    expect(await model.invoke(QUESTION)).toEqual(VALUE);
    expect(await parts(model.stream(QUESTION))).toEqual([VALUE]);
  });

  it.each<[string, object]>([
    ["a refinement", z.object({ tags: z.array(z.enum(["a", "b"])).refine(([one, other]) => one !== other) })],
    [
      "a refinement inside a list",
      z.object({ tags: z.array(z.string().refine((tag) => tag !== "c")) }).refine(({ tags: [one, other] }) => one !== other),
    ],
    [
      "a transform",
      z.object({
        tags: z.array(z.string()).transform(([one, ...others], context) => {
          if (others.every((other) => other !== one)) return [one as string, ...others];
          context.addIssue({ code: "custom" });
          return z.NEVER;
        }),
      }),
    ],
    [
      "zod 3, of which nobody can see what it asks",
      z3.z.object({ tags: z3.z.array(z3.z.enum(["a", "b"])) }).refine(({ tags: [one, other] }) => one !== other),
    ],
  ])("comes at once where its schema has %s", async (_, schema) => {
    const model = new ChatRain({ ...ASKED, model: writes(TWICE, ONCE) }).withStructuredOutput<object>(schema);
    expect(await parts(model.stream(QUESTION))).toEqual([{ tags: ["a", "b"] }]);
  });

  it("comes at once where something is to be checked of the whole", async () => {
    const model = new ChatRain({ ...ASKED, model: writes(TWICE, ONCE) }).withStructuredOutput<object>(unique);
    expect(await parts(model.stream(QUESTION))).toEqual([{ tags: ["a", "b"] }]);
  });

  it("has marks of Markdown in its texts, which belong to no fence", async () => {
    const schema = { type: "object", properties: { code: { type: "string" } }, required: ["code"] };
    const model = structured(schema, '{"code":"a ```json 1``` b"}');
    expect(await model.invoke(QUESTION)).toEqual({ code: "a ```json 1``` b" });
    expect((await parts(model.stream(QUESTION))).at(-1)).toEqual({ code: "a ```json 1``` b" });
  });

  it("ends with an error where it was cut, behind what was released of it", async () => {
    const objects: unknown[] = [];
    const model = new ChatRain({ ...ASKED, model: planner(), maxTokens: 20 }).withStructuredOutput<object>(PLAN);
    const reading = (async () => {
      for await (const object of await model.stream(QUESTION)) objects.push(object);
    })();
    await expect(reading).rejects.toBeInstanceOf(StructuredOutputError);
    expect(objects.length).toBeGreaterThan(0);
  });
});
