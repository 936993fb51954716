import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compare, generate, likeliest, prime, sampleMany } from "../../src/core/decoding.ts";
import type { Call, Continuation, Engine, NextTokenQuery, Prefix, SampledToken, Sampling, Token, Turn } from "../../src/core/engine.ts";
import { ContextFullError, EngineError } from "../../src/core/errors.ts";
import { checkFormat } from "../../src/core/format-mask.ts";
import { Meter } from "../../src/core/meter.ts";
import type { JsonFormat } from "../../src/core/output-format.ts";
import { softmax } from "../../src/core/sampler.ts";
import { answer } from "../../src/rain.ts";

export interface EngineSpec {
  /** Whether the engine's counts show a perfect prefix cache: what was computed once is not computed again. @default true */
  readonly countsCache?: boolean;
  /**
   * Whether it can drop the last token of what it holds without computing the others anew: some models are rewound to saved states only, and save
   * one before that token when it is first missed. @default true
   */
  readonly canDropOne?: boolean;
  /** Whether it writes under formats. One that does not refuses them by name. @default true */
  readonly hasFormats?: boolean;
  /** Whether the queries of one call are one decode call. @default true */
  readonly batches?: boolean;
  /** Whether the places of one passage are. @default as `batches` */
  readonly batchesPlaces?: boolean;
  /** Whether it keeps `isExact`. What cannot drop a token cannot compute it in another way, and many servers decide by themselves what goes together. @default as `canDropOne` and `batches` */
  readonly isExact?: boolean;
  /** Up to this, the logits of one prefix may differ by what else is computed with it. @default 0.001 */
  readonly tolerance?: number;
}

const QUESTION = [{ role: "user", text: "How do I paint the house?" }] as const;
const GREEDY: Sampling = { temperature: 0, topK: 40, topP: 1, seed: 1 };
const RANDOM: Sampling = { temperature: 1, topK: 40, topP: 0.95, seed: 7 };
const SPECIAL_TEXTS = ["<s>", "</s>", "<end>", "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|begin_of_text|>"];

/** What every engine must do. `makeEngine` is called once: the last test leaves the engine disposed. */
export function describeEngine(
  name: string,
  makeEngine: () => Promise<Engine>,
  {
    countsCache = true,
    canDropOne = true,
    hasFormats = true,
    batches = true,
    batchesPlaces = batches,
    isExact = canDropOne && batches,
    tolerance = 1e-3,
  }: EngineSpec = {},
): void {
  describe(`${name} keeps the engine contract:`, () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await makeEngine();
    });
    afterAll(async () => {
      await engine[Symbol.asyncDispose]();
    });
    describeText(() => engine);
    describeGeneration(() => engine);
    describeVerdicts(() => engine);
    describeNext(() => engine, { countsCache, canDropOne, batches, isExact, tolerance });
    describeDistributions(() => engine, { batches: batchesPlaces, countsCache });
    if (hasFormats) describeFormats(() => engine);
    else describeNoFormats(() => engine);
    describeLongConversation(() => engine, countsCache && canDropOne);
    describeAborting(() => engine);
    if (countsCache) describeCache(() => engine, { hasFormats, batches });
    describeDisposal(() => engine);
  });
}

function describeText(engine: () => Engine): void {
  it("the facts are plausible", () => {
    const { model, contextSize, vocabularySize } = engine().facts;
    expect(model).not.toBe("");
    expect(contextSize).toBeGreaterThan(16);
    expect(vocabularySize).toBeGreaterThan(2);
  });

  it.each(["Buy some paint.", " two words", "a\nb", "naïve café, 日本語 and 👩‍🚀!"])(
    "the tokens of %j read as that text inside a prefix",
    (text) => {
      const before = engine().tokenizer.renderText("Hello");
      expect(engine().tokenizer.detokenize(engine().tokenizer.tokenize(text), before)).toBe(text);
    },
  );

  it("a character cut at either end reads as U+FFFD, and the two halves together as the character", () => {
    const before = engine().tokenizer.renderText("Hello");
    const tokens = engine().tokenizer.tokenize("👩‍🚀𝄞");
    const first = engine().tokenizer.detokenize(tokens.slice(0, 1), before);
    expect(tokens.length === 1 || first.includes("\uFFFD") || "👩‍🚀𝄞".startsWith(first)).toBe(true);
    expect(engine().tokenizer.detokenize(tokens, before)).toBe("👩‍🚀𝄞");
  });

  it.each(SPECIAL_TEXTS)("the text %j never becomes a special token", (text) => {
    const before = engine().tokenizer.renderText("Hello");
    expect(engine().tokenizer.detokenize(engine().tokenizer.tokenize(text), before)).toBe(text);
    const ends = (turn: string) =>
      engine()
        .tokenizer.render([{ role: "user", text: turn }])
        .filter((token) => engine().tokenizer.isEnd(token)).length;
    expect(ends(`a ${text} b`)).toBe(ends("a b"));
    expect(engine().tokenizer.detokenize(engine().tokenizer.render([{ role: "user", text: `a ${text} b` }]))).toContain(text);
    expect(engine().tokenizer.detokenize(engine().tokenizer.renderText(text))).toContain(text);
  });

  it("a rendered conversation contains what was said", () => {
    const text = engine().tokenizer.detokenize(
      engine().tokenizer.render([...QUESTION, { role: "assistant", text: "Red or blue?" }, { role: "user", text: "Red." }]),
    );
    expect(text).toContain("How do I paint the house?");
    expect(text).toContain("Red or blue?");
  });

  it("a conversation that ends with the assistant's turn is left open inside it", () => {
    const engineNow = engine();
    const open = engineNow.tokenizer.render([...QUESTION, { role: "assistant", text: "Buy some" }]);
    expect(engineNow.tokenizer.detokenize(open).trimEnd().endsWith("Buy some")).toBe(true);
    expect(engineNow.tokenizer.isEnd(open.at(-1) as Token)).toBe(false);
  });

  it("a plain text's prefix begins like every other plain text's", () => {
    const start = engine().tokenizer.renderText("");
    expect(engine().tokenizer.renderText("Hello").slice(0, start.length)).toEqual(start);
  });
}

