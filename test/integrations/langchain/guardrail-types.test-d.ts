import { createAgent } from "langchain";
import { type ExitBehavior, type GuardrailOverrides, type RainGuardrailOptions, rainGuardrail } from "rain-align/middleware";
import { describe, expectTypeOf, it } from "vitest";
import type { Principle } from "../../../src/core/index.ts";
import { answering } from "../../support/scripted-chat.ts";

const agent = createAgent({ model: answering("Hello."), tools: [], middleware: [rainGuardrail()] });
type RunOptions = NonNullable<Parameters<typeof agent.invoke>[1]>;
type Context = NonNullable<RunOptions["context"]>;

describe("the context of a guarded agent's run", () => {
  it("has the guardrail's overrides, and may be left out", () => {
    expectTypeOf<Context["rain"]>().toEqualTypeOf<GuardrailOverrides | undefined>();
    expectTypeOf<{ recursionLimit: number }>().toExtend<RunOptions>();
    expectTypeOf<{ context: { rain: { threshold: number } } }>().toExtend<RunOptions>();
  });

  it("has no override of another type, and none that is no option", () => {
    expectTypeOf<{ rain: { threshold: string } }>().not.toExtend<Context>();
    expectTypeOf<{ rain: { exitBehavior: "stop" } }>().not.toExtend<Context>();
    expectTypeOf<GuardrailOverrides>().not.toHaveProperty("judgeExamples");
    expectTypeOf<GuardrailOverrides>().not.toHaveProperty("name");
  });
});

describe("options of a guardrail", () => {
  it("are all optional, and typed", () => {
    expectTypeOf(rainGuardrail).parameter(0).toEqualTypeOf<RainGuardrailOptions | undefined>();
    expectTypeOf<RainGuardrailOptions["exitBehavior"]>().toEqualTypeOf<ExitBehavior | undefined>();
    expectTypeOf<RainGuardrailOptions["principle"]>().toEqualTypeOf<Principle | undefined>();
  });

  it("are not those of a critique that a guardrail names otherwise", () => {
    expectTypeOf<RainGuardrailOptions>().not.toHaveProperty("refusal");
    expectTypeOf<RainGuardrailOptions>().not.toHaveProperty("onExhausted");
  });
});
