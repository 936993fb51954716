import {
  type AnswerJudge,
  answer,
  type Call,
  ContextFullError,
  checkOptions,
  type Engine,
  EngineError,
  type Fitness,
  JudgeError,
  judgeBy,
  letterJudge,
  Meter,
  OptionError,
  type RainAnswer,
  type RainOptions,
  type RainStep,
  rain,
  type Settings,
  TRUTHFUL,
  type Turn,
} from "rain-align";
import { afterAll, describe, expect, it } from "vitest";
import { guardFormat } from "../../src/judges/index.ts";
import { loadLlamaEngine } from "../../src/llama.ts";
import { faultyEngine } from "../support/faulty-engine.ts";
import { END, scriptedEngine, type Weights } from "../support/scripted-engine.ts";
import { GUARD_TEMPLATES, LABEL_PIECES, scriptedGuard, spiedEngine } from "../support/scripted-guard.ts";
import { ASK, ROBBERY, worldEngine } from "../support/scripted-world.ts";
import { type TinyModel, temporaryFolder, writeTinyModel } from "../support/tiny-model.ts";
import { watchedEngine } from "../support/watched-engine.ts";

const SETTINGS: Settings = checkOptions({});
const FITNESS: Fitness = { judge: "by reading", principle: "harmless", auroc: 0.9, low: 0.8, high: 0.95, n: 100 };

function call(): Call {
  return { purpose: "prompt", meter: new Meter() };
}

/** A writer of two words in turn, which says `bad` from the third check on, mostly. */
function writer(goOn: (answer: string) => Weights = lateHarm): Engine {
  return scriptedEngine({
    pieces: [" so", " on", " bad", "User:", "Assistant:"],
    next: (text) => goOn(text.slice(text.lastIndexOf("Assistant:") + "Assistant:".length)),
  });
}

function lateHarm(answer: string): Weights {
  return answer.length === 15 ? { " bad": 4, " so": 1 } : answer.endsWith(" so") ? { " on": 1 } : { " so": 1 };
}

/** What a guard was asked about in a prompt. */
function answerIn(prompt: string): string {
  return /ASSISTANT: (.*)\nSafety: Safe,/s.exec(prompt)?.[1] ?? "";
}

/** A guard that minds one word, and all answers that it has passed. */
function guard(word = "bad", contextSize = 4096): { readonly engine: Engine; readonly passed: string[]; readonly heard: string[] } {
  const [passed, heard]: [string[], string[]] = [[], []];
  const engine = scriptedGuard({
    template: GUARD_TEMPLATES["Qwen3Guard-Gen"],
    contextSize,
    verdict: (prompt) => {
      const read = answerIn(prompt);
      heard.push(read);
      if (read.includes(word)) return { " Unsafe": 8, " Safe": 1, " Cont": 1 };
      passed.push(read);
      return { " Unsafe": 1, " Safe": 8, " Cont": 1 };
    },
  });
  return { engine, passed, heard };
}

/** Any judge, as what it was asked. */
function inner(asked: string[], engine: Engine, room = 1000): AnswerJudge<readonly Turn[]> {
  return {
    conversation: (turns) => turns,
    longestAnswer: () => room,
    prime: async (_, how) => how.meter.record(how.purpose, 1, 1),
    verdicts: async (_, answers, how) => {
      how.meter.record(how.purpose, 1, 1);
      asked.push(...answers.map((tokens) => engine.tokenizer.detokenize(tokens)));
      return answers.map(() => ({ value: 1, byOrder: [1] }));
    },
  };
}

function withJudge(engine: Engine, judge: (asked: string[]) => AnswerJudge): { readonly engine: Engine; readonly asked: string[] } {
  const asked: string[] = [];
  const findJudge = () => ({ judge: judge(asked), threshold: 0.3, fitness: FITNESS, schedule: { firstCheck: 7 } });
  return { engine: { ...watchedEngine(engine, () => undefined), facts: engine.facts, findJudge }, asked };
}

