import { HumanMessage } from "@langchain/core/messages";
import { RainCritique, type RainCritiqueOptions, type TextJudge } from "rain-align/langchain";
import { describe, expect, it } from "vitest";
import { complaint, JudgeError, OptionError, RainError } from "../../../src/core/index.ts";
import { answering, ScriptedChat } from "../../support/scripted-chat.ts";
import { againstWord } from "../../support/word-judge.ts";

const ASK = [new HumanMessage("How?")];
const model = answering("One. Two.");

function judgedBy(judge: TextJudge["judge"], options: RainCritiqueOptions = {}): RainCritique {
  return new RainCritique({ model, judge: { judge }, continuation: "prefix", ...options });
}

describe("When the judge fails", () => {
  it.each([
    ["throws", () => Promise.reject(new Error("Server busy"))],
    ["gives no number", async () => "good" as unknown as number],
    ["gives a number that is none", async () => Number.NaN],
    ["gives a number out of range", async () => 2],
  ])("nothing unjudged is released: it %s", async (_how, judge) => {
    const released: unknown[] = [];
    const reading = (async () => {
      for await (const chunk of await judgedBy(judge).stream(ASK)) released.push(chunk);
    })();
    await expect(reading).rejects.toBeInstanceOf(JudgeError);
    expect(released).toEqual([]);
  });

  it("what was released before stays, and nothing follows", async () => {
    const released: unknown[] = [];
    let asked = 0;
    const stream = await judgedBy(async () => (asked++ === 0 ? 1 : Number.NaN)).stream(ASK);
    const reading = (async () => {
      for await (const { message } of stream) released.push(message?.text);
    })();
    await expect(reading).rejects.toBeInstanceOf(JudgeError);
    expect(released).toEqual(["One. "]);
  });

  it("by taking too long, the error says so and keeps the reason", async () => {
    const late = new AbortController();
    const critique = judgedBy(
      () => {
        late.abort(new Error("Two seconds are over"));
        return new Promise(() => undefined);
      },
      { judgeSignal: () => late.signal },
    );
    const error: unknown = await critique.invoke(ASK).catch((thrown: unknown) => thrown);
    expect(error).toEqual(new JudgeError("harmless", "Expected a verdict in time, got none before `judgeSignal` was aborted"));
    expect((error as Error).cause).toEqual(new Error("Two seconds are over"));
  });
});

describe("When nobody can say how long the judge may take", () => {
  it.each<[string, () => unknown, string]>([
    [
      "as `judgeSignal` throws",
      () => {
        throw new Error("No clock");
      },
      "Expected `judgeSignal` to give a signal, got an error (see `cause`)",
    ],
    ["as `judgeSignal` gives no signal", () => 2000, "Expected `judgeSignal()` to be an AbortSignal, or nothing, got `2000` (number)"],
  ])("the judge is not asked, and nothing is released: %s", async (_how, judgeSignal, message) => {
    const judge = againstWord("canary");
    const critique = new RainCritique({ model, judge, continuation: "whole", judgeSignal: judgeSignal as () => AbortSignal });
    await expect(critique.invoke(ASK)).rejects.toThrow(new JudgeError("harmless", message));
    expect(judge.asked).toEqual([]);
  });
});

describe("An abort", () => {
  it("rejects with its own reason, whatever was going on", async () => {
    const reason = new Error("Enough");
    const stop = new AbortController();
    const critique = judgedBy(() => {
      stop.abort(reason);
      return new Promise(() => undefined);
    });
    await expect(critique.invoke(ASK, { signal: stop.signal })).rejects.toBe(reason);
  });

  it("before the beginning asks nobody", async () => {
    const asked = answering("One.");
    const critique = new RainCritique({ model: asked, judge: againstWord("x") });
    await expect(critique.invoke(ASK, { signal: AbortSignal.abort(new Error("Enough")) })).rejects.toThrow("Enough");
    expect(asked.calls).toEqual([]);
  });

  it("reaches the model that writes", async () => {
    const stop = new AbortController();
    const waiting = new ScriptedChat({ reply: () => "" });
    let seen: AbortSignal | undefined;
    waiting._generate = (_messages, { signal }) => {
      seen = signal;
      stop.abort(new Error("Enough"));
      return new Promise(() => undefined);
    };
    const critique = new RainCritique({ model: waiting, judge: againstWord("x"), continuation: "whole" });
    await expect(critique.invoke(ASK, { signal: stop.signal })).rejects.toThrow("Enough");
    expect(seen?.aborted).toBe(true);
  });
});

