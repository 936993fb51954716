import { AIMessage, type BaseMessage } from "@langchain/core/messages";
import { createAgent } from "langchain";
import { expect, it } from "vitest";
import { z } from "zod";
import { z as z3 } from "zod/v3";
import { collect, type WholeChatModel } from "../support/chat-models.ts";

const schema = z.object({ animal: z.enum(["dog", "bee"]), legs: z.number().int().min(0).max(9) });

const FORMS = [
  ["zod 4", schema],
  ["zod 3", z3.object({ animal: z3.enum(["dog", "bee"]), legs: z3.number().int().min(0).max(9) })],
  [
    "JSON schema",
    {
      title: "animal",
      type: "object",
      properties: { animal: { enum: ["dog", "bee"] }, legs: { type: "integer", minimum: 0, maximum: 9 } },
      required: ["animal", "legs"],
    },
  ],
] as const;

const dated = z.object({ day: z.date(), days: z.array(z.union([z.date(), z.null()])).max(2) });
const dated3 = z3.object({ day: z3.date(), days: z3.array(z3.union([z3.date(), z3.null()])).max(2) });

const METHODS = ["jsonSchema", "functionCalling"] as const;
const CASES = METHODS.flatMap((method) => FORMS.map(([form, given]) => [method, form, given] as const));
const DATED = METHODS.flatMap((method) =>
  [["zod 4", dated] as const, ["zod 3", dated3] as const].map(([form, given]) => [method, form, given] as const),
);
const ASK = "Tell me about the dog.";

export function describeStructuredOutput(model: () => WholeChatModel): void {
  it.each(CASES)("an answer has the wanted structure: %s, %s", async (method, _, given) => {
    const output = await model().withStructuredOutput(given, { method }).invoke(ASK);
    expect(schema.parse(output)).toEqual(output);
  });

  it.each(METHODS)("an answer comes with the message that it was read from: %s", async (method) => {
    const output = await model().withStructuredOutput(schema, { method, includeRaw: true }).invoke(ASK);
    const { raw, parsed } = output as { raw: BaseMessage; parsed: unknown };
    expect(AIMessage.isInstance(raw)).toBe(true);
    expect(schema.safeParse(parsed).success).toBe(true);
  });

  it.each(METHODS)("a stream ends with the whole value: %s", async (method) => {
    const outputs = await collect(model().withStructuredOutput(schema, { method }).stream(ASK));
    expect(schema.safeParse(outputs.at(-1)).success).toBe(true);
  });

  it("in JSON mode an answer is some JSON object", async () => {
    const answer = model().withStructuredOutput({ type: "object" }, { method: "jsonMode", includeRaw: true });
    const { raw } = (await answer.invoke(ASK)) as { raw: BaseMessage };
    expect(raw.text).toMatch(/^\{/);
  });

  it.each(DATED)("a date is written as a text and read as a date: %s, %s", async (method, _, given) => {
    const output = (await model().withStructuredOutput(given, { method }).invoke(ASK)) as { day: unknown; days: unknown[] };
    expect(output.day).toBeInstanceOf(Date);
    expect(output.days.every((day) => day === null || day instanceof Date)).toBe(true);
    expect(dated.safeParse(output).success).toBe(true);
  });

  it("an agent's answer has the wanted structure", async () => {
    const agent = createAgent({ model: model(), tools: [], responseFormat: schema });
    const { structuredResponse } = await agent.invoke({ messages: [{ role: "user", content: ASK }] });
    expect(schema.safeParse(structuredResponse).success).toBe(true);
  });

  it("a method that there is not is refused", () => {
    expect(() => model().withStructuredOutput(schema, { method: "magic" })).toThrow(/`method` to be one of/);
  });
}