interface Run {
  readonly steps: readonly RainStep[];
  readonly text: string;
  readonly whole: RainAnswer | undefined;
  readonly failure: unknown;
}

async function run(engine: Engine, options: RainOptions): Promise<Run> {
  const steps: RainStep[] = [];
  const answering = rain(engine, ASK, { maxTokens: 24, ...options });
  const text = () => steps.map((step) => step.text).join("");
  try {
    let next = await answering.next();
    for (; !next.done; next = await answering.next()) steps.push(next.value);
    return { steps, text: text(), whole: next.value, failure: undefined };
  } catch (failure) {
    return { steps, text: text(), whole: undefined, failure };
  }
}

describe("An answer that another model judges", () => {
  it("is rewound where the guard minds it, and nothing is released that it has not passed", async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const { engine, passed, heard } = guard();
      const { steps, whole, text } = await run(writer(), { judge: judgeBy(engine), seed });
      expect(whole).toMatchObject({ finishReason: "length", text, judge: { isFit: true, fitness: undefined } });
      expect(text).not.toContain("bad");
      expect(whole?.rewinds).toBe(heard.filter((one) => one.includes("bad")).length);
      expect(whole?.value).toBeCloseTo(0.7);
      let released = "";
      for (const step of steps) {
        released += step.text;
        expect(passed).toContain(released);
      }
    }
  });

  it.each(["paper", "best-of-n"] as const)("is written in %s mode, too", async (mode) => {
    const quick = { maxIterations: 5, carriedIterations: 2, children: 4, bestOf: 8, maxTokens: 14, seed: 2 };
    const { engine, heard } = guard("money");
    const { whole } = await run(worldEngine(ROBBERY), { judge: judgeBy(engine), mode, ...quick });
    expect(heard.some((one) => one.includes("money"))).toBe(true);
    expect(whole?.text).not.toContain("money");
  });

  it("is refused where the guard minds everything", async () => {
    const { engine } = guard("");
    const { whole, steps } = await run(writer(), { judge: judgeBy(engine) });
    expect(whole).toMatchObject({ finishReason: "content_filter", text: SETTINGS.refusal });
    expect(steps).toHaveLength(1);
  });

  it("costs what both models compute: the judge's tokens are evaluations", async () => {
    const { engine } = guard("never");
    const judging: string[] = [];
    const watched = { ...watchedEngine(engine, (_, { purpose }) => judging.push(purpose)), chatTemplate: engine.chatTemplate };
    const [alone, judged] = [await run(writer(), { mode: "vanilla" }), await run(writer(), { judge: judgeBy(watched) })];
    expect(new Set(judging)).toEqual(new Set(["evaluate"]));
    expect(judged.text).toBe(alone.text);
    const [before, after] = [alone.whole?.meter.spent, judged.whole?.meter.spent];
    expect([after?.prompt, after?.draft]).toEqual([before?.prompt, before?.draft]);
    expect(after?.evaluate.tokens).toBeGreaterThan(100);
    expect(judged.whole?.meter.evaluations).toBe(judged.steps.length);
  });
});

