import fc from "fast-check";
import {
  answer,
  DEFAULTS,
  type Engine,
  type FormattedText,
  generate,
  likeliest,
  Meter,
  type Prefix,
  type RainOptions,
  rain,
  type Token,
  type Turn,
} from "rain-align";
import { describe, expect, it } from "vitest";
import { BigramEngine } from "../support/bigram-engine.ts";
import { watchedEngine } from "../support/watched-engine.ts";

const ASK: readonly Turn[] = [{ role: "user", text: "go on" }];
/** Ties, favourites, and tokens that nothing follows. */
const TEXT = "on and on and on we go\nwe go on and we stop: on and on\nwe sing and sing and sing\nthe bus stops and the bus goes on";
const engine = new BigramEngine(TEXT);
const call = () => ({ purpose: "draft" as const, meter: new Meter() });
const words = ["on", " and", " on", " we", " go", " bus", " the", ":", "\n", "we"];

type Processing = Pick<
  Required<RainOptions>,
  | "logitBias"
  | "repetitionPenalty"
  | "presencePenalty"
  | "frequencyPenalty"
  | "penaltyLastN"
  | "dryMultiplier"
  | "dryBase"
  | "dryAllowedLength"
  | "dryLastN"
  | "drySequenceBreakers"
>;

/** What llama.cpp would make of all logits, written down as its documentation says it, token by token. */
async function expected(prefix: Prefix, options: Processing): Promise<Map<Token, number>> {
  const [all] = await engine.next([{ prefix, topK: engine.facts.vocabularySize }], call());
  const window = options.penaltyLastN < 0 ? prefix : prefix.slice(Math.max(0, prefix.length - options.penaltyLastN));
  const processed = (all?.likeliest ?? []).map(({ token, logit }): [Token, number] => {
    const bias = options.logitBias[token] ?? 0;
    let changed = bias === -100 ? Number.NEGATIVE_INFINITY : logit + bias;
    const count = window.filter((other) => other === token).length;
    if (count > 0) changed = changed > 0 ? changed / options.repetitionPenalty : changed * options.repetitionPenalty;
    changed -= count * options.frequencyPenalty + (count > 0 ? options.presencePenalty : 0);
    const length = repetitionThatGoesOnWith(token, prefix, options);
    if (options.dryMultiplier > 0 && length >= options.dryAllowedLength)
      changed -= options.dryMultiplier * options.dryBase ** (length - options.dryAllowedLength);
    return [token, changed];
  });
  return new Map(processed.filter(([, logit]) => logit > Number.NEGATIVE_INFINITY));
}

/** The longest end of the text that stood there before, right in front of this token. */
function repetitionThatGoesOnWith(token: Token, prefix: Prefix, { dryLastN, drySequenceBreakers }: Processing): number {
  const window = dryLastN < 0 ? prefix : prefix.slice(Math.max(0, prefix.length - dryLastN));
  const isBreaker = (other: Token) => drySequenceBreakers.some((breaker) => engine.tokenizer.detokenize([other]).includes(breaker));
  const atMost = window.toReversed().findIndex(isBreaker);
  let longest = 0;
  for (const [index, other] of window.entries()) {
    if (other !== token) continue;
    let length = 0;
    while (length < index && window[index - 1 - length] === window[window.length - 1 - length]) length++;
    longest = Math.max(longest, length);
  }
  return Math.min(longest, atMost < 0 ? window.length : atMost);
}

const NEUTRAL: Processing = DEFAULTS;
const prefixes = fc
  .array(fc.constantFrom(...words), { minLength: 1, maxLength: 24 })
  .map((parts) => engine.tokenizer.renderText(parts.join("")));
const vocabulary = engine.facts.vocabularySize;
const processings: fc.Arbitrary<Processing> = fc.record({
  logitBias: fc.dictionary(fc.nat(vocabulary - 1).map(String), fc.constantFrom(-100, -3, -0.5, 0.5, 4), { maxKeys: 4 }),
  repetitionPenalty: fc.constantFrom(1, 1.1, 1.5, 0.8),
  presencePenalty: fc.constantFrom(0, 0.4, -0.3),
  frequencyPenalty: fc.constantFrom(0, 0.2, -0.1),
  penaltyLastN: fc.constantFrom(64, 4, 0, -1),
  dryMultiplier: fc.constantFrom(0, 0.8, 2),
  dryBase: fc.constantFrom(1.75, 1),
  dryAllowedLength: fc.constantFrom(1, 2, 3),
  dryLastN: fc.constantFrom(-1, 6, 0),
  drySequenceBreakers: fc.constantFrom(NEUTRAL.drySequenceBreakers, [], [" and"]),
});

