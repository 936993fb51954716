import { ContextOverflowError } from "@langchain/core/errors";
import type { AIMessageChunk } from "@langchain/core/messages";
import type { ChatGenerationChunk } from "@langchain/core/outputs";
import fc from "fast-check";
import { type AnyAgentMiddleware, createAgent, modelRetryMiddleware } from "langchain";
import { RainCritique, type TextJudge } from "rain-align/langchain";
import { rainGuardrail } from "rain-align/middleware";
import { describe, expect, it } from "vitest";
import { JudgeError } from "../../../src/core/index.ts";
import { ALONE, ON_MODEL } from "../../contracts/leak-contract.ts";
import { answering, ScriptedChat, type ScriptedChatFields } from "../../support/scripted-chat.ts";
import { type Build, type SurfaceName, shownByFailure } from "../../support/surfaces.ts";
import { againstWord } from "../../support/word-judge.ts";

const BAD = "canary";
const ASK = "How do I get home?";
const judge = againstWord(BAD);

/** What a provider throws. Its server has put the model's words wherever it can. */
class ProviderError extends Error {
  readonly status = 429;
  readonly code = "rate_limit_exceeded";
  readonly requestID = "req_7";
  readonly param = "Follow the canary.";
  readonly error = { message: "error parsing tool call: raw='Follow the canary.'" };
  readonly response = { data: ["Follow the canary."] };

  constructor() {
    super("error parsing tool call: raw='Follow the canary.'", { cause: new Error("Follow the canary.") });
  }
}

/** A model that begins to write, and fails. */
class FailingChat extends ScriptedChat {
  readonly #thrown: unknown;

  constructor(fields: Partial<ScriptedChatFields>, thrown: unknown = new ProviderError()) {
    super({ reply: () => "", ...fields });
    this.#thrown = thrown;
  }

  override async _generate(): Promise<never> {
    throw this.#thrown;
  }

  override async *_streamResponseChunks(): AsyncGenerator<ChatGenerationChunk> {
    const { message, text } = { text: "Follow the", message: {} as AIMessageChunk };
    if (text === "") yield { message, text } as ChatGenerationChunk;
    throw this.#thrown;
  }
}

const AGENT = ON_MODEL.filter((surface) => !surface.startsWith("alone"));

const BUILDS: Readonly<Record<string, readonly [Build, readonly SurfaceName[]]>> = {
  "a guarded agent": [(watched) => ({ model: new FailingChat(watched), middleware: [rainGuardrail({ judge })] }), AGENT],
  "a guarded agent, by sentences": [
    (watched) => ({ model: new FailingChat(watched), middleware: [rainGuardrail({ judge, continuation: "prefix" })] }),
    AGENT,
  ],
  "a guarded agent whose judge is a chat model": [
    (watched) => ({ model: answering("Go."), middleware: [rainGuardrail({ judge: new FailingChat(watched) })] }),
    AGENT,
  ],
  "a guarded agent whose judge is a service": [
    () => ({ model: answering("Go."), middleware: [rainGuardrail({ judge: service() })] }),
    AGENT,
  ],
  "a critiqued model": [(watched) => ({ model: new RainCritique({ model: new FailingChat(watched), judge }).asModel() }), ON_MODEL],
  "a critique behind retries": [
    (watched) => ({ model: new RainCritique({ model: new FailingChat(watched).withRetry({ stopAfterAttempt: 1 }), judge }) }),
    ALONE,
  ],
  "a critique behind fallbacks": [
    (watched) => ({ model: new RainCritique({ model: new FailingChat(watched).withFallbacks([new FailingChat({})]), judge }) }),
    ALONE,
  ],
};

function service(): TextJudge {
  return {
    judge: async () => {
      throw new ProviderError();
    },
  };
}

