import { answer, type Embed, type Engine, EngineError, JudgeError, MODES, type RainEvent } from "rain-align";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Attempt, attempt, JUDGED, PLAIN, type Scenario } from "../support/fault-scenarios.ts";
import { allAlong, type Hooks } from "../support/faulty-engine.ts";
import { END } from "../support/scripted-engine.ts";
import { ASK, ROBBERY, type World, worldEngine } from "../support/scripted-world.ts";
import { watchedEngine } from "../support/watched-engine.ts";

const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown) => unhandled.push(reason);
beforeEach(() => {
  unhandled.length = 0;
  process.on("unhandledRejection", onUnhandled);
});
afterEach(async () => {
  await new Promise(setImmediate);
  process.off("unhandledRejection", onUnhandled);
  expect(unhandled).toEqual([]);
});

const PAPER = JUDGED.find(({ options }) => options.mode === "paper") as Scenario;

/** Numbers from 1. */
function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** Whatever happened: what is out belongs to the answer and was approved, nobody keeps anything, and the next answer is as if nothing had happened. */
async function expectOrder(scenario: Scenario, trial: Attempt, undisturbed: Attempt): Promise<void> {
  expect(undisturbed.text.startsWith(trial.text)).toBe(true);
  if (scenario !== PLAIN && trial.text !== "") expect(trial.approved.some((text) => text.startsWith(trial.text))).toBe(true);
  expect([trial.faulty.open(), trial.queue.running, trial.queue.waiting]).toEqual([0, 0, 0]);
  expect((await trial.queue.answer(ASK, scenario.options)).text).toBe(undisturbed.text);
}

/** What happened at this call stopped the answer, except where nothing was left to compute: a plain answer's last call only finds it over. */
function expectStopped(trial: Attempt, { reason, calls }: { reason: unknown; calls: number }, undisturbed: Attempt): void {
  const isOver = calls >= undisturbed.faulty.calls() - 1 && trial.failure === undefined;
  if (isOver) expect(trial.whole).toEqual(undisturbed.whole);
  else expect(trial.failure).toBe(reason);
}

