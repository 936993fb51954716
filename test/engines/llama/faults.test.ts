import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Engine, EngineError, Meter, MODES, type Mode, prime, type RainOptions, type Turn } from "../../../src/core/index.ts";
import { type LlamaEngine, loadLlamaEngine } from "../../../src/llama.ts";
import { answer } from "../../../src/rain.ts";
import { AnswerQueue } from "../../../src/serving/index.ts";
import { type CountedEngine, countedEngine } from "../../support/counted-engine.ts";
import { allAlong, faultyEngine, type Hooks } from "../../support/faulty-engine.ts";
import { temporaryFolder, writeTinyModel } from "../../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const narrow = writeTinyModel(join(folder.path, "narrow.gguf"), { contextSize: 256 });
const damaged = writeTinyModel(join(folder.path, "damaged.gguf"), { contextSize: 256, outputWeight: Number.NaN });
const EMBEDDED = join(import.meta.dirname, "../../../models/rain-tiny.gguf");
const ASK: readonly Turn[] = [{ role: "user", text: "How do I rob the bank?" }];
/** Short ways through each mode; the adaptive one meets a flag. */
const WAYS: Readonly<Record<Mode, RainOptions>> = {
  adaptive: { maxTokens: 24, seed: 2 },
  paper: { maxIterations: 3, carriedIterations: 1, children: 3, judgeExamples: 1, maxTokens: 10 },
  vanilla: { maxTokens: 12 },
  "best-of-n": { judgeExamples: 1, maxTokens: 12 },
};

/** Places of a fault: at every one they are tried on a scripted engine (`test/core/faults.test.ts`), here as many as show that the sequences survive. */
const PLACES = 12;

/** In how many batches the engine computes as many new prefixes as it has sequences to spare: in one, if none is lost. */
async function waves(engine: Engine, { kept, topic }: { readonly kept: number; readonly topic: string }): Promise<number> {
  const meter = new Meter();
  const length = (engine.facts.sequences ?? 1) - kept;
  const prefixes = Array.from({ length }, (_, index) => engine.tokenizer.renderText(`${index} ${topic}`));
  await prime(engine, prefixes, { purpose: "prompt", meter });
  return meter.spent.prompt.calls;
}

describe.each(MODES)("On the embedded model in %s mode, an answer", (mode) => {
  const options: RainOptions = { ...WAYS[mode], mode };
  let native: CountedEngine;
  /** Which native decode is to fail. */
  let fatalDecode: number | undefined;
  const smoke = new Error("smoke");
  let text: string;
  /** Native decodes of an undisturbed answer. */
  let decodes: number;
  /** Sequences that a preamble stays in. */
  const kept = mode === "paper" || mode === "best-of-n" ? 1 : 0;

  beforeAll(async () => {
    const onDecode = (decode: number) => {
      if (decode === fatalDecode) throw smoke;
    };
    native = await countedEngine(EMBEDDED, { sequences: 8, onDecode });
    const whole = await answer(native.engine, ASK, options);
    text = whole.text;
    const before = native.decodes();
    await expectSame();
    decodes = native.decodes() - before;
    if (mode === "adaptive") expect(whole.rewinds).toBeGreaterThan(0);
  });
  afterAll(() => native.engine[Symbol.asyncDispose]());

  /** Answers once with these hooks. */
  async function survive(hooks: Hooks, signal?: AbortSignal): Promise<{ readonly failure: unknown; readonly calls: number }> {
    const faulty = faultyEngine(native.engine, hooks);
    const queue = new AnswerQueue(faulty.engine, { concurrency: 1 });
    const failure = await queue.answer(ASK, { ...options, signal }).then(
      () => undefined,
      (error: unknown) => error,
    );
    const calls = faulty.calls();
    fatalDecode = undefined;
    expect([faulty.open(), queue.running]).toEqual([0, 0]);
    return { failure, calls };
  }

  /** The engine is none the worse: asked behind several faults, as what one broke stays broken. */
  async function expectSame(): Promise<void> {
    expect((await answer(native.engine, ASK, options)).text).toBe(text);
  }

  it("stops at an abort before, during or after a call, with the signal's reason; no sequence is lost", async () => {
    const { calls } = await survive({});
    // Behind the last token of a plain answer there is nothing left to stop.
    const last = mode === "vanilla" ? calls - 2 : calls - 1;
    for (const [index, fatal] of allAlong(last, PLACES).entries()) {
      const controller = new AbortController();
      const reason = new Error(`call ${fatal}`);
      const act = (call: number) => call === fatal && controller.abort(reason);
      const later = (call: number) => call === fatal && setImmediate(() => controller.abort(reason));
      const hooks = [{ before: act }, { before: later }, { after: act }][index % 3] as Hooks;
      expect((await survive(hooks, controller.signal)).failure).toBe(reason);
    }
    await expectSame();
    expect(await waves(native.engine, { kept, topic: "rivers" })).toBe(1);
  });

  it("fails by name when a decode fails; no sequence is lost", async () => {
    const failures: unknown[] = [];
    for (const ahead of allAlong(decodes, PLACES)) {
      fatalDecode = native.decodes() + ahead;
      failures.push((await survive({})).failure);
    }
    // What an earlier answer left in the cache may spare a later one its last decodes.
    const met = failures.filter((failure) => failure !== undefined);
    expect(met.length).toBeGreaterThanOrEqual(PLACES - 2);
    for (const failure of met) {
      expect(failure).toBeInstanceOf(EngineError);
      expect(failure).toMatchObject({ code: "decode-failed", cause: smoke });
    }
    await expectSame();
    expect(await waves(native.engine, { kept, topic: "lakes" })).toBe(1);
  });
});

