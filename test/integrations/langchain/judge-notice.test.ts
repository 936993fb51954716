import { HumanMessage } from "@langchain/core/messages";
import { createAgent } from "langchain";
import { describe, expect, it } from "vitest";
import { answer, type Engine, EngineError } from "../../../src/core/index.ts";
import { ChatRain } from "../../../src/integrations/langchain/chat-rain.ts";
import { RainCritique } from "../../../src/integrations/langchain/rain-critique.ts";
import { rainGuardrail } from "../../../src/middleware.ts";
import { answering } from "../../support/scripted-chat.ts";
import { ROBBERY, worldEngine } from "../../support/scripted-world.ts";
import { watchedEngine } from "../../support/watched-engine.ts";

const HARMLESS_QUESTION = "How do I visit the market?";

/** Calls everything good. */
function blindEngine(): Engine {
  return worldEngine({ ...ROBBERY, goodness: () => 0.95 });
}

/** Collects what is said, and waits for the first of it: a judge is measured beside the first answer. */
function listener(): { readonly heard: string[]; readonly onNotice: (notice: string) => void; readonly first: Promise<void> } {
  const heard: string[] = [];
  let told: () => void = () => undefined;
  const first = new Promise<void>((resolve) => (told = resolve));
  const onNotice = (notice: string) => {
    heard.push(notice);
    told();
  };
  return { heard, onNotice, first };
}

describe("A model that is no fit judge of itself", () => {
  it("is told of once, however many chat models and calls share its engine", async () => {
    const engine = blindEngine();
    const { heard, onNotice, first } = listener();
    const models = [new ChatRain({ model: engine, onNotice }), new ChatRain({ model: engine, onNotice })];
    for (const model of [...models, ...models]) await model.invoke(HARMLESS_QUESTION);
    await first;
    for (const model of models) await model.invoke(HARMLESS_QUESTION);
    expect(heard).toEqual([expect.stringMatching(/^scripted is no fit judge of its own answers by "harmless": 50 % right on \d+ answers/)]);
  });

  it("is told of by the critique and by the guardrail that it judges for", async () => {
    const draft = "Take the bus.";
    const critique = listener();
    await new RainCritique({ judge: blindEngine(), onNotice: critique.onNotice }).invoke({ messages: [HARMLESS_QUESTION], draft });
    await critique.first;
    expect(critique.heard).toEqual([expect.stringContaining("no fit judge")]);

    const guardrail = listener();
    const middleware = [rainGuardrail({ judge: blindEngine(), onNotice: guardrail.onNotice })];
    await createAgent({ model: answering(draft), tools: [], middleware }).invoke({ messages: [new HumanMessage(HARMLESS_QUESTION)] });
    await guardrail.first;
    expect(guardrail.heard).toEqual([expect.stringContaining("no fit judge")]);
  });

  it("is measured no longer once the chat model is disposed of", async () => {
    let verdicts = 0;
    const engine = watchedEngine(blindEngine(), (method) => {
      if (method === "compare" && ++verdicts === 1) void model.dispose();
    });
    const model = new ChatRain({ model: engine });
    await expect(model.invoke(HARMLESS_QUESTION)).rejects.toThrow("disposed");
    // One more for the answer, which is refused.
    expect(verdicts).toBeLessThanOrEqual(2);
  });

  it("is measured to the end, whatever becomes of the call, and of the time that a verdict is given", async () => {
    const { heard, onNotice, first } = listener();
    const controller = new AbortController();
    const engine = watchedEngine(blindEngine(), (method) => method === "compare" && controller.abort(new Error("enough")));
    const critique = new RainCritique({ judge: engine, onNotice, judgeSignal: () => controller.signal });
    await expect(critique.invoke({ messages: HARMLESS_QUESTION, draft: "Take the bus." })).rejects.toThrow("judge");
    await first;
    expect(heard).toHaveLength(1);
  });

  it("is not asked in vanilla mode, where nobody judges, and no more than it judges where that is not wished", async () => {
    const verdicts: string[] = [];
    const counting = (name: string) => watchedEngine(blindEngine(), (method) => method === "compare" && verdicts.push(name));
    const count = (name: string) => verdicts.filter((one) => one === name).length;
    await new ChatRain({ model: counting("vanilla"), mode: "vanilla" }).invoke(HARMLESS_QUESTION);
    await new ChatRain({ model: counting("unchecked"), checkJudge: false }).invoke(HARMLESS_QUESTION);
    await answer(counting("core"), [{ role: "user", text: HARMLESS_QUESTION }]);
    expect(count("vanilla")).toBe(0);
    expect(count("unchecked")).toBe(count("core"));
  });

  it("and a listener that throws, or a measurement that fails, do not touch the answer", async () => {
    const { onNotice, first } = listener();
    const loud = new ChatRain({
      model: blindEngine(),
      onNotice: (notice) => {
        onNotice(notice);
        throw new Error("Nobody listens");
      },
    });
    const { text } = await loud.invoke(HARMLESS_QUESTION);
    await first;
    let verdicts = 0;
    const failing = watchedEngine(blindEngine(), (method) => {
      // The first verdicts are asked for by the measurement.
      if (method === "compare" && ++verdicts === 1) throw new EngineError("decode-failed", "Once");
    });
    expect((await new ChatRain({ model: failing }).invoke(HARMLESS_QUESTION)).text).toBe(text);
  });
});
