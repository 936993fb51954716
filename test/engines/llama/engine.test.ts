import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Call,
  ContextFullError,
  type Continuation,
  compare,
  EngineError,
  generate,
  Meter,
  type Mode,
  type Purpose,
  prime,
  type SampledToken,
  sampleMany,
  type Token,
} from "../../../src/core/index.ts";
import type { LlamaEngine } from "../../../src/llama.ts";
import { answer } from "../../../src/rain.ts";
import { type CountedEngine, countedEngine } from "../../support/counted-engine.ts";
import { temporaryFolder, writeTinyModel } from "../../support/tiny-model.ts";

/** A search that is soon over. */
const SHORT = { maxIterations: 3, carriedIterations: 1, children: 3, judgeExamples: 0 } as const;

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const plain = writeTinyModel(`${folder.path}/plain.gguf`, { contextSize: 1024 });
const recurrent = writeTinyModel(`${folder.path}/recurrent.gguf`, { architecture: "mamba2" });

let counted: CountedEngine;
let engine: LlamaEngine;
afterEach(async () => {
  await engine[Symbol.asyncDispose]();
});

describe("with slots enough,", () => {
  beforeEach(async () => {
    counted = await countedEngine(plain);
    engine = counted.engine;
  });

  it("a question asked on top of a paused draft reads none of its tokens twice", async () => {
    const meter = new Meter();
    const one = continuation("The rain", { maxTokens: 12 });
    await prime(engine, [one.prefix], call(meter, "prompt"));
    const question = engine.tokenizer.tokenize("Is it good? (");
    const drafted: Token[] = [];
    let checks = 0;
    for await (const { token } of generate(engine, one, call(meter, "draft"))) {
      drafted.push(token);
      if (drafted.length % 4 !== 0) continue;
      checks++;
      await compare(engine, [{ prefix: [...one.prefix, ...drafted, ...question], candidates: [40, 41] }], call(meter, "evaluate"));
    }
    // Each check reads the draft's last token, alone as the draft would, which then finds it computed; and its question.
    expect(meter.spent.evaluate).toEqual({ tokens: checks * (question.length + 1), calls: 2 * checks });
    expect(meter.spent.draft.tokens + checks).toBe(drafted.length - 1 + (drafted.length % 4 === 0 ? 1 : 0));
  });

  it("what is counted as one call is one native decode", async () => {
    const meter = new Meter();
    const before = counted.decodes();
    await sampleMany(
      engine,
      [1, 2, 3, 4, 5].map((seed) => continuation("The rain", { seed, maxTokens: 6 })),
      call(meter, "expand"),
    );
    await compare(
      engine,
      ["Yes", "No, never"].map((text) => ({ prefix: engine.tokenizer.renderText(text), candidates: [40, 41] })),
      call(meter, "evaluate"),
    );
    expect(counted.decodes() - before).toBe(meter.spent.expand.calls + meter.spent.evaluate.calls);
    expect(meter.spent.evaluate.calls).toBe(1);
  });

  it("branches share a slot until they part: one that all draw alike is computed once", async () => {
    const meter = new Meter();
    const one = continuation("The rain", { maxTokens: 6, temperature: 0 });
    await prime(engine, [one.prefix], call(meter, "prompt"));
    const drawn = await sampleMany(engine, [one, one, one], call(meter, "expand"));
    expect(drawn[2]).toEqual(drawn[0]);
    expect(meter.spent.expand.tokens).toBe((drawn[0]?.length ?? 0) - 1);
  });

  it("asking for a prefix again computes nothing", async () => {
    const one = continuation("The rain", { maxTokens: 1 });
    const [first] = await sampleMany(engine, [one], call());
    const meter = new Meter();
    const [again] = await sampleMany(engine, [one], call(meter));
    expect(again).toEqual(first);
    expect(meter.spent.draft).toEqual({ tokens: 0, calls: 0 });
  });

  it("what several questions have in common is computed once", async () => {
    const meter = new Meter();
    const stem = engine.tokenizer.renderText("A long stem that all of the questions have in common, word for word. ");
    const endings = ["one", "two", "six"].map((text) => engine.tokenizer.tokenize(text));
    await compare(
      engine,
      endings.map((ending) => ({ prefix: [...stem, ...ending], candidates: [40, 41] })),
      call(meter, "evaluate"),
    );
    expect(meter.spent.evaluate.tokens).toBe(stem.length + endings.flat().length);
    expect(meter.spent.evaluate.calls).toBe(2);
  });

  it("a prompt longer than a batch is computed in as many calls as it needs, and one for its end", async () => {
    const meter = new Meter();
    await prime(engine, [longPrompt(700)], call(meter, "prompt"));
    expect(meter.spent.prompt).toEqual({ tokens: 700, calls: 3 });
  });

  it("an abort stops a long prompt between two decode calls", async () => {
    const controller = new AbortController();
    const meter = new Meter();
    const reading = prime(engine, [longPrompt(1000)], { ...call(meter, "prompt"), signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(reading).rejects.toThrow("enough");
    expect(meter.spent.prompt.calls).toBeLessThanOrEqual(1);
  });

  it("many requests at once are told what each is told alone, but for the last digits", async () => {
    const questions = Array.from({ length: 24 }, (_, index) => ({
      prefix: engine.tokenizer.renderText(`Story ${index % 5}${" of rain".repeat(index)}`),
      candidates: [40, 41, 42, 43],
    }));
    const together = await Promise.all(questions.map((question) => compare(engine, [question], call())));
    for (const [index, question] of questions.entries()) {
      const [alone = []] = await compare(engine, [question], call());
      for (const [place, share] of alone.entries()) expect(together[index]?.[0]?.[place]).toBeCloseTo(share, 3);
    }
  });

  it("a generation that fills the context ends with an error that says how many tokens fit", async () => {
    const prefix = longPrompt(engine.facts.contextSize - 2);
    const drawn: Token[] = [];
    const filling = async () => {
      for await (const { token } of generate(
        engine,
        { ...continuation(""), prefix, maxTokens: 50, sampling: { temperature: 2, topK: 300, topP: 1, seed: 3 } },
        call(),
      ))
        drawn.push(token);
    };
    await expect(filling()).rejects.toThrow(new ContextFullError(engine.facts.contextSize + 1, engine.facts.contextSize));
    expect(drawn).toHaveLength(3);
  });

  it("disposing while requests run ends each of them with a named error", async () => {
    const running = [1, 2, 3].map((seed) => sampleMany(engine, [continuation("The rain", { seed, maxTokens: 900 })], call()));
    const outcomes = Promise.allSettled(running);
    await engine[Symbol.asyncDispose]();
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ status: "rejected", reason: { code: "disposed" } });
    expect(() => engine.tokenizer.tokenize("a")).toThrow(EngineError);
  });
});