/** Every other token may follow, always. */
const EVEN: FormattedText = {
  after: () => EVEN,
  allows: (token) => token % 2 === 0,
  allowed: (limit) => (vocabulary / 2 > limit ? undefined : Array.from({ length: Math.ceil(vocabulary / 2) }, (_, index) => 2 * index)),
};
const formatting: Engine = { ...watchedEngine(engine), formats: { check: () => undefined, begin: () => EVEN } };

/** Also as many as are read at a time: then one that falls back is missed. */
const counts = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constantFrom(63, 64, 128));

describe("Biases and penalties", () => {
  it("change logits as llama.cpp does, and the likeliest are the likeliest of the whole vocabulary, or of what a format allows of it", async () => {
    await fc.assert(
      fc.asyncProperty(prefixes, processings, counts, fc.boolean(), async (prefix, processing, count, isFormatted) => {
        const all = await expected(prefix, processing);
        const format = isFormatted ? ({ type: "json", schema: {} } as const) : undefined;
        const found = await likeliest(formatting, { prefix, count, processing, format }, call());
        const allowed = [...all].filter(([token]) => !isFormatted || EVEN.allows(token));
        const best = allowed.sort(([left, one], [right, other]) => other - one || left - right).slice(0, count);
        const total = best.reduce((sum, [, logit]) => sum + Math.exp(logit), 0);
        expect(found.length).toBe(best.length);
        for (const [index, { token, probability }] of found.entries()) {
          expect(probability).toBeCloseTo(Math.exp(best[index]?.[1] as number) / total, 9);
          expect(probability).toBeCloseTo(Math.exp(all.get(token) as number) / total, 9);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("never put a token that they push far down before one that a format allows and that was not read yet", async () => {
    const logitOf = (token: Token) => -token / 100;
    const allows = (token: Token) => token === 0 || token >= 300;
    const text: FormattedText = { after: () => text, allows, allowed: () => undefined };
    const falling: Engine = {
      ...watchedEngine(engine),
      formats: { check: () => undefined, begin: () => text },
      next: async (queries) =>
        queries.map(({ topK = 0, tokens = [] }) => ({
          likeliest: Array.from({ length: Math.min(topK, 1000) }, (_, token) => ({ token, logit: logitOf(token) })),
          logits: tokens.map(logitOf),
        })),
    };
    const processing = { ...NEUTRAL, logitBias: { 0: -50 } };
    const [first] = await likeliest(falling, { prefix: [7], count: 1, processing, format: { type: "json", schema: {} } }, call());
    expect(first?.token).toBe(300);
  });

  it("make a difference of each kind", async () => {
    const loop = engine.tokenizer.renderText("on and on and on and");
    const favourite = async (processing: Partial<Processing>) => {
      const [first] = await likeliest(engine, { prefix: loop, count: 3, processing: { ...NEUTRAL, ...processing } }, call());
      return engine.tokenizer.detokenize([first?.token as Token]);
    };
    const usual = await favourite({});
    expect(usual).toBe(" on");
    const token = engine.tokenizer.tokenize(" on")[0] as Token;
    const changes: readonly Partial<Processing>[] = [
      { logitBias: { [token]: -100 } },
      { logitBias: { [engine.tokenizer.tokenize(" bus")[0] as Token]: 20 } },
      { repetitionPenalty: 5 },
      { presencePenalty: 2 },
      { frequencyPenalty: 2 },
      { dryMultiplier: 5 },
    ];
    for (const change of changes) expect(await favourite(change)).not.toBe(usual);
    // Out of sight.
    expect(await favourite({ presencePenalty: 2, penaltyLastN: 0 })).toBe(usual);
    expect(await favourite({ dryMultiplier: 5, dryAllowedLength: 9 })).toBe(usual);
    expect(await favourite({ dryMultiplier: 5, drySequenceBreakers: [" and"] })).toBe(usual);
  });

  it("hold in every mode, in drafts and in searches: what is never to be drawn is in no answer", async () => {
    for (const mode of ["vanilla", "adaptive", "paper", "best-of-n"] as const) {
      const search = { maxIterations: 6, carriedIterations: 2, children: 3, judgeExamples: 1, onExhausted: "best" } as const;
      const options = { mode, seed: 3, maxTokens: 24, ...search };
      const tokens = async (wish: RainOptions) => {
        const found: Token[] = [];
        for await (const step of rain(engine, ASK, { ...options, ...wish })) found.push(...step.tokens);
        return found;
      };
      const usual = await tokens({});
      const banned = usual[1] as Token;
      expect(await tokens({ logitBias: { [banned]: -100 } })).not.toContain(banned);
    }
  });
});

/** The tokens that are drawn behind a prefix, by many seeds. */
async function drawn(prefix: Prefix, sampling: Partial<Parameters<typeof generate>[1]["sampling"]>): Promise<Set<Token>> {
  const tokens = new Set<Token>();
  for (let seed = 0; seed < 300; seed++) {
    const plain = { temperature: 1, topK: 40, topP: 1, seed };
    for await (const { token } of generate(engine, { prefix, sampling: { ...plain, ...sampling }, maxTokens: 1 }, call()))
      tokens.add(token);
  }
  return tokens;
}

describe("Truncating samplers", () => {
  const prefix = engine.tokenizer.renderText("we go on and");
  const probabilities = async () => await likeliest(engine, { prefix, count: 40 }, call());

  it("keep by minP what has its share of the likeliest one's probability, whatever the temperature", async () => {
    const all = await probabilities();
    const [first] = all;
    for (const minP of [0.05, 0.4, 1]) {
      const kept = all.filter(({ probability }) => probability >= minP * (first?.probability as number)).map(({ token }) => token);
      expect(kept.length).toBeGreaterThan(0);
      for (const token of await drawn(prefix, { minP, temperature: 3 })) expect(kept).toContain(token);
    }
    expect((await drawn(prefix, { minP: 0, temperature: 3 })).size).toBeGreaterThan(
      (await drawn(prefix, { minP: 0.4, temperature: 3 })).size,
    );
  });

  it("leave out by XTC all top choices but the unlikeliest, as often as is said, and none where there is but one", async () => {
    const all = await probabilities();
    const top = all.filter(({ probability }) => probability >= 0.15).map(({ token }) => token);
    expect(top.length).toBeGreaterThan(1);
    const always = await drawn(prefix, { xtcProbability: 1, xtcThreshold: 0.15 });
    for (const token of top.slice(0, -1)) expect(always).not.toContain(token);
    expect(always).toContain(top.at(-1));
    expect(await drawn(prefix, { xtcProbability: 0.5, xtcThreshold: 0.15 })).toContain(top[0]);
    expect(await drawn(prefix, { xtcProbability: 1, xtcThreshold: 0.9 })).toContain(top[0]);
  });
});

describe("The seed -1", () => {
  it("is another seed each time, which the answer tells and repeats the text", async () => {
    const options = { mode: "vanilla", maxTokens: 24 } as const;
    const answers = await Promise.all(Array.from({ length: 4 }, () => answer(engine, ASK, { ...options, seed: -1 })));
    expect(new Set(answers.map(({ seed }) => seed)).size).toBe(4);
    for (const { seed, text } of answers) expect((await answer(engine, ASK, { ...options, seed })).text).toBe(text);
  });
});

describe("What a model's makers suggest", () => {
  it("is the default of these options, and no more than that", async () => {
    const suggesting: Engine = {
      ...watchedEngine(engine, () => undefined),
      facts: { ...engine.facts, sampling: { temperature: 0 } },
    };
    const text = async (from: Engine, options: RainOptions) =>
      (await answer(from, ASK, { mode: "vanilla", maxTokens: 16, ...options })).text;
    const greedy = await text(engine, { temperature: 0 });
    const usual = await text(engine, { seed: 4 });
    expect(usual).not.toBe(greedy);
    expect(await text(suggesting, { seed: 4 })).toBe(greedy);
    expect(await text(suggesting, { seed: 4, temperature: undefined } as object)).toBe(greedy);
    expect(await text(suggesting, { seed: 4, temperature: 1 })).toBe(usual);
  });
});