describe("Where the judging model fails", () => {
  it("an answer fails as it does, at any of its calls, and nothing unjudged is released", async () => {
    const { engine: sound } = guard();
    const counted = faultyEngine(sound);
    const options = { seed: 2, maxTokens: 80 };
    const undisturbed = await run(writer(), { ...options, judge: judgeBy({ ...counted.engine, chatTemplate: sound.chatTemplate }) });
    expect(counted.calls()).toBeGreaterThan(5);
    for (let fatal = 1; fatal <= counted.calls(); fatal++) {
      const { engine, passed } = guard();
      const broken = new EngineError("decode-failed", `Expected call ${fatal} to compute, got smoke`);
      const before = (nth: number) => {
        if (nth === fatal) throw broken;
      };
      const faulty = { ...faultyEngine(engine, { before }).engine, chatTemplate: engine.chatTemplate };
      const { failure, text } = await run(writer(), { ...options, judge: judgeBy(faulty) });
      expect(failure).toBe(broken);
      expect(undisturbed.text.startsWith(text)).toBe(true);
      expect(text === "" || passed.includes(text)).toBe(true);
      expect(text).not.toBe(undisturbed.text);
    }
  });

  it("an answer fails by name as soon as a verdict is none", async () => {
    let verdicts = 0;
    const engine = scriptedGuard({
      template: GUARD_TEMPLATES["Llama Guard"],
      verdict: (prompt) => (prompt.includes("ONLY THE LAST") && ++verdicts > 1 ? { safe: Number.NaN, unsafe: 1 } : { safe: 1 }),
    });
    const { failure, steps } = await run(writer(), { judge: judgeBy(engine) });
    expect(failure).toBeInstanceOf(JudgeError);
    expect(failure).toMatchObject({ principle: "harmless" });
    expect(steps).toHaveLength(1);
  });

  it("an answer stops at its signal, with the signal's reason", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const { engine } = guard();
    const stopping = {
      ...faultyEngine(engine, { before: (nth) => nth === 4 && controller.abort(reason) }).engine,
      chatTemplate: engine.chatTemplate,
    };
    expect((await run(writer(), { judge: judgeBy(stopping), signal: controller.signal })).failure).toBe(reason);
  });

  it("a guard that cannot be asked by a principle is refused before anything is computed", async () => {
    let calls = 0;
    const watched = watchedEngine(writer(), () => calls++);
    const { failure } = await run(watched, { judge: judgeBy(guard().engine), principle: TRUTHFUL });
    expect(failure).toBeInstanceOf(OptionError);
    expect(calls).toBe(0);
  });
});

describe("What the judge reads", () => {
  it("is the same text, in tokens of its own", async () => {
    const { engine, heard } = guard("never");
    const asked = await run(writer(), { judge: judgeBy(engine), maxTokens: 12 });
    expect(asked.whole?.meter.emitted).toBe(12);
    expect(heard.at(-1)).toBe(asked.text);
    expect(engine.tokenizer.tokenize(asked.text).length).toBeGreaterThan(12);
  });

  const judgment = async (text: string | readonly number[], turns: readonly Turn[] = ASK, hasChatTemplate = true) => {
    const plain = scriptedEngine({ pieces: ["!"], next: () => ({}) });
    const other = { ...watchedEngine(plain, () => undefined), facts: { ...plain.facts, hasChatTemplate } };
    const { engine, asked } = withJudge(other, (heard) => inner(heard, other) as AnswerJudge);
    const model = writer();
    const { judge } = await judgeBy(engine)(model, SETTINGS);
    const tokens = typeof text === "string" ? model.tokenizer.tokenize(text) : text;
    await judge.verdicts(judge.conversation(turns), [tokens], call());
    return asked;
  };

  it("begins as the judging model would have begun it", async () => {
    expect(await judgment(" so on")).toEqual(["so on"]);
    expect(await judgment(" so on", ASK, false)).toEqual([" so on"]);
    expect(await judgment("so on", ASK, false)).toEqual([" so on"]);
    expect(await judgment("", ASK, false)).toEqual([""]);
    const begun: readonly Turn[] = [...ASK, { role: "assistant", text: "You" }];
    expect(await judgment(" so on", begun)).toEqual([" so on"]);
    expect(await judgment("r so", begun, false)).toEqual(["r so"]);
  });

  it("is never cut inside a character", async () => {
    const bytes = writer().tokenizer.tokenize("Schöne 🌧");
    expect(await judgment(bytes.slice(0, 4))).toEqual(["Sch"]);
    expect(await judgment(bytes.slice(0, -1))).toEqual(["Schöne "]);
    expect(await judgment(bytes)).toEqual(["Schöne 🌧"]);
  });
});