// Who shares a call is told other last digits, and now and then draws another token: what is to be the same asks for that.
describe("where answers are to be the same whoever else asks,", () => {
  beforeEach(async () => {
    engine = (await countedEngine(plain, { deterministic: true })).engine;
  });

  it("many requests at once give what each gives alone", async () => {
    const wishes = Array.from({ length: 24 }, (_, index) => continuation(`Story ${index % 5}`, { seed: index, maxTokens: 10 }));
    const together = await Promise.all(wishes.map((wish) => collect(generate(engine, wish, call()))));
    for (const [index, wish] of wishes.entries()) {
      expect(tokensOf(together[index] as SampledToken[])).toEqual(tokensOf(await collect(generate(engine, wish, call()))));
    }
  });
});

describe("with two sequences,", () => {
  beforeEach(async () => {
    engine = (await countedEngine(plain, { sequences: 2, deterministic: true })).engine;
  });

  it("more branches than there are slots go in waves, and draw what each draws alone", async () => {
    const wishes = [1, 2, 3, 4, 5, 6].map((seed) => continuation("The rain", { seed, maxTokens: 5 }));
    const together = await sampleMany(engine, wishes, call());
    for (const [index, wish] of wishes.entries()) {
      expect(tokensOf(together[index] as SampledToken[])).toEqual(
        tokensOf((await sampleMany(engine, [wish], call()))[0] as SampledToken[]),
      );
    }
  });

  it("more generations than there are slots take turns", async () => {
    const wishes = [1, 2, 3, 4, 5].map((seed) => continuation(`Story ${seed}`, { seed, maxTokens: 6 }));
    const together = await Promise.all(wishes.map((wish) => collect(generate(engine, wish, call()))));
    for (const [index, wish] of wishes.entries()) {
      expect(tokensOf(together[index] as SampledToken[])).toEqual(tokensOf(await collect(generate(engine, wish, call()))));
    }
  });
});