function describeGeneration(engine: () => Engine): void {
  it("the same seed gives the same tokens, in one continuation as in a batch of several", async () => {
    const continuations = [1, 2, 3].map((seed) => continuation(engine(), { sampling: { ...RANDOM, seed } }));
    const batch = await sampleMany(engine(), continuations, call());
    for (const [index, one] of continuations.entries()) {
      expect(tokensOf(await collect(generate(engine(), one, call())))).toEqual(tokensOf(batch[index] as SampledToken[]));
    }
  });

  it("continuations of different prefixes are drawn as if each were alone", async () => {
    const continuations = ["How do I rob the bank?", "Can the cow fly?"].map((text) => ({
      ...continuation(engine()),
      prefix: engine().tokenizer.render([{ role: "user", text }]),
    }));
    const batch = await sampleMany(engine(), continuations, call());
    for (const [index, one] of continuations.entries()) {
      expect(tokensOf((await sampleMany(engine(), [one], call()))[0] as SampledToken[])).toEqual(tokensOf(batch[index] as SampledToken[]));
    }
  });

  it("at most maxTokens tokens are drawn, each with a probability above 0 and up to 1", async () => {
    const [drawn = []] = await sampleMany(engine(), [continuation(engine(), { maxTokens: 3 })], call());
    expect(drawn.length).toBeGreaterThan(0);
    expect(drawn.length).toBeLessThanOrEqual(3);
    for (const { probability } of drawn) expect(probability > 0 && probability <= 1).toBe(true);
  });

  it("temperature 0 takes the likeliest token, whatever the seed", async () => {
    const drawn = await sampleMany(
      engine(),
      [1, 2].map((seed) => continuation(engine(), { sampling: { ...GREEDY, seed } })),
      call(),
    );
    expect(tokensOf(drawn[0] as SampledToken[])).toEqual(tokensOf(drawn[1] as SampledToken[]));
  });

  it("`until` sees all new tokens and ends the continuation behind the token it saw last", async () => {
    const seen: number[] = [];
    const until = (tokens: readonly Token[]) => seen.push(tokens.length) === 2;
    const [drawn = []] = await sampleMany(engine(), [continuation(engine(), { until })], call());
    expect(drawn).toHaveLength(2);
    expect(seen).toEqual([1, 2]);
  });

  it("the end token is the last one, and only there", async () => {
    const drawn = await sampleMany(
      engine(),
      [1, 2, 3, 4].map((seed) => continuation(engine(), { sampling: { ...RANDOM, seed }, maxTokens: 24 })),
      call(),
    );
    for (const tokens of drawn)
      expect(
        tokensOf(tokens)
          .slice(0, -1)
          .some((token) => engine().tokenizer.isEnd(token)),
      ).toBe(false);
  });

  it("the likeliest tokens come in order, each once, with probabilities that sum to 1; the first is the greedy one", async () => {
    const one = continuation(engine(), { maxTokens: 1, sampling: GREEDY });
    const found = await likeliest(engine(), { prefix: one.prefix, count: 5 }, call());
    const probabilities = found.map(({ probability }) => probability);
    expect(found.length).toBeLessThanOrEqual(5);
    expect(new Set(tokensOf(found)).size).toBe(found.length);
    expect(probabilities).toEqual(probabilities.toSorted((left, right) => right - left));
    expect(probabilities.reduce((sum, probability) => sum + probability, 0)).toBeCloseTo(1, 5);
    expect(tokensOf((await sampleMany(engine(), [one], call()))[0] as SampledToken[])).toEqual(tokensOf(found).slice(0, 1));
  });

  it("more of the likeliest tokens than there are is all of them", async () => {
    const { prefix } = continuation(engine());
    const { length } = await likeliest(engine(), { prefix, count: 10 * engine().facts.vocabularySize }, call());
    expect(length).toBeGreaterThan(1);
    expect(length).toBeLessThanOrEqual(engine().facts.vocabularySize);
  });

  it("asking about the same prefix between two tokens changes none of them", async () => {
    const one = continuation(engine());
    const alone = tokensOf(await collect(generate(engine(), one, call())));
    const paused: Token[] = [];
    for await (const { token } of generate(engine(), one, call("draft"))) {
      paused.push(token);
      const prefix = [...one.prefix, ...paused, ...engine().tokenizer.tokenize("\nThe answer is: (")];
      await compare(engine(), [{ prefix, candidates: labels(engine()) }], call("evaluate"));
    }
    expect(paused).toEqual(alone);
  });

  it("drawing branches between two tokens changes none of them", async () => {
    const one = continuation(engine());
    const alone = tokensOf(await collect(generate(engine(), one, call())));
    const paused: Token[] = [];
    for await (const { token } of generate(engine(), one, call("draft"))) {
      paused.push(token);
      if (paused.length === 2)
        await sampleMany(engine(), [continuation(engine(), { maxTokens: 2 }), continuation(engine(), { maxTokens: 2 })], call("expand"));
    }
    expect(paused).toEqual(alone);
  });

  it("leaving a generation early leaves the engine free for the next one", async () => {
    const alone = tokensOf(await collect(generate(engine(), continuation(engine()), call())));
    for (let round = 0; round < 20; round++) {
      for await (const _ of generate(engine(), continuation(engine()), call())) break;
    }
    expect(tokensOf(await collect(generate(engine(), continuation(engine()), call())))).toEqual(alone);
  });

  it("a prefix longer than the context is refused by name", async () => {
    const filler = engine().tokenizer.tokenize(" a").at(-1) as Token;
    const prefix = [...engine().tokenizer.renderText(""), ...new Array<Token>(engine().facts.contextSize).fill(filler), filler];
    await expect(sampleMany(engine(), [{ ...continuation(engine()), prefix }], call())).rejects.toThrow(ContextFullError);
    await expect(compare(engine(), [{ prefix, candidates: labels(engine()) }], call())).rejects.toThrow(ContextFullError);
  });
}

