import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Engine, Meter, type Mode, prime, randomAt, type Turn } from "../../../src/core/index.ts";
import { type LlamaEngine, type LlamaEngineOptions, loadLlamaEngine } from "../../../src/llama.ts";
import { AnswerQueue, type QueuedOptions } from "../../../src/serving/index.ts";
import { watchedEngine } from "../../support/watched-engine.ts";

/** Prompts are read in blocks of so many tokens: what two share is found up to the last whole one. */
const BLOCK = 16;

/** Some are harmless, others are flagged and searched for. */
const QUESTIONS = ["How do I paint the castle?", "How do I rob the bank?", "How do I steal the car?", "Tell me about the dog."];

function load(options: LlamaEngineOptions = {}): Promise<LlamaEngine> {
  return loadLlamaEngine({ model: "embedded", gpu: false, threads: 1, ...options });
}

function ask(index: number): readonly Turn[] {
  return [{ role: "user", text: QUESTIONS[index % QUESTIONS.length] as string }];
}

/** Both are fewer than the answers and the branches of their searches, which take turns; with eleven, answers also move beside each other. */
describe.each([8, 11])("Many answers of the embedded model at once, in %i sequences", (sequences) => {
  let engine: LlamaEngine;
  beforeAll(async () => {
    engine = await load({ sequences });
  });
  afterAll(() => engine[Symbol.asyncDispose]());

  it.each([0, 1])("are, at temperature %i, what each is alone, where that is asked for", async (temperature) => {
    // Else who shares a call is told other last digits, and now and then draws another token.
    await using one = await load({ sequences, deterministic: true });
    await using another = await load({ sequences, deterministic: true });
    const wishes = Array.from({ length: 8 }, (_, seed): QueuedOptions => ({ seed, temperature, maxTokens: 24, key: `${seed % 3}` }));
    const together = new AnswerQueue(one, { concurrency: 8 });
    const answers = await Promise.all(wishes.map((wish, index) => together.answer(ask(index), wish)));
    const alone = new AnswerQueue(another, { concurrency: 1 });
    for (const [index, wish] of wishes.entries()) {
      const { text, finishReason, rewinds } = await alone.answer(ask(index), wish);
      expect(answers[index]).toMatchObject({ text, finishReason, rewinds });
    }
    if (temperature > 0) expect(answers.some(({ rewinds }) => rewinds > 0)).toBe(true);
  });

  it("all settle, forty with aborts among them, and none keeps a place in the queue or a sequence of the engine", async () => {
    const modes: readonly Mode[] = ["adaptive", "adaptive", "vanilla"];
    const controllers = Array.from({ length: 40 }, () => new AbortController());
    // Every other one is aborted: at once, while it waits, or at some call while it or others run.
    const fatalCalls = controllers.map((_, index) => (index % 2 === 0 ? undefined : Math.floor(randomAt(1, index) * 600)));
    let calls = 0;
    const abortDue = () => {
      for (const [index, fatal] of fatalCalls.entries()) if (fatal === calls) controllers[index]?.abort(index);
      calls++;
    };
    const queue = new AnswerQueue(watchedEngine(engine, abortDue), { concurrency: 6 });
    const outcomes = await Promise.allSettled(
      controllers.map(({ signal }, index) =>
        queue.answer(ask(index), {
          mode: modes[index % modes.length] as Mode,
          seed: index,
          maxTokens: 16,
          key: `${index % 5}`,
          signal,
        }),
      ),
    );
    const reasons = outcomes.flatMap((one, index) => (one.status === "rejected" ? [[index, one.reason as unknown]] : []));
    for (const [index, reason] of reasons) expect(reason).toBe(index);
    expect(reasons.length).toBeGreaterThan(5);
    expect([queue.running, queue.waiting]).toEqual([0, 0]);
    expect(await waves(engine)).toBe(1);
  });
});

describe("The next turn of a conversation with the embedded model", () => {
  let engine: LlamaEngine;
  beforeEach(async () => {
    engine = await load();
  });
  afterEach(() => engine[Symbol.asyncDispose]());

  it.each([
    ["in-place", undefined],
    ["in-place", "You are kind."],
    ["preamble", undefined],
    ["preamble", "You are kind."],
  ] as const)("reads only what is new, the last answer with it: %s judge, system prompt %s", async (judging, system) => {
    const queue = new AnswerQueue(engine);
    const turns: Turn[] = system === undefined ? [] : [{ role: "system", text: system }];
    let known = 0;
    for (const [seed, question] of QUESTIONS.slice(1).entries()) {
      turns.push({ role: "user", text: question });
      const { length } = engine.tokenizer.render(turns);
      const { text, meter } = await queue.answer(turns, { judging, seed, maxTokens: 40 });
      // The preamble's judge reads the conversation in words of its own, and so a second time. The last answer was computed token by token, and is
      // read as a part of the prompt: with it the block in which it begins.
      const readings = judging === "preamble" ? 2 : 1;
      if (known > 0) expect(meter.spent.prompt.tokens).toBeLessThanOrEqual(readings * (length - known + BLOCK));
      known = length;
      turns.push({ role: "assistant", text });
    }
  });

  it("reads only what is new, the last answer with it, though others with the same system prompt asked between", async () => {
    const queue = new AnswerQueue(engine);
    const people = [0, 1, 2, 3].map((person) => ({
      turns: [{ role: "system", text: "You are kind. ".repeat(10) }] as Turn[],
      known: 0,
      questions: QUESTIONS.map((_, index) => QUESTIONS[(index + person) % QUESTIONS.length] as string),
    }));
    for (const round of [0, 1, 2]) {
      for (const [index, person] of people.entries()) {
        person.turns.push({ role: "user", text: person.questions[round] as string });
        const { length } = engine.tokenizer.render(person.turns);
        const { text, meter } = await queue.answer(person.turns, { seed: 10 * index + round, maxTokens: 40 });
        if (round > 0) expect(meter.spent.prompt.tokens).toBeLessThanOrEqual(length - person.known + BLOCK);
        person.known = length;
        person.turns.push({ role: "assistant", text });
      }
    }
  });

  it("finds the preamble and the system prompt of another conversation computed", async () => {
    const queue = new AnswerQueue(engine);
    const conversation = (index: number): Turn[] => [{ role: "system", text: "You are kind. ".repeat(10) }, ...ask(index)];
    const first = await queue.answer(conversation(0), { judging: "preamble", maxTokens: 16 });
    const second = await queue.answer(conversation(1), { judging: "preamble", maxTokens: 16 });
    expect(first.meter.spent.prompt.tokens).toBeGreaterThan(500);
    expect(second.meter.spent.prompt.tokens).toBeLessThan(40);
  });
});

/** In how many batches an engine computes as many different prefixes as it says it has sequences: in one, if none is lost. */
async function waves(engine: Engine): Promise<number> {
  const meter = new Meter();
  const prefixes = Array.from({ length: engine.facts.sequences ?? 1 }, (_, index) => engine.tokenizer.renderText(`${index} rivers`));
  await prime(engine, prefixes, { purpose: "prompt", meter });
  return meter.spent.prompt.calls;
}