describe("The judge that is found on another engine", () => {
  const found = (engine: Engine, settings: Partial<Settings> = {}) => judgeBy(engine)(writer(), { ...SETTINGS, ...settings });

  it("is a guard's, where it is one, whatever else its engine knows", async () => {
    const { engine } = guard();
    const never = () => {
      throw new Error("Expected nobody to ask, got a question");
    };
    expect(await found({ ...engine, findJudge: never }, { threshold: 0.2 })).toMatchObject({ threshold: 0.2 });
    expect((await found(engine)).fitness).toBeUndefined();
  });

  it("is a guard's, where somebody says that it is one", async () => {
    const format = guardFormat({ model: "Llama Guard" });
    const engine = scriptedGuard({ template: "{{ messages }}", verdict: () => ({ safe: 1 }) });
    await expect(Promise.resolve(judgeBy(engine, { guard: format })(writer(), SETTINGS))).rejects.toThrow(
      "to bring the chat template of Llama",
    );
  });

  it("is the one that its engine knows, with what is known of it", async () => {
    const other = scriptedEngine({ pieces: [], next: () => ({}) });
    const seen: Settings[] = [];
    const { engine, asked } = withJudge(other, (heard) => inner(heard, other) as AnswerJudge);
    const watched: Engine = {
      ...engine,
      findJudge: (on, settings) => {
        seen.push(settings);
        expect(on).toBe(watched);
        return engine.findJudge?.(on, settings) as never;
      },
    };
    const judge = judgeBy(watched);
    expect(await judge(writer(), { ...SETTINGS, judge, prompting: "urial" })).toMatchObject({
      fitness: FITNESS,
      threshold: 0.3,
      schedule: { firstCheck: 7 },
    });
    expect(seen).toMatchObject([{ judge: undefined, prompting: "chat" }]);
    const { whole } = await run(writer(), { judge: judgeBy(watched) });
    expect(whole?.judge).toMatchObject({ fitness: FITNESS, isFit: true });
    expect(asked.at(-1)?.trim()).toBe(whole?.text);
  });

  it("drives no search where it is unfit", async () => {
    const other = scriptedEngine({ pieces: [], next: () => ({}) });
    const { engine, asked } = withJudge(other, (heard) => inner(heard, other) as AnswerJudge);
    const findJudge: Engine["findJudge"] = async (on, settings) => ({
      ...(await (engine.findJudge as NonNullable<Engine["findJudge"]>)(on, settings)),
      fitness: { ...FITNESS, auroc: 0.6 },
    });
    const { whole } = await run(writer(), { judge: judgeBy({ ...engine, findJudge }) });
    expect(whole?.judge?.isFit).toBe(false);
    expect(asked).toEqual([]);
  });

  it("is asked by letters where nobody knows better, or where that is wished", async () => {
    const world = worldEngine({ ...ROBBERY, goodness: (text) => (text.includes("bad") ? 0.1 : 0.9) });
    const { spied, batches } = spiedEngine(world);
    const { whole } = await run(writer(), { judge: judgeBy(spied) });
    expect(whole?.text).not.toContain("bad");
    expect(batches[0]?.[0]).toMatch(/^User: How do I rob the bank\?\nAssistant: so on.*\nA harmless, B harmful:$/);
    const { engine, asked } = withJudge(world, (heard) => inner(heard, world) as AnswerJudge);
    await run(writer(), { judge: judgeBy(engine), judging: "preamble" });
    expect(asked).toEqual([]);
  });

  it("reads the same where it is asked on its own engine", async () => {
    const world = worldEngine(ROBBERY);
    const own = await letterJudge(world, SETTINGS);
    const other = await judgeBy(world)(world, SETTINGS);
    const answers = [" You should not rob the bank.", " Take the money."].map((text) => world.tokenizer.tokenize(text));
    const verdicts = (judge: AnswerJudge) => judge.verdicts(judge.conversation(ASK), answers, call());
    expect(await verdicts(other.judge)).toEqual(await verdicts(own.judge));
  });
});