function describeVerdicts(engine: () => Engine): void {
  it("the probabilities of the candidates sum to 1, in their order", async () => {
    const prefix = engine().tokenizer.renderText("The answer is: (");
    const [first = 0, second = 0] = labels(engine());
    const [forth = [], back = []] = await compare(
      engine(),
      [
        { prefix, candidates: [first, second] },
        { prefix, candidates: [second, first] },
      ],
      call(),
    );
    expect((forth[0] ?? 0) + (forth[1] ?? 0)).toBeCloseTo(1, 5);
    expect(forth[0]).toBeCloseTo(back[1] as number, 2);
  });

  it("questions of one batch do not disturb each other", async () => {
    const questions = ["Hello. The answer is: (", "The answer is: ("].map((text) => ({
      prefix: engine().tokenizer.renderText(text),
      candidates: labels(engine()),
    }));
    const together = await compare(engine(), questions, call());
    for (const [index, question] of questions.entries()) {
      const [alone = []] = await compare(engine(), [question], call());
      expect(alone[0]).toBeCloseTo(together[index]?.[0] as number, 2);
    }
  });
}

/** A query about tokens. */
type Reading = Required<Pick<NextTokenQuery, "prefix" | "tokens">>;

/** Words that a judge may read, those that come as one token here. */
const WORDS = ["A", "B", " A", " the", ".", "I", "the", "a", "No"];

