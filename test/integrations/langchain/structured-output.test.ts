import type { Runnable } from "@langchain/core/runnables";
import { ChatRain, StructuredOutputError } from "rain-align/langchain";
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

function structured(schema: object, ...texts: readonly string[]): Runnable {
  return new ChatRain({ model: writes(...texts), seed: 1 }).withStructuredOutput(schema) as Runnable;
}

const TWICE = '{"tags":["a","a"]}';
const ONCE = '{"tags":["a","b"]}';
const tags = {
  type: "object",
  properties: { tags: { type: "array", items: { enum: ["a", "b"] }, minItems: 2, maxItems: 2 } },
  required: ["tags"],
};
const unique = { ...tags, properties: { tags: { ...tags.properties.tags, uniqueItems: true } } };

describe("What a schema says and cannot be kept while an answer is written is checked of the whole, and what breaks it is written anew:", () => {
  it("items that differ", async () => {
    expect(await structured(tags, TWICE, ONCE).invoke(QUESTION)).toEqual({ tags: ["a", "a"] });
    expect(await structured(unique, TWICE, ONCE).invoke(QUESTION)).toEqual({ tags: ["a", "b"] });
  });

  it("a pattern that looks behind", async () => {
    const code = { type: "object", properties: { code: { type: "string", pattern: "^b(?<!a)$", maxLength: 1 } }, required: ["code"] };
    expect(await structured(code, '{"code":"a"}', '{"code":"b"}').invoke(QUESTION)).toEqual({ code: "b" });
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
  ])("a refinement of %s", async (_, schema) => {
    expect(await structured(schema, TWICE, ONCE).invoke(QUESTION)).toEqual({ tags: ["a", "b"] });
  });

  it("and where nothing is valid, the error says whose fault it may be", async () => {
    const error: unknown = await structured(unique, TWICE)
      .invoke(QUESTION)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StructuredOutputError);
    expect((error as Error).message).toContain("nothing was found that the schema and the judge accept");
  });
});