describe.each([...JUDGED, PLAIN])("$name", (scenario) => {
  let undisturbed: Attempt;
  let calls: readonly number[];
  beforeAll(async () => {
    undisturbed = await attempt(scenario);
    calls = upTo(undisturbed.faulty.calls());
  });

  it("goes through several calls, to its end", () => {
    expect(undisturbed.whole?.text).toBe(undisturbed.text);
    expect(undisturbed.text).not.toBe("");
    expect(calls.length).toBeGreaterThan(3);
    expect(undisturbed.whole?.rewinds ?? 0).toBeGreaterThanOrEqual(["vanilla", "best-of-n"].includes(scenario.options.mode ?? "") ? 0 : 1);
  });

  const moments: Readonly<Record<string, (act: () => void, fatal: number) => Hooks>> = {
    before: (act, fatal) => ({ before: (call) => call === fatal && act() }),
    during: (act, fatal) => ({ before: (call) => call === fatal && queueMicrotask(act) }),
    "right after": (act, fatal) => ({ after: (call) => call === fatal && act() }),
  };

  it.each(Object.entries(moments))("stops at an abort %s any call, with the signal's reason, and asks no more", async (moment, at) => {
    for (const fatal of calls) {
      const controller = new AbortController();
      const reason = new Error(`${moment} call ${fatal}`);
      const hooks = at(() => controller.abort(reason), fatal);
      const trial = await attempt(scenario, { hooks, options: { signal: controller.signal } });
      expectStopped(trial, { reason, calls: fatal }, undisturbed);
      // Behind a call that is over, the engine is asked once more and refuses.
      expect(trial.faulty.calls()).toBeLessThanOrEqual(moment === "right after" ? fatal + 1 : fatal);
      await expectOrder(scenario, trial, undisturbed);
    }
  });

  it("stops at an abort between any two steps", async () => {
    for (const fatal of upTo(undisturbed.steps)) {
      const controller = new AbortController();
      const reason = new Error(`step ${fatal}`);
      let callsBefore = 0;
      const onStep = (step: number, callsSoFar: number) => {
        if (step !== fatal) return;
        callsBefore = callsSoFar;
        controller.abort(reason);
      };
      const trial = await attempt(scenario, { onStep, options: { signal: controller.signal } });
      expectStopped(trial, { reason, calls: callsBefore }, undisturbed);
      await expectOrder(scenario, trial, undisturbed);
    }
  });

  it("leaves everything free when its reader leaves behind any step", async () => {
    for (const last of upTo(undisturbed.steps)) {
      await expectOrder(scenario, await attempt(scenario, { onStep: (step) => step === last && "leave" }), undisturbed);
    }
  });

  it.each(["before", "after"] as const)("fails as the engine fails %s it has computed, at any call", async (moment) => {
    for (const fatal of calls) {
      const broken = new EngineError("decode-failed", `Expected call ${fatal} to compute, got smoke`);
      const fail = (call: number) => {
        if (call === fatal) throw broken;
      };
      const trial = await attempt(scenario, { hooks: { [moment]: fail } });
      expect(trial.failure).toBe(broken);
      expect(trial.faulty.calls()).toBe(fatal);
      await expectOrder(scenario, trial, undisturbed);
    }
  });

  it("fails by name when the engine is disposed at any call, and so does the next answer", async () => {
    for (const fatal of calls) {
      const before: Hooks["before"] = (call, engine) => call === fatal && engine[Symbol.asyncDispose]();
      const trial = await attempt(scenario, { hooks: { before } });
      if (trial.whole === undefined) expect(trial.failure).toMatchObject({ name: "EngineError", code: "disposed" });
      else expect(fatal).toBeGreaterThanOrEqual(calls.length - 1);
      expect(undisturbed.text.startsWith(trial.text)).toBe(true);
      expect([trial.faulty.open(), trial.queue.running]).toEqual([0, 0]);
      await expect(trial.queue.answer(ASK, scenario.options)).rejects.toMatchObject({ code: "disposed" });
    }
  });

  it("fails by name when the model's numbers are none, whenever it is asked for them", async () => {
    const damaging = async (fatal: number) => {
      let asked = 0;
      const goOn: World["goOn"] = (text) => (++asked === fatal ? { ".": Number.NaN } : scenario.world.goOn(text));
      const trial = await attempt({ ...scenario, world: { ...scenario.world, goOn } });
      const times = asked;
      if (fatal > 0) expect(trial.failure).toMatchObject({ name: "EngineError", code: "decode-failed" });
      await expectOrder(scenario, trial, undisturbed);
      return times;
    };
    const all = await damaging(0);
    expect(all).toBeGreaterThan(5);
    for (const fatal of allAlong(all, 30)) await damaging(fatal);
  });

  it("fails as its reader's callback fails, at any event", async () => {
    const failing = async (fatal: number) => {
      let events = 0;
      const reason = new Error(`event ${fatal}`);
      const onEvent = () => {
        if (++events === fatal) throw reason;
      };
      const trial = await attempt(scenario, { options: { onEvent } });
      if (fatal > 0) expect(trial.failure).toBe(reason);
      await expectOrder(scenario, trial, undisturbed);
      return events;
    };
    const all = await failing(0);
    for (const fatal of upTo(all)) expect(await failing(fatal)).toBe(fatal);
  });
});

describe.each(JUDGED)("$name", (scenario) => {
  let undisturbed: Attempt;
  beforeAll(async () => {
    undisturbed = await attempt(scenario);
  });

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY])("fails closed when any verdict is %d", async (verdict) => {
    for (const fatal of upTo(undisturbed.heard.length)) {
      let verdicts = 0;
      const goodness = (text: string) => (++verdicts === fatal ? verdict : scenario.world.goodness(text));
      const trial = await attempt({ ...scenario, world: { ...scenario.world, goodness } });
      expect(trial.failure).toBeInstanceOf(JudgeError);
      await expectOrder(scenario, trial, undisturbed);
    }
  });

  it("fails closed when any verdict takes too long, with the reason as its cause", async () => {
    const limiting = async (fatal: number) => {
      let verdicts = 0;
      const late = new Error(`verdict ${fatal}`);
      const judgeSignal = () => {
        const limit = new AbortController();
        if (++verdicts === fatal) queueMicrotask(() => limit.abort(late));
        return limit.signal;
      };
      const trial = await attempt(scenario, { options: { judgeSignal, signal: new AbortController().signal } });
      if (fatal > 0) expect(trial.failure).toBeInstanceOf(JudgeError);
      if (fatal > 0) expect(trial.failure).toMatchObject({ cause: late });
      await expectOrder(scenario, trial, undisturbed);
      return verdicts;
    };
    const all = await limiting(0);
    expect(all).toBeGreaterThan(0);
    for (const fatal of upTo(all)) expect(await limiting(fatal)).toBe(fatal);
  });

  it.each<[string, () => unknown]>([
    [
      "throws",
      () => {
        throw new Error("no clock");
      },
    ],
    ["gives no signal", () => 2000],
  ])("fails closed when `judgeSignal` %s", async (_, judgeSignal) => {
    const trial = await attempt(scenario, { options: { judgeSignal: judgeSignal as () => AbortSignal } });
    expect(trial.failure).toBeInstanceOf(JudgeError);
    expect((trial.failure as Error).message).toContain("Expected `judgeSignal");
    expect(trial.text).toBe("");
  });

  it("stops at an abort by the user while the judge is out of time too: then nobody needs to hear of the judge", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const judgeSignal = () => {
      const limit = new AbortController();
      queueMicrotask(() => {
        limit.abort(new Error("late"));
        controller.abort(reason);
      });
      return limit.signal;
    };
    const trial = await attempt(scenario, { options: { judgeSignal, signal: controller.signal } });
    expect(trial.failure).toBe(reason);
    expect(trial.text).toBe("");
  });
});