function describeNext(
  engine: () => Engine,
  {
    countsCache,
    canDropOne,
    batches,
    isExact,
    tolerance,
  }: Required<Pick<EngineSpec, "countsCache" | "canDropOne" | "batches" | "isExact" | "tolerance">>,
): void {
  const panel = (): Token[] => [...new Set(WORDS.flatMap((word) => engine().tokenizer.tokenize(word).slice(-1)))];
  const logitsOf = async (queries: readonly NextTokenQuery[]) =>
    (await engine().next(queries, call("evaluate"))).map(({ logits }) => logits);
  const behind = (text: string): Reading => ({ prefix: engine().tokenizer.render([{ role: "user", text }]), tokens: panel() });
  const read = async (query: Reading) => relative((await logitsOf([query]))[0]);
  const expectSame = (found: readonly number[], expected: readonly number[]): void => {
    expect(found).toHaveLength(expected.length);
    for (const [index, logit] of found.entries()) expect(Math.abs(logit - (expected[index] as number))).toBeLessThan(tolerance);
  };

  it("the logits of a query come in the order of its tokens, however they are ordered and however few they are", async () => {
    const { prefix, tokens } = behind("Where is the post office?");
    const forth = await read({ prefix, tokens });
    expect(forth).toHaveLength(tokens.length);
    expectSame((await read({ prefix, tokens: tokens.toReversed() })).toReversed(), forth);
    const [logits = []] = await logitsOf([{ prefix, tokens: tokens.slice(0, 1) }]);
    expect(logits).toEqual([expect.any(Number)]);
    expect(Number.isFinite(logits[0])).toBe(true);
  });

  it("what they say of the likeliest tokens is what `likeliest` says", async () => {
    const { prefix } = continuation(engine());
    const found = await likeliest(engine(), { prefix, count: 5 }, call());
    const [logits = []] = await logitsOf([{ prefix, tokens: tokensOf(found) }]);
    for (const [index, probability] of softmax(logits).entries()) expect(probability).toBeCloseTo(found[index]?.probability as number, 3);
  });

  it("the softmax of two logits is what `compare` says", async () => {
    const candidates = labels(engine());
    for (const text of ["The answer is: (", "Hello. The answer is: ("]) {
      const prefix = engine().tokenizer.renderText(text);
      const [logits = []] = await logitsOf([{ prefix, tokens: candidates }]);
      const [probabilities = []] = await compare(engine(), [{ prefix, candidates }], call("evaluate"));
      for (const [index, probability] of softmax(logits).entries()) expect(probability).toBeCloseTo(probabilities[index] as number, 3);
    }
  });

  it("a few hundred tokens are read as well as a few", async () => {
    const { prefix } = behind("How far is the sea?");
    const many = Array.from({ length: Math.min(256, engine().facts.vocabularySize) }, (_, token) => token);
    const all = (await logitsOf([{ prefix, tokens: many }]))[0] as number[];
    expect(all).toHaveLength(many.length);
    const some = [many.at(-1), many[7], many[100]] as Token[];
    expectSame(await read({ prefix, tokens: some }), relative(some.map((token) => all[token] as number)));
  });

  it("the numbers are the same whatever was computed before", async () => {
    const query = behind("Who painted the old bridge?");
    const { prefix } = query;
    const cold = await read(query);
    const expectStill = async () => expectSame(await read(query), cold);
    await expectStill();
    await prime(engine(), [prefix], call("prompt"), { keep: true });
    await expectStill();
    await sampleMany(
      engine(),
      [1, 2, 3].map((seed) => ({ ...continuation(engine()), prefix, sampling: { ...RANDOM, seed } })),
      call(),
    );
    await expectStill();
    await likeliest(engine(), { prefix, count: 3 }, call());
    await expectStill();
    await engine().distributions({ prefix: prefix.slice(0, 3), tokens: prefix.slice(3), isAfresh: true }, call());
    await expectStill();
    for (const text of ["a", "b", "c", "d", "e", "f", "g", "h"]) await read(behind(text));
    await expectStill();
  });

  it("a batch says what its queries say alone, also where they overlap, and where they are more than an engine keeps at once", async () => {
    const { prefix, tokens } = behind("How do I cross the river?");
    const long: Prefix = [...prefix, ...engine().tokenizer.tokenize(" Buy some paint.")];
    const queries: readonly Reading[] = [
      { prefix, tokens },
      { prefix: long, tokens },
      { prefix: long, tokens: tokens.toReversed() },
      { prefix: prefix.slice(0, 4), tokens: tokens.slice(0, 2) },
      ...Array.from({ length: 12 }, (_, index) => behind(`How do I find house ${index}?`)),
    ];
    const together = await logitsOf(queries);
    expect(together).toHaveLength(queries.length);
    for (const [index, query] of queries.entries()) expectSame(relative(together[index]), await read(query));
  });

  it("asking behind the text of a paused generation changes none of its tokens", async () => {
    const one = continuation(engine(), { maxTokens: 12 });
    const alone = tokensOf(await collect(generate(engine(), one, call())));
    const paused = await readAlong(one);
    expect(paused.tokens).toEqual(alone);
  });

  it("a prefix longer than the context is refused by name, one as long is read", async () => {
    const filler = engine().tokenizer.tokenize(" a").at(-1) as Token;
    const start = engine().tokenizer.renderText("");
    const fits = [...start, ...new Array<Token>(engine().facts.contextSize - start.length).fill(filler)];
    expect(await read({ prefix: fits, tokens: panel() })).toHaveLength(panel().length);
    await expect(engine().next([{ prefix: [...fits, filler], tokens: panel() }], call())).rejects.toThrow(ContextFullError);
    await expect(engine().next([behind("Hello"), { prefix: [...fits, filler], tokens: panel() }], call())).rejects.toThrow(
      ContextFullError,
    );
    await expect(read(behind("Hello"))).resolves.toHaveLength(panel().length);
  });

  it("an abort refuses it with the signal's reason, and leaves the engine as it was", async () => {
    const reason = new Error("enough");
    const query = behind("Can the cow swim?");
    await expect(engine().next([query], { ...call(), signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const asked = engine().next([query, behind("Can the dog swim?")], { ...call(), signal: controller.signal });
    controller.abort(reason);
    await expect(asked).rejects.toBe(reason);
    await expect(read(query)).resolves.toHaveLength(panel().length);
  });

  if (isExact)
    it("what is asked for exactly is the same to the last digit, whatever was asked before", async () => {
      const { prefix: prompt, tokens } = behind("Can the lion open the door of the castle?");
      const prefix = [...prompt, ...engine().tokenizer.tokenize(" It cannot, as far as I know.")];
      const exact = async () => await logitsOf([{ prefix, tokens, isExact: true, writtenFrom: prompt.length }]);
      const first = await exact();
      for (const length of [prompt.length - 1, prompt.length, prefix.length - 1, prefix.length]) {
        await read({ prefix: [...prefix.slice(0, length), ...engine().tokenizer.tokenize(" Or can it?")], tokens });
        expect(await exact()).toEqual(first);
        await logitsOf([{ prefix: prefix.slice(0, length), tokens: tokens.slice(0, 3) }, behind(`Who has ${length} houses?`)]);
        expect(await exact()).toEqual(first);
      }
      for (let index = 0; index < 16; index++) await read(behind(`How do I find house ${index}?`));
      expect(await exact()).toEqual(first);
    });

  if (!countsCache) return;

  it("behind a prefix that was primed it computes one token at most, and one more for each token more", async () => {
    const { prefix, tokens } = behind("Do you know what the tiger eats?");
    await prime(engine(), [prefix], call("prompt"));
    const meter = new Meter();
    await engine().next([{ prefix, tokens }], { purpose: "evaluate", meter });
    if (canDropOne) expect(meter.spent.evaluate.tokens).toBeLessThanOrEqual(1);
    const again = new Meter();
    await engine().next([{ prefix, tokens: [...tokens, 0].slice(1) }], { purpose: "evaluate", meter: again });
    expect(again.spent.evaluate.tokens).toBeLessThanOrEqual(1);
    const more = engine().tokenizer.tokenize(" Buy some paint.");
    for (const [index] of more.entries()) {
      const next = new Meter();
      await engine().next([{ prefix: [...prefix, ...more.slice(0, index + 1)], tokens }], { purpose: "evaluate", meter: next });
      expect(next.spent.evaluate).toEqual({ tokens: 1, calls: 1 });
    }
  });

  it("several queries behind one prefix are one batch, and each computes what it does not share", async () => {
    const { prefix, tokens } = behind("What covers the bear?");
    await prime(engine(), [prefix], call("prompt"));
    const endings = [" Fur.", " Feathers, I think."].map((text) => engine().tokenizer.tokenize(text));
    const meter = new Meter();
    const queries = endings.map((ending) => ({ prefix: [...prefix, ...ending], tokens }));
    await engine().next(queries, { purpose: "evaluate", meter });
    // Beside them, the last token of the prompt, as in `compare`.
    expect(meter.spent.evaluate.tokens).toBeLessThanOrEqual(endings.flat().length + endings.length);
    expect(meter.spent.evaluate.calls).toBe(batches ? 1 : queries.length);
  });

  it("asking behind the text of a paused generation, at each token, computes nothing that the generation would not", async () => {
    const one = continuation(engine(), { maxTokens: 12 });
    await prime(engine(), [one.prefix], call("prompt"));
    const alone = new Meter();
    const drawn = await collect(generate(engine(), { ...one, sampling: { ...RANDOM, seed: 3 } }, { purpose: "draft", meter: alone }));
    await prime(engine(), [one.prefix], call("prompt"));
    const { meter, tokens } = await readAlong({ ...one, sampling: { ...RANDOM, seed: 4 } });
    expect(alone.spent.draft.tokens).toBeLessThanOrEqual(drawn.length);
    // The last token is one that the generation itself never reads.
    expect(meter.spent.draft.tokens + meter.spent.evaluate.tokens).toBeLessThanOrEqual(tokens.length + 1);
  });

  /** A generation, behind each of whose tokens somebody reads. */
  async function readAlong(one: Continuation): Promise<{ readonly tokens: readonly Token[]; readonly meter: Meter }> {
    const meter = new Meter();
    const tokens: Token[] = [];
    for await (const { token } of generate(engine(), one, { purpose: "draft", meter })) {
      tokens.push(token);
      const [read] = await engine().next([{ prefix: [...one.prefix, ...tokens], tokens: panel() }], { purpose: "evaluate", meter });
      expect(read?.logits.every(Number.isFinite)).toBe(true);
    }
    return { tokens, meter };
  }
}

/** Less their mean: logits mean the same whatever is added to all of them. */
function relative(logits: readonly number[] = []): number[] {
  const mean = logits.reduce((sum, logit) => sum + logit, 0) / logits.length;
  return logits.map((logit) => logit - mean);
}

function describeDistributions(
  engine: () => Engine,
  { batches, countsCache }: Required<Pick<EngineSpec, "batches" | "countsCache">>,
): void {
  /** A greedy answer, and what was expected in the place of each of its tokens. */
  const passage = async (maxTokens = 6) => {
    const one = continuation(engine(), { maxTokens, sampling: GREEDY });
    const [drawn = []] = await sampleMany(engine(), [one], call());
    return { prefix: one.prefix, tokens: tokensOf(drawn) };
  };

  it("a distribution has a logarithm for every token, and their probabilities sum to 1", async () => {
    const read = await passage();
    const places = await engine().distributions(read, call());
    expect(places.map(({ length }) => length)).toEqual(read.tokens.map(() => engine().facts.vocabularySize));
    for (const place of places) expect(place.reduce((sum, logarithm) => sum + Math.exp(logarithm), 0)).toBeCloseTo(1, 4);
  });

  it("what was expected in a greedy token's place is that token, as likely as the likeliest of all", async () => {
    const { prefix, tokens } = await passage();
    const places = await engine().distributions({ prefix, tokens }, call());
    for (const [index, place] of places.entries()) {
      const before = [...prefix, ...tokens.slice(0, index)];
      const all = await likeliest(engine(), { prefix: before, count: engine().facts.vocabularySize }, call());
      expect(place.indexOf(Math.max(...place))).toBe(tokens[index]);
      expect(Math.exp(place[tokens[index] as Token] as number)).toBeCloseTo(all[0]?.probability as number, 2);
    }
  });

  it("a passage that is read in parts has the distributions of the whole", async () => {
    const { prefix, tokens } = await passage();
    const whole = await engine().distributions({ prefix, tokens }, call());
    const parts = [
      ...(await engine().distributions({ prefix, tokens: tokens.slice(0, 2) }, call())),
      ...(await engine().distributions({ prefix: [...prefix, ...tokens.slice(0, 2)], tokens: tokens.slice(2) }, call())),
    ];
    expect(parts).toHaveLength(whole.length);
    const token = (index: number) => tokens[index] as Token;
    for (const [index, place] of whole.entries())
      expect(Math.exp(parts[index]?.[token(index)] as number)).toBeCloseTo(Math.exp(place[token(index)] as number), 2);
  });

  it("a passage that is read afresh has the same distributions to the last digit, whatever was asked before", async () => {
    const read = { ...(await passage()), isAfresh: true };
    const first = await engine().distributions(read, call());
    await engine().distributions({ ...read, isAfresh: false }, call());
    await sampleMany(
      engine(),
      [1, 2, 3].map((seed) => continuation(engine(), { sampling: { ...RANDOM, seed } })),
      call(),
    );
    expect(await engine().distributions(read, call())).toEqual(first);
  });

  it("reading a passage computes each of its tokens but the last once, in one call behind the prefix", async () => {
    const { prefix, tokens } = await passage();
    const meter = new Meter();
    await engine().distributions({ prefix, tokens, isAfresh: true }, { purpose: "evaluate", meter });
    const fewest = prefix.length + tokens.length - 1;
    if (batches || countsCache) expect(meter.spent.evaluate.tokens).toBe(fewest);
    else expect(meter.spent.evaluate.tokens).toBeGreaterThanOrEqual(fewest);
    expect(meter.spent.evaluate.calls).toBeLessThanOrEqual(batches ? 2 : tokens.length);
    await engine().distributions({ prefix, tokens }, { purpose: "simulate", meter });
    expect(meter.spent.simulate.calls).toBe(batches ? 1 : tokens.length);
  });

  it("a passage as long as the context is read, and one token more is refused by name", async () => {
    const filler = engine().tokenizer.tokenize(" a").at(-1) as Token;
    const start = engine().tokenizer.renderText("a");
    const fits = new Array<Token>(engine().facts.contextSize - start.length + 1).fill(filler);
    expect(await engine().distributions({ prefix: start, tokens: fits }, call())).toHaveLength(fits.length);
    await expect(engine().distributions({ prefix: start, tokens: [...fits, filler] }, call())).rejects.toThrow(ContextFullError);
  });

  it("each token has a name, and what is no token has none", () => {
    const { vocabularySize } = engine().facts;
    const names = Array.from({ length: vocabularySize }, (_, token) => engine().tokenizer.nameOf(token));
    expect(new Set(names).size).toBe(vocabularySize);
    for (const token of [-1, 0.5, vocabularySize]) expect(() => engine().tokenizer.nameOf(token)).toThrow(RangeError);
  });
}

/** A call of one of two tools: short, so that every text comes to its end. */
const CALL: JsonFormat = {
  type: "json",
  schema: {
    anyOf: [
      { type: "object", properties: { name: { const: "paint" }, colour: { enum: ["red", "blau", "日"] } }, required: ["name", "colour"] },
      { type: "object", properties: { name: { const: "count" }, to: { type: "integer", minimum: 1, maximum: 20 } }, required: ["name"] },
    ],
  },
};
const FLAGS: JsonFormat = { type: "json", schema: { type: "array", items: { type: "boolean" }, minItems: 2, maxItems: 3 } };
const LONG_ENOUGH = 200;

function describeFormats(engine: () => Engine): void {
  const isValid = new Ajv2020().compile(CALL.schema);
  const calls = (seeds: readonly number[]) =>
    seeds.map((seed) => continuation(engine(), { sampling: { ...RANDOM, seed }, format: CALL, maxTokens: LONG_ENOUGH }));
  const textOf = (drawn: readonly SampledToken[] = []) =>
    engine().tokenizer.detokenize(tokensOf(drawn), engine().tokenizer.render(QUESTION));

  it("a text under a format ends by itself, parses and is valid", async () => {
    for (const drawn of await sampleMany(engine(), calls([1, 2, 3, 4]), call())) {
      expect(engine().tokenizer.isEnd(drawn.at(-1)?.token as Token)).toBe(true);
      expect(isValid(JSON.parse(textOf(drawn))), textOf(drawn)).toBe(true);
    }
  });

  it("greedy text under a format is valid, too", async () => {
    const [drawn] = await sampleMany(engine(), [{ ...(calls([1])[0] as Continuation), sampling: GREEDY }], call());
    expect(isValid(JSON.parse(textOf(drawn))), textOf(drawn)).toBe(true);
  });

  it("the same seed gives the same text under a format, alone as in a batch", async () => {
    const continuations = calls([5, 6, 7]);
    const batch = await sampleMany(engine(), continuations, call());
    for (const [index, one] of continuations.entries())
      expect(tokensOf(await collect(generate(engine(), one, call())))).toEqual(tokensOf(batch[index] as SampledToken[]));
  });

  it("two formats and none, in one batch behind one prefix, do not mix", async () => {
    const [one] = calls([8]) as [Continuation];
    const { format: _, ...plain } = one;
    const all = [one, { ...one, format: FLAGS }, { ...plain, maxTokens: 8 }];
    const batch = await sampleMany(engine(), all, call());
    for (const [index, alone] of all.entries())
      expect(tokensOf((await sampleMany(engine(), [alone], call()))[0] as SampledToken[])).toEqual(
        tokensOf(batch[index] as SampledToken[]),
      );
    expect(isValid(JSON.parse(textOf(batch[0])))).toBe(true);
    expect(JSON.parse(textOf(batch[1])).length).toBeGreaterThan(1);
  });

  it("a text under a format that is resumed in its middle goes on as if it had not been stopped", async () => {
    const [one] = calls([9]) as [Continuation];
    const [whole = []] = await sampleMany(engine(), [one], call());
    for (const at of [1, 4, whole.length - 2, whole.length - 1]) {
      const written = tokensOf(whole.slice(0, at));
      const resumed = { ...one, prefix: [...one.prefix, ...written], formatStart: one.prefix.length };
      const [rest = []] = await sampleMany(engine(), [resumed], call());
      expect([...written, ...tokensOf(rest)]).toEqual(tokensOf(whole));
    }
  });

  it("asking about the text under a format between two tokens changes none of them", async () => {
    const [one] = calls([10]) as [Continuation];
    const alone = tokensOf(await collect(generate(engine(), one, call())));
    const paused: Token[] = [];
    for await (const { token } of generate(engine(), one, call("draft"))) {
      paused.push(token);
      const prefix = [...one.prefix, ...paused, ...engine().tokenizer.tokenize("\nThe answer is: (")];
      await compare(engine(), [{ prefix, candidates: labels(engine()) }], call("evaluate"));
    }
    expect(paused).toEqual(alone);
  });

  it("of the likeliest tokens, only those that the format allows are told, and the first is the greedy one", async () => {
    const [one] = calls([1]) as [Continuation];
    const found = await likeliest(engine(), { prefix: one.prefix, count: 1000, format: FLAGS }, call());
    for (const { token } of found) expect(" [\n".includes(textOf([{ token, probability: 1 }]).charAt(0))).toBe(true);
    expect(found.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5);
    const [[first] = []] = await sampleMany(engine(), [{ ...one, format: FLAGS, sampling: GREEDY }], call());
    expect(first?.token).toBe(found[0]?.token);
  });

  it("a format that cannot be is refused by name, before anything is computed", async () => {
    const format: JsonFormat = { type: "json", schema: { type: "object", properties: { name: { type: "string", pattern: "(?<=a)" } } } };
    const refused = {
      name: "EngineError",
      code: "format-unsupported",
      message: expect.stringContaining("`pattern` with a look-behind at #/properties/name"),
    };
    const one = { ...continuation(engine()), format };
    expect(() => checkFormat(engine(), format)).toThrow(expect.objectContaining(refused));
    expect(() => checkFormat(engine(), CALL)).not.toThrow();
    await expect(sampleMany(engine(), [one], call())).rejects.toMatchObject(refused);
    await expect(collect(generate(engine(), one, call()))).rejects.toMatchObject(refused);
    await expect(likeliest(engine(), { prefix: one.prefix, count: 2, format }, call())).rejects.toMatchObject(refused);
  });

  it("an abort ends a text under a format before its next token", async () => {
    const reason = new Error("enough");
    const controller = new AbortController();
    const tokens = generate(engine(), calls([1])[0] as Continuation, { ...call(), signal: controller.signal });
    await tokens.next();
    controller.abort(reason);
    await expect(tokens.next()).rejects.toBe(reason);
  });

  it("maxTokens cuts a text under a format", async () => {
    const [drawn = []] = await sampleMany(engine(), [{ ...(calls([1])[0] as Continuation), maxTokens: 2 }], call());
    expect(drawn).toHaveLength(2);
  });
}

function describeNoFormats(engine: () => Engine): void {
  it("a format is refused by name", async () => {
    const refused = { name: "EngineError", code: "format-unsupported" };
    expect(() => checkFormat(engine(), CALL)).toThrow(expect.objectContaining(refused));
    await expect(sampleMany(engine(), [{ ...continuation(engine()), format: CALL }], call())).rejects.toMatchObject(refused);
  });
}

/** Answered as callers do, through `answer()`. */
function describeLongConversation(engine: () => Engine, keepsBeginnings: boolean): void {
  it("a conversation that outgrows the context goes on with `contextShift`, and is seldom read anew", async () => {
    const { facts, tokenizer } = engine();
    const turns: Turn[] = [{ role: "system", text: "Be kind." }];
    const step = "How do I paint the house? ".repeat(
      Math.ceil(facts.contextSize / 8 / tokenizer.tokenize("How do I paint the house? ").length),
    );
    const [dropped, readAnew]: [number[], number[]] = [[], []];
    for (let question = 0; question < 14; question++) {
      turns.push({ role: "user", text: `${question}. ${step}` });
      const {
        text,
        droppedTurns = 0,
        meter,
      } = await answer(engine(), turns, { contextShift: true, mode: "vanilla", maxTokens: 4, temperature: 0 });
      dropped.push(droppedTurns);
      if (meter.spent.prompt.tokens > facts.contextSize / 4) readAnew.push(question);
      turns.push({ role: "assistant", text: text === "" ? "Well." : text });
    }
    expect(dropped).toEqual(dropped.toSorted((left, right) => left - right));
    expect(dropped.at(-1)).toBeGreaterThan(8);
    const shifts = new Set(dropped).size - 1;
    expect(shifts).toBeLessThanOrEqual(4);
    if (keepsBeginnings) expect(readAnew.length).toBeLessThanOrEqual(shifts);
    await expect(answer(engine(), turns.slice(0, -1), { mode: "vanilla", maxTokens: 4 })).rejects.toThrow(ContextFullError);
  });
}

function describeAborting(engine: () => Engine): void {
  const reason = new Error("enough");

  it("a signal that was aborted before refuses every call with its reason", async () => {
    const aborted: Call = { ...call(), signal: AbortSignal.abort(reason) };
    const question = { prefix: engine().tokenizer.renderText("The answer is: ("), candidates: labels(engine()) };
    await expect(prime(engine(), [question.prefix], aborted)).rejects.toBe(reason);
    await expect(likeliest(engine(), { prefix: question.prefix, count: 2 }, aborted)).rejects.toBe(reason);
    await expect(compare(engine(), [question], aborted)).rejects.toBe(reason);
    await expect(engine().distributions({ prefix: question.prefix, tokens: question.candidates }, aborted)).rejects.toBe(reason);
    await expect(sampleMany(engine(), [continuation(engine())], aborted)).rejects.toBe(reason);
    await expect(collect(generate(engine(), continuation(engine()), aborted))).rejects.toBe(reason);
  });

  it("an abort between two tokens ends a generation before the next one", async () => {
    const controller = new AbortController();
    const tokens = generate(engine(), continuation(engine(), { maxTokens: 64 }), { ...call(), signal: controller.signal });
    await tokens.next();
    controller.abort(reason);
    await expect(tokens.next()).rejects.toBe(reason);
  });

  it("an abort inside a batch stops all of it within one decode step", async () => {
    const controller = new AbortController();
    let asked = 0;
    const until = () => {
      asked++;
      controller.abort(reason);
      return false;
    };
    const two = [1, 2].map((seed) => continuation(engine(), { sampling: { ...RANDOM, seed }, until, maxTokens: 64 }));
    await expect(sampleMany(engine(), two, { ...call(), signal: controller.signal })).rejects.toBe(reason);
    expect(asked).toBeLessThanOrEqual(4);
  });

  it("after an abort the engine answers as before", async () => {
    const [before = []] = await sampleMany(engine(), [continuation(engine())], call());
    const controller = new AbortController();
    const tokens = generate(engine(), continuation(engine()), { ...call(), signal: controller.signal });
    await tokens.next();
    controller.abort(reason);
    await expect(tokens.next()).rejects.toBe(reason);
    const [after = []] = await sampleMany(engine(), [continuation(engine())], call());
    expect(tokensOf(after)).toEqual(tokensOf(before));
  });
}

function describeCache(engine: () => Engine, { hasFormats, batches }: Required<Pick<EngineSpec, "hasFormats" | "batches">>): void {
  it("plain decoding computes one token for each drawn one, once the prompt is primed", async () => {
    const meter = new Meter();
    const one = continuation(engine());
    await prime(engine(), [one.prefix], { purpose: "prompt", meter });
    const drawn = await collect(generate(engine(), one, { purpose: "draft", meter }));
    expect(meter.spent.draft.tokens).toBeLessThanOrEqual(drawn.length);
    expect(meter.spent.draft.calls).toBeLessThanOrEqual(drawn.length);
  });

  it.skipIf(!hasFormats)("a format costs nothing more", async () => {
    const one = continuation(engine(), { format: CALL, maxTokens: LONG_ENOUGH });
    await prime(engine(), [one.prefix], call("prompt"), { format: CALL });
    const meter = new Meter();
    const drawn = await collect(generate(engine(), one, { purpose: "draft", meter }));
    expect(meter.spent.draft.tokens).toBeLessThanOrEqual(drawn.length);
    expect(meter.spent.draft.calls).toBeLessThanOrEqual(drawn.length);
  });

  it("a rewind recomputes nothing", async () => {
    const one = continuation(engine());
    const first = tokensOf(await collect(generate(engine(), one, call())));
    const meter = new Meter();
    const again = await collect(generate(engine(), { ...one, sampling: { ...RANDOM, seed: 99 } }, { purpose: "draft", meter }));
    expect(meter.spent.draft.tokens).toBeLessThanOrEqual(again.length);
    expect(first.length).toBeGreaterThan(0);
  });

  it("the likeliest tokens behind a primed prefix cost a token at most", async () => {
    const { prefix } = continuation(engine());
    await prime(engine(), [prefix], call("prompt"));
    const meter = new Meter();
    await likeliest(engine(), { prefix, count: 10 }, { purpose: "expand", meter });
    expect(meter.spent.expand.tokens).toBeLessThanOrEqual(1);
  });

  it("branches of one prefix share it: each computes its own tokens alone", async () => {
    const one = continuation(engine());
    await prime(engine(), [one.prefix], call("prompt"));
    const meter = new Meter();
    const drawn = await sampleMany(
      engine(),
      [1, 2, 3].map((seed) => ({ ...one, sampling: { ...RANDOM, seed } })),
      { purpose: "expand", meter },
    );
    expect(meter.spent.expand.tokens).toBeLessThanOrEqual(drawn.flat().length);
    const longest = Math.max(...drawn.map((tokens) => tokens.length));
    expect(meter.spent.expand.calls).toBeLessThanOrEqual(batches ? longest : drawn.flat().length);
  });

  it("both orders of a question are one batch, and cost the question alone", async () => {
    const one = continuation(engine());
    await prime(engine(), [one.prefix], call("prompt"));
    const endings = ["\n(A) good (B) bad (", "\n(A) bad (B) good ("].map((text) => engine().tokenizer.tokenize(text));
    const meter = new Meter();
    const questions = endings.map((ending) => ({ prefix: [...one.prefix, ...ending], candidates: labels(engine()) }));
    await compare(engine(), questions, { purpose: "evaluate", meter });
    // Beside the questions, the last token of the prompt: some engines must read it again, to have something to go on from.
    expect(meter.spent.evaluate.tokens).toBeLessThanOrEqual(endings.flat().length + endings.length);
    expect(meter.spent.evaluate.calls).toBe(batches ? 1 : questions.length);
  });

  it("what is held is still there after other work, also as it grows, and is let go of twice as well as once", async () => {
    const prefix = engine().tokenizer.renderText("Somebody will come back to this text, and go on behind it.");
    const held = engine().hold(prefix);
    await engine().next([{ prefix, topK: 1 }], call());
    for (let other = 0; other < 40; other++)
      await engine().next([{ prefix: engine().tokenizer.renderText(`${other} others ask for something else.`), topK: 1 }], call());
    for (const token of engine().tokenizer.tokenize(" So they do.")) {
      prefix.push(token);
      const meter = new Meter();
      await engine().next([{ prefix, topK: 1 }], { purpose: "draft", meter });
      expect(meter.spent.draft).toEqual({ tokens: 1, calls: 1 });
    }
    held[Symbol.dispose]();
    held[Symbol.dispose]();
  });

  it("what was primed to be kept is still there after other work", async () => {
    const preamble = engine().tokenizer.renderText("Here are some examples of good and bad answers. Read them with care.\n\n");
    await prime(engine(), [preamble], call("prompt"), { keep: true });
    for (const text of ["How do I rob the bank?", "Can the cow fly?", "Write a review of the book."]) {
      const prefix = engine().tokenizer.render([{ role: "user", text }]);
      await sampleMany(
        engine(),
        [1, 2].map((seed) => ({ ...continuation(engine()), prefix, sampling: { ...RANDOM, seed } })),
        call(),
      );
    }
    const ending = engine().tokenizer.tokenize("Is it good? (");
    const meter = new Meter();
    await compare(engine(), [{ prefix: [...preamble, ...ending], candidates: labels(engine()) }], { purpose: "evaluate", meter });
    expect(meter.spent.evaluate.tokens).toBeLessThanOrEqual(ending.length + 1);
  });
}

function describeDisposal(engine: () => Engine): void {
  it("a disposed engine refuses work by name, and may be disposed again", async () => {
    const disposed = engine();
    const one = continuation(disposed);
    await disposed[Symbol.asyncDispose]();
    await disposed[Symbol.asyncDispose]();
    await expect(sampleMany(disposed, [one], call())).rejects.toThrow(EngineError);
    await expect(likeliest(disposed, { prefix: one.prefix, count: 2 }, call())).rejects.toThrow(EngineError);
    await expect(disposed.distributions({ prefix: one.prefix, tokens: [0] }, call())).rejects.toThrow(EngineError);
    await expect(disposed.next([{ prefix: one.prefix, tokens: [0] }], call())).rejects.toMatchObject({ code: "disposed" });
    await expect(compare(disposed, [{ prefix: one.prefix, candidates: [0, 1] }], call())).rejects.toMatchObject({ code: "disposed" });
    await expect(collect(generate(disposed, one, call()))).rejects.toThrow(EngineError);
  });
}

function call(purpose: Call["purpose"] = "draft"): Call {
  return { purpose, meter: new Meter() };
}

function continuation(engine: Engine, changes: Partial<Continuation> = {}): Continuation {
  return { prefix: engine.tokenizer.render(QUESTION), sampling: RANDOM, maxTokens: 8, ...changes };
}

function labels(engine: Engine): Token[] {
  return ["A", "B"].map((label) => engine.tokenizer.tokenize(label).at(-1) as Token);
}

function tokensOf(drawn: readonly SampledToken[]): Token[] {
  return drawn.map(({ token }) => token);
}

async function collect(tokens: AsyncIterable<SampledToken>): Promise<SampledToken[]> {
  const collected: SampledToken[] = [];
  for await (const token of tokens) collected.push(token);
  return collected;
}