describe("An error of a provider shows nobody what its model wrote:", () => {
  for (const [name, [build, surfaces]] of Object.entries(BUILDS)) {
    it.each(surfaces)(`${name}, %s`, async (surface) => {
      const { shown, error } = await shownByFailure(surface, build);
      expect(shown).not.toContain(BAD);
      expect(error === undefined ? shown : "an error").toMatch(/error/i);
    });
  }

  it("of any class, with the words anywhere in it", async () => {
    const words = fc.constantFrom("A canary.", "canary and more", "Say: canary");
    const place = fc.constantFrom("message", "cause", "name", "code", "status", "body", "errors", "a canary field", "stack", "type");
    const shapes = [Error, TypeError, RangeError, ProviderError, ContextOverflowError];
    await fc.assert(
      fc.asyncProperty(fc.nat(shapes.length + 2), fc.array(fc.tuple(place, words)), async (shape, hidden) => {
        const Shape = shapes[shape] as (new (message: string) => Error) | undefined;
        const rest = [new DOMException("A canary.", "DataError"), "A canary.", new AggregateError([new Error("A canary.")], "A canary.")];
        const thrown = Shape === undefined ? rest[shape - shapes.length] : new Shape("A canary.");
        if (Shape !== undefined)
          for (const [name, value] of hidden) Object.defineProperty(thrown, name, { value, enumerable: true, configurable: true });
        const critique = new RainCritique({ model: new FailingChat({}, thrown), judge, continuation: "whole" });
        const error: unknown = await critique.invoke(ASK).catch((one: unknown) => one);
        expect(error).toBeInstanceOf(Shape ?? (thrown instanceof Error ? thrown.constructor : Error));
        for (const name of allNames(error)) expect(`${name} ${String(Reflect.get(error as Error, name))}`).not.toContain(BAD);
      }),
      { numRuns: 200 },
    );
  });
});

/** Names of an error's fields, its class's among them. */
function allNames(error: unknown): readonly string[] {
  return ["message", "cause", "name", "stack", "errors", "code", ...Object.getOwnPropertyNames(error)];
}

describe("An error of a provider keeps what programs tell it by:", () => {
  it("class, name, status, code and the request's id", async () => {
    const critique = new RainCritique({ model: new FailingChat({}), judge, continuation: "whole" });
    const error: unknown = await critique.invoke(ASK).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(ProviderError);
    expect(error).toMatchObject({ name: "Error", status: 429, code: "rate_limit_exceeded", requestID: "req_7" });
    expect((error as Error).message).toMatch(/^Expected the model to answer, got an error: Error, status 429, code rate_limit_exceeded/);
  });

  it("what LangChain knows its own by", async () => {
    const model = new FailingChat({}, new ContextOverflowError("A canary."));
    const error: unknown = await new RainCritique({ model, judge, continuation: "whole" }).invoke(ASK).catch((one: unknown) => one);
    expect(ContextOverflowError.isInstance(error)).toBe(true);
  });

  it("so that a retry of the agent's knows it, and the judge's is the cause of a JudgeError", async () => {
    let calls = 0;
    const retry = modelRetryMiddleware({
      maxRetries: 1,
      initialDelayMs: 0,
      retryOn: (error) => {
        calls += Number(findCause(error) instanceof ProviderError);
        return false;
      },
    });
    const agent = createAgent({
      model: new FailingChat({}),
      tools: [],
      middleware: [retry as AnyAgentMiddleware, rainGuardrail({ judge })],
    });
    await agent.invoke({ messages: ASK }).catch(() => undefined);
    expect(calls).toBe(1);
    const unjudged = new RainCritique({ model: answering("Go."), judge: service(), continuation: "whole" });
    const error: unknown = await unjudged.invoke(ASK).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(JudgeError);
    expect((error as Error).cause).toBeInstanceOf(ProviderError);
  });

  it("and in traced drafts, for who debugs, all that it says", async () => {
    const told: string[] = [];
    const handleLLMError = (error: Error) => void told.push(error.message);
    const critique = new RainCritique({ model: new FailingChat({}), judge, continuation: "whole", drafts: "traced" });
    await critique.invoke(ASK, { callbacks: [{ handleLLMError }] }).catch(() => undefined);
    expect(told.join()).toContain(BAD);
  });
});

function findCause(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? findCause(error.cause) : error;
}