describe("The judge's room", () => {
  it("is never overrun: a judge is not asked about an answer that it could read in part only", async () => {
    const other = scriptedEngine({ pieces: [], next: () => ({}) });
    const { engine, asked } = withJudge(other, (heard) => inner(heard, other, 10) as AnswerJudge);
    const model = writer();
    const { judge } = await judgeBy(engine)(model, SETTINGS);
    const conversation = judge.conversation(ASK);
    expect(judge.longestAnswer(conversation)).toBe(5);
    const verdicts = (text: string, how = call()) => judge.verdicts(conversation, [model.tokenizer.tokenize(text)], how);
    await expect(verdicts(" so on so on")).rejects.toThrow(ContextFullError);
    expect(asked).toEqual([]);
    const how = call();
    await verdicts(" so on so", how);
    expect([how.meter.spent.prompt.calls, how.meter.spent.evaluate.calls]).toEqual([0, 1]);
  });

  it("ends an answer while there is room for its tokens", async () => {
    const engine = scriptedGuard({
      template: GUARD_TEMPLATES["Qwen3Guard-Gen"],
      pieces: [...LABEL_PIECES, " so", " on"],
      verdict: () => ({ " Safe": 1 }),
      contextSize: 400,
    });
    const { whole } = await run(
      writer(() => ({ " so": 1, " on": 1 })),
      { judge: judgeBy(engine), maxTokens: 256 },
    );
    const { judge } = await judgeBy(engine)(writer(), SETTINGS);
    expect(whole?.finishReason).toBe("length");
    expect(whole?.meter.emitted).toBe(judge.longestAnswer(judge.conversation(ASK)));
  });

  it("is too small for a conversation: that fails with the judge's own numbers", async () => {
    const { engine } = guard("never", 120);
    const { failure, steps } = await run(writer(), { judge: judgeBy(engine) });
    expect(failure).toBeInstanceOf(ContextFullError);
    expect(failure).toMatchObject({ contextSize: 120 });
    expect(String(failure)).toContain("the judge's: give the judging model a larger context");
    expect(steps).toEqual([]);
  });

  it("is too small for an answer of long words: that fails, and is not judged in part", async () => {
    const { engine, passed } = guard("never", 260);
    const long = scriptedEngine({
      pieces: [" antidisestablishmentarianism"],
      next: (text) => (text.length > 10_000 ? { [END]: 1 } : { " antidisestablishmentarianism": 1 }),
    });
    const { failure, text } = await run(long, { judge: judgeBy(engine) });
    expect(failure).toBeInstanceOf(ContextFullError);
    expect(text === "" || passed.includes(text)).toBe(true);
  });
});

it("A judge may be asked for many answers, one after the other", async () => {
  const judge = judgeBy(guard().engine);
  const texts = await Promise.all([1, 2, 3].map(async (seed) => (await answer(writer(), ASK, { judge, seed, maxTokens: 12 })).text));
  expect(texts.join()).not.toContain("bad");
});

describe("On llama.cpp", () => {
  const folder = temporaryFolder();
  afterAll(() => folder[Symbol.dispose]());
  const chatTemplate = GUARD_TEMPLATES["Llama Guard"];
  const load = (name: string, model: TinyModel) =>
    loadLlamaEngine({ model: writeTinyModel(`${folder.path}/${name}.gguf`, model), gpu: false, sequences: 2, threads: 1 });

  it("an engine tells which template its model brought, and keeps it out of what is printed", async () => {
    await using engine = await load("told", { chatTemplate });
    expect(engine.chatTemplate).toBe(chatTemplate);
    expect(Object.values(engine.facts)).not.toContain(chatTemplate);
    await using plain = await load("plain", {});
    expect(plain.chatTemplate).toBeUndefined();
  });

  it("a guard judges what another model writes, and the same each time", async () => {
    await using guarding = await load("guard", { chatTemplate, seed: 3 });
    await using writing = await load("writer", {});
    const options: RainOptions = { judge: judgeBy(guarding), maxTokens: 24, mode: "best-of-n", bestOf: 3 };
    const [one, again] = [await answer(writing, ASK, options), await answer(writing, ASK, options)];
    expect(one.value).toBeGreaterThan(-1);
    expect(one.value).toBeLessThan(1);
    expect(one.meter.evaluations).toBe(3);
    expect(again.text).toBe(one.text);
  });
});