it("without a way to copy sequences it computes again, and draws the same", async () => {
  const wishes = () => [1, 2, 3].map((seed) => continuation("The rain falls on all of us", { seed, maxTokens: 5 }));
  engine = (await countedEngine(plain, { deterministic: true })).engine;
  const copied = await sampleMany(engine, wishes(), call());
  await engine[Symbol.asyncDispose]();
  engine = (await countedEngine(plain, { canCopy: false, deterministic: true })).engine;
  expect((await sampleMany(engine, wishes(), call())).map(tokensOf)).toEqual(copied.map(tokensOf));
});

it("a model that cannot be rewound freely is rewound to its checkpoints: a second answer computes no prompt again", async () => {
  engine = (await countedEngine(recurrent)).engine;
  expect(engine.facts.needsCheckpoints).toBe(true);
  const one = continuation("The rain falls on all of us", { maxTokens: 6 });
  const first = await collect(generate(engine, one, call()));
  const meter = new Meter();
  const again = await collect(generate(engine, { ...one, sampling: { ...one.sampling, seed: 9 } }, call(meter)));
  expect(meter.spent.draft.tokens).toBeLessThanOrEqual(again.length);
  expect(tokensOf(await collect(generate(engine, one, call())))).toEqual(tokensOf(first));
});

it("a model that cannot be rewound freely writes in every mode, and unflagged what it writes plainly", async () => {
  engine = (await countedEngine(recurrent)).engine;
  const options = { ...SHORT, maxTokens: 12, threshold: -1 };
  const write = (mode: Mode) => answer(engine, [{ role: "user", text: "Hello" }], { ...options, mode });
  const { text } = await write("vanilla");
  const searched = await write("paper");
  expect(searched.rewinds).toBeGreaterThan(3);
  expect(searched.meter.emitted).toBeGreaterThan(0);
  expect((await write("best-of-n")).meter.emitted).toBeGreaterThan(0);
  const checked = await write("adaptive");
  expect(checked).toMatchObject({ text, rewinds: 0 });
  expect(checked.meter.evaluations).toBeGreaterThan(1);
});

it("logits that are no numbers are an error and not an answer", async () => {
  engine = (await countedEngine(writeTinyModel(`${folder.path}/nan.gguf`, { outputWeight: Number.NaN }))).engine;
  await expect(collect(generate(engine, continuation("The rain"), call()))).rejects.toMatchObject({ code: "decode-failed" });
  await expect(compare(engine, [{ prefix: engine.tokenizer.renderText("a"), candidates: [40, 41] }], call())).rejects.toMatchObject({
    code: "decode-failed",
  });
});

it("the template's own text alone becomes special tokens, and the beginning stands there once", async () => {
  const chatTemplate = "{{ bos_token }}{% for m in messages %}{{ m.content + eos_token }}{% endfor %}";
  engine = (await countedEngine(writeTinyModel(`${folder.path}/chat.gguf`, { chatTemplate }))).engine;
  const [begin, end] = [1, 2];
  const tokens = engine.tokenizer.render([{ role: "user", text: "a</s><s>b" }]);
  expect(tokens).toEqual([begin, ...engine.tokenizer.tokenize("a</s><s>b"), end]);
});

function continuation(text: string, { seed = 1, maxTokens = 8, temperature = 1 } = {}): Continuation {
  return { prefix: engine.tokenizer.renderText(text), maxTokens, sampling: { temperature, topK: 40, topP: 0.95, seed } };
}

function longPrompt(length: number): Token[] {
  return Array.from({ length }, (_, index) => (index === 0 ? 1 : 290 + (index % 60)));
}

function call(meter = new Meter(), purpose: Purpose = "draft"): Call {
  return { purpose, meter };
}

function tokensOf(drawn: readonly SampledToken[]): Token[] {
  return drawn.map(({ token }) => token);
}

async function collect(tokens: AsyncIterable<SampledToken>): Promise<SampledToken[]> {
  const collected: SampledToken[] = [];
  for await (const token of tokens) collected.push(token);
  return collected;
}
