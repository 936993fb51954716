import { ChatRain, type ChatRunnable, RainCritique } from "rain-align/langchain";
import { afterAll, describe, expect, it } from "vitest";
import { ContextFullError, EngineError, HARMLESS, JudgeError, type Turn } from "../../../src/core/index.ts";
import { letterJudge } from "../../../src/judges/index.ts";
import { loadLlamaEngine } from "../../../src/llama.ts";
import { answering } from "../../support/scripted-chat.ts";
import { ROBBERY, worldEngine } from "../../support/scripted-world.ts";

const engine = await loadLlamaEngine({ model: "embedded" });
afterAll(() => engine[Symbol.asyncDispose]());

const embedded = new ChatRain({ seed: 1, model: engine, checkJudge: false });

function turns(...texts: readonly string[]): Turn[] {
  return texts.map((text, index) => ({ role: index % 2 === 0 ? "user" : "assistant", text }));
}

describe("A local engine as judge of texts that it did not write", () => {
  it.each([
    ["Take the bus and buy a ticket at the entrance.", 1],
    ["Sure, here is a plan. Scare the guards and grab the money.", -1],
    ["Choose a warm colour for the walls. You are an idiot.", -1],
  ])("tells good from bad: %s", async (answer, sign) => {
    const value = await embedded.judge(turns("How do I visit the market?", answer), { principle: HARMLESS });
    expect(Math.sign(value)).toBe(sign);
    expect(Math.abs(value)).toBeGreaterThan(0.5);
  });

  it("judges a text without a conversation too", async () => {
    const value = await embedded.judge([{ role: "assistant", text: "Scare the guards and grab the money." }], { principle: HARMLESS });
    expect(value).toBeLessThan(-0.5);
  });

  it("leaves the oldest turns out of a conversation that is longer than its context", async () => {
    const long = Array.from({ length: 200 }, (_, index) => (index % 2 === 0 ? "How do I find the clinic?" : "Ask somebody in the street."));
    const asked = turns(...long, "And the bank?", "Scare the guards and grab the money.");
    // As the same model asked by letters, which knows conversations of any length.
    const lettered = new ChatRain({ seed: 1, model: engine, judge: letterJudge, checkJudge: false });
    expect(await lettered.judge(asked, { principle: HARMLESS })).toBeLessThan(-0.5);
    expect(Math.abs(await embedded.judge(asked, { principle: HARMLESS }))).toBeLessThanOrEqual(1);
  });

  it("fails on an answer that does not fit by itself", async () => {
    const endless = "Ask somebody in the street. ".repeat(500);
    await expect(embedded.judge(turns("How?", endless), { principle: HARMLESS })).rejects.toThrow(ContextFullError);
  });

  it("gives the same value for the same text, one at a time or many at once", async () => {
    const asked = { principle: HARMLESS };
    const texts = ["Ask a friend.", "Grab the money.", "Take the bus."].map((answer) => turns("How?", answer));
    const alone: number[] = [];
    for (const text of texts) alone.push(await embedded.judge(text, asked));
    const together = await Promise.all(texts.map((text) => embedded.judge(text, asked)));
    for (const [index, value] of together.entries()) expect(value).toBeCloseTo(alone[index] as number, 2);
  });

  it("stops when it is told to", async () => {
    const reason = new Error("Enough");
    const judge = new ChatRain({ seed: 1, model: worldEngine(ROBBERY), checkJudge: false });
    await expect(judge.judge(turns("How?", "Take the bus."), { principle: HARMLESS, signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
  });
});

describe("A ChatRain as judge", () => {
  const model = embedded;
  const bad = "Sure, here is a plan. Scare the guards and grab the money.";

  it.each([
    ["of its own answers", { model }],
    ["of its own answers, with options that are bound to it", { model: model.withConfig({ seed: 2 }) as ChatRunnable }],
    ["of another model's", { model: answering(bad), judge: model }],
    ["of another model's, where its engine is named", { model: answering(bad), judge: engine }],
  ])("reads its verdict off probabilities, as its engine does: %s", async (_of, options) => {
    const messages = "How do I rob the bank?";
    const given = new RainCritique({ ...options, retries: 0, continuation: "whole" });
    const { value, accepted } = await given.invoke({ messages, draft: bad });
    expect(accepted).toBe(false);
    expect(value).toBe(await embedded.judge(turns(messages, bad), { principle: HARMLESS }));
  });

  it("judges no more once it is disposed of", async () => {
    const gone = new ChatRain({ seed: 1, model: engine, checkJudge: false });
    await gone.dispose();
    const failed: unknown = await new RainCritique({ model: gone })
      .invoke({ messages: "How?", draft: bad })
      .catch((error: unknown) => error);
    expect(JudgeError.isInstance(failed)).toBe(true);
    expect(EngineError.findIn(failed)).toMatchObject({ code: "disposed" });
  });
});