describe("What cannot be meant", () => {
  it.each<[string, object, string]>([
    ["an unknown option", { model, treshold: 1 }, "Expected known options, got `treshold` (did you mean `threshold`?)"],
    ["a value out of range", { model, threshold: 2 }, "Expected `threshold` to be a number from -1 to 1, got `2` (number)"],
    ["half a retry", { model, retries: 0.5 }, "Expected `retries` to be a non-negative integer, got `0.5` (number)"],
    [
      "a way of continuing that is none",
      { model, continuation: "sentence" },
      "Expected `continuation` to be one of `prefix`, `whole`, `auto`, got `sentence` (string)",
    ],
    ["an empty refusal", { model, refusal: " " }, "Expected `refusal` to be a text that is not empty, got ` ` (string)"],
    [
      "a judge that cannot judge",
      { model, judge: {} },
      "Expected `judge` to be an engine, a chat model, or an object with a method `judge`, got `{...}` (object)",
    ],
    [
      "a model that cannot answer",
      { model: "gpt" },
      "Expected `model` to be a chat model, or another runnable that answers messages, got `gpt` (string)",
    ],
    [
      "a principle in one word",
      { model, principle: "kind" },
      "Expected `principle` to be a principle (a built-in one, or the result of `principle()`), got `kind` (string)",
    ],
    ["nobody who judges", {}, "Expected `judge` to be given where there is no `model` to judge itself, got `undefined` (undefined)"],
    ["no options", null as unknown as object, "Expected `options` to be an object, got `null` (null)"],
  ])("is refused when the critique is made: %s", (_what, options, message) => {
    const make = () => new RainCritique(options);
    expect(make).toThrow(message);
    expect(make).toThrow(OptionError);
  });

  const critique = new RainCritique({ judge: againstWord("x") });

  it.each<[string, unknown, string]>([
    ["no messages", [], "Expected `messages` to be a conversation of one message or more, got `[]` (array)"],
    ["a number", 7, "Expected `input` to be a prompt, text, messages, a message or `{ messages, draft }`, got `7` (number)"],
    ["what is no message", [null], "Expected `messages[0]` to be a message, or what LangChain makes one of, got `null` (null)"],
    [
      "no messages at all",
      { messages: null },
      "Expected `input` to be a prompt, text, messages, a message or `{ messages, draft }`, got `null` (null)",
    ],
    ...[null, 5, []].map((draft): [string, unknown, string] => [
      "a draft that is none",
      { messages: ASK, draft },
      complaint("draft", "a message or a text", draft),
    ]),
    ["a question to nobody", "How?", "Expected `model` to be given where there is no draft to judge, got `undefined` (undefined)"],
  ])("is refused when it is asked: %s", async (_what, input, message) => {
    const error: unknown = await critique.invoke(input as string).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OptionError);
    expect(RainError.isInstance(error)).toBe(true);
    expect((error as Error).message).toBe(message);
  });

  it.each([undefined, "gpt", { invoke: 1 }])("is a model to be wrapped that cannot answer: %s", (given) => {
    const expected = complaint("model", "a chat model, or another runnable that answers messages", given);
    expect(() => critique.wrap(given as never)).toThrow(new OptionError("model", expected, given));
  });

  it("is a critique without a model as a model", () => {
    expect(() => critique.asModel()).toThrow(
      "Expected `model` to be given where the critique is to be a model, got `undefined` (undefined)",
    );
  });
});