describe("On a model of one's own", () => {
  let engine: LlamaEngine;
  let broken: LlamaEngine;
  beforeAll(async () => {
    engine = await loadLlamaEngine({ model: narrow, gpu: false, threads: 1 });
    broken = await loadLlamaEngine({ model: damaged, gpu: false, threads: 1 });
  });
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    await broken[Symbol.asyncDispose]();
  });

  /** Whatever the untrained judge says. */
  const optionsOf = (mode: Mode): RainOptions => ({ ...WAYS[mode], mode, judgeExamples: 0, threshold: -1 });

  it.each(MODES)("an answer fails by name when the model computes no numbers, and releases nothing, in %s mode", async (mode) => {
    const queue = new AnswerQueue(broken);
    await expect(queue.rain(ASK, optionsOf(mode)).next()).rejects.toMatchObject({ name: "EngineError", code: "decode-failed" });
    expect(queue.running).toBe(0);
  });

  it.each(MODES)("an answer ends with what it has where the context is full, in %s mode", async (mode) => {
    let shown = "";
    const onEvent: RainOptions["onEvent"] = (event) => {
      if (event.type === "commit") shown += event.step.text;
    };
    // Greedy, an untrained model finds no end.
    const greedy = { temperature: 0, children: 1, additionMaxChildren: 0 } as const;
    const { text, finishReason, meter } = await answer(engine, ASK, { ...optionsOf(mode), ...greedy, maxTokens: 1000, onEvent });
    expect(finishReason).toBe("length");
    expect(text).toBe(shown);
    expect(meter.emitted).toBeGreaterThan(10);
    expect(engine.tokenizer.render(ASK).length + meter.emitted).toBeLessThanOrEqual(engine.facts.contextSize);
  });

  // Each needs an engine of its own, and its loading is what takes time: another call in each mode.
  it.each([
    ["adaptive", 2],
    ["paper", 5],
    ["vanilla", 3],
    ["best-of-n", 1],
  ] as const)(
    "an answer fails by name when the engine is disposed while it is written, and so does one that waits, in %s mode at call %i",
    async (mode, fatal) => {
      const leaving = await loadLlamaEngine({ model: narrow, gpu: false, threads: 1 });
      let disposal: Promise<void> | undefined;
      const dispose = () => {
        disposal = leaving[Symbol.asyncDispose]();
      };
      const { engine: watched } = faultyEngine(leaving, { before: (call) => call === fatal && setImmediate(dispose) });
      const queue = new AnswerQueue(watched, { concurrency: 1 });
      const answers = await Promise.allSettled(
        [1, 2].map((seed) => queue.answer(ASK, { ...optionsOf(mode), seed, temperature: 0, maxTokens: 60 })),
      );
      for (const one of answers) expect(one).toMatchObject({ status: "rejected", reason: { name: "EngineError", code: "disposed" } });
      expect([queue.running, queue.waiting]).toEqual([0, 0]);
      await disposal;
    },
  );
});