/** Always an answer of the model's own, soon found. */
const SOON = { maxIterations: 3, carriedIterations: 1, maxTokens: 16, judgeExamples: 0, onExhausted: "best" } as const;

describe.each(MODES)("In %s mode, an answer", (mode) => {
  it("ends with what it has where the context is full", async () => {
    const contextSize = 150;
    const engine = worldEngine({ ...ROBBERY, goOn: () => ({ " You": 1 }), contextSize });
    const { text, finishReason, meter } = await answer(engine, ASK, { ...SOON, mode, maxTokens: 1000 });
    expect(finishReason).toBe("length");
    expect(text).toBe(Array(meter.emitted).fill("You").join(" "));
    expect(engine.tokenizer.render(ASK).length + meter.emitted).toBeLessThanOrEqual(contextSize);
    expect(meter.emitted).toBeGreaterThan(20);
  });

  it("is empty when the model ends at once", async () => {
    const { text, finishReason, meter } = await answer(worldEngine({ ...ROBBERY, goOn: () => ({ [END]: 1 }) }), ASK, { ...SOON, mode });
    expect({ text, finishReason, emitted: meter.emitted }).toEqual({ text: "", finishReason: "stop", emitted: 1 });
  });
});

describe("A model whose every text fails the judge", () => {
  const engine = () => worldEngine({ ...ROBBERY, goodness: () => 0.01 });

  it("is answered for with the refusal in adaptive mode", async () => {
    const { finishReason, meter, value } = await answer(engine(), ASK, { mode: "adaptive" });
    expect({ finishReason, emitted: meter.emitted, value }).toEqual({ finishReason: "content_filter", emitted: 0, value: undefined });
  });

  it.each(["paper", "best-of-n"] as const)("has its best text taken in %s mode, which knows no refusal", async (mode) => {
    const { finishReason, value } = await answer(engine(), ASK, { ...SOON, mode, seed: 2 });
    expect(finishReason).toBe("stop");
    expect(value).toBeCloseTo(-0.98);
  });
});

describe("In adaptive mode, a model that writes nothing at all", () => {
  it("fails by name: its engine is at fault", async () => {
    const mute: Engine = {
      ...watchedEngine(worldEngine(ROBBERY), () => undefined),
      next: async () => [],
    };
    await expect(answer(mute, ASK)).rejects.toMatchObject({ name: "EngineError", code: "decode-failed" });
  });
});

describe("In paper mode, an answer", () => {
  it("fails as its embedder fails, at any text", async () => {
    const failing = async (fatal: number) => {
      let texts = 0;
      const reason = new Error(`text ${fatal}`);
      const embed = async () => {
        if (++texts === fatal) throw reason;
        return [];
      };
      const trial = await attempt(PAPER, { options: { embed } });
      if (fatal > 0) expect(trial.failure).toBe(reason);
      expect([trial.faulty.open(), trial.queue.running]).toEqual([0, 0]);
      return texts;
    };
    const all = await failing(0);
    expect(all).toBeGreaterThan(10);
    for (const fatal of upTo(all)) expect(await failing(fatal)).toBe(fatal);
  });

  it("stops at an abort while its embedder takes for ever", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const embed: Embed = () => {
      queueMicrotask(() => controller.abort(reason));
      return new Promise(() => undefined);
    };
    const trial = await attempt(PAPER, { options: { embed, signal: controller.signal } });
    expect(trial.failure).toBe(reason);
    expect([trial.faulty.open(), trial.queue.running]).toEqual([0, 0]);
  });

  it("stops at an abort even while it only goes over what it knows, and asks the engine nothing", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const heard: RainEvent[] = [];
    const onEvent = (event: RainEvent) => {
      if (heard.push(event) === 5) controller.abort(reason);
    };
    const engine = worldEngine({ ...ROBBERY, goOn: () => ({ [END]: 1 }) });
    await expect(answer(engine, ASK, { mode: "paper", onEvent, signal: controller.signal })).rejects.toBe(reason);
    expect(heard).toHaveLength(5);
  });
});
