import type { AIMessageChunk, BaseMessage } from "@langchain/core/messages";
import { StringOutputParser } from "@langchain/core/output_parsers";
import type { Engine, Principle } from "rain-align";
import { ChatRain, type ChatRainCallOptions, type ChatRainFields, type RainCustomEvent, type RainMetadata } from "rain-align/langchain";
import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { z as z3 } from "zod/v3";

declare const model: ChatRain;

describe("The types of ChatRain:", () => {
  it("what it is made with is checked by name and value", () => {
    expectTypeOf(ChatRain).toBeConstructibleWith();
    expectTypeOf(ChatRain).toBeConstructibleWith({ model: "embedded", temperature: 0, tags: ["a"], gpu: false });
    expectTypeOf<{ model: Engine }>().toExtend<ChatRainFields>();
    expectTypeOf<{ temperature: string }>().not.toExtend<ChatRainFields>();
    expectTypeOf<{ preset: "slow" }>().not.toExtend<ChatRainFields>();
    expectTypeOf<ChatRainFields>().not.toHaveProperty("signal");
    expectTypeOf<ChatRainFields>().not.toHaveProperty("tools");
  });

  it("a call takes options of the core and of LangChain", () => {
    expectTypeOf<ChatRainCallOptions>().toHaveProperty("principle").toEqualTypeOf<Principle | undefined>();
    expectTypeOf<ChatRainCallOptions>().toHaveProperty("signal").toEqualTypeOf<AbortSignal | undefined>();
    expectTypeOf<ChatRainCallOptions["preset"]>().toEqualTypeOf<"fast" | "balanced" | "strict" | undefined>();
    expectTypeOf<{ mode: "quick" }>().not.toExtend<Partial<ChatRainCallOptions>>();
    expectTypeOf(model.invoke).parameter(1).toEqualTypeOf<Partial<ChatRainCallOptions> | undefined>();
  });

  it("answers and chains have the types that LangChain's models give", () => {
    expectTypeOf(model.invoke("Hi")).resolves.toEqualTypeOf<AIMessageChunk>();
    expectTypeOf(model.pipe(new StringOutputParser()).invoke("Hi")).resolves.toEqualTypeOf<string>();
    expectTypeOf(model.bindTools([]).invoke("Hi")).resolves.toEqualTypeOf<AIMessageChunk>();
    expectTypeOf(ChatRain.load()).resolves.toEqualTypeOf<ChatRain>();
  });

  it("structured output has the type of its schema, of zod 4 and 3", () => {
    const schema = z.object({ animal: z.string(), legs: z.number() });
    const older = z3.object({ animal: z3.string(), legs: z3.number() });
    type Animal = { animal: string; legs: number };
    expectTypeOf(model.withStructuredOutput(schema).invoke("Hi")).resolves.toEqualTypeOf<Animal>();
    expectTypeOf(model.withStructuredOutput(schema, { method: "functionCalling" }).invoke("Hi")).resolves.toEqualTypeOf<Animal>();
    expectTypeOf(model.withStructuredOutput<Animal>(older).invoke("Hi")).resolves.toEqualTypeOf<Animal>();
    expectTypeOf(model.withStructuredOutput({ type: "object" }).invoke("Hi")).resolves.toEqualTypeOf<Record<string, unknown>>();
    const raw = model.withStructuredOutput(schema, { includeRaw: true });
    expectTypeOf(raw.invoke("Hi")).resolves.toEqualTypeOf<{ raw: BaseMessage; parsed: Animal }>();
  });

  it("events are a union to switch over, and the account of an answer has its numbers", () => {
    expectTypeOf<RainCustomEvent["type"]>().toEqualTypeOf<"rewind" | "commit" | "violation">();
    expectTypeOf<RainMetadata["rewinds"]>().toEqualTypeOf<number>();
    expectTypeOf<RainMetadata["value"]>().toEqualTypeOf<number | undefined>();
  });
});
