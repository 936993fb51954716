import fc from "fast-check";
import {
  type Acceptance,
  answer,
  type Call,
  checkOptions,
  type Engine,
  type FittedJudge,
  type FoundJudge,
  HARMLESS,
  JudgeError,
  Meter,
  type NextTokenQuery,
  type RainEvent,
  type RainOptions,
  type RainStep,
  rain,
  type Token,
  type Turn,
} from "rain-align";
import { describe, expect, it } from "vitest";
import { checkPlaces } from "../../src/core/index.ts";
import { foundJudge, sigmoid, thresholdsFor } from "../../src/judges/index.ts";
import { fitnessOf } from "../support/measured-engine.ts";
import { END, scriptedEngine, type Weights } from "../support/scripted-engine.ts";
import { watchedEngine } from "../support/watched-engine.ts";

const ASK: readonly Turn[] = [{ role: "user", text: "Go on?" }];

/** What stands behind an answer where the judge asks. */
const LINE = "\n\n(This answer is";

/** So small that nothing of it is ever drawn. */
const UNLIKELY = 1e-12;

interface Mind {
  /** Log odds of a good answer, right behind it and behind the question about it. */
  readonly watch: (answer: string) => number;
  readonly question?: (answer: string) => number;
  readonly goOn?: (answer: string) => Weights;
}

interface Scene {
  readonly engine: Engine;
  /** Texts behind which it was read, batch by batch: answers, and whether they were asked about. */
  readonly batches: { readonly text: string; readonly isAsked: boolean }[][];
  readonly fitted: FittedJudge;
}

/** A model of a few words whose expectations tell what it thinks of its answer, and a judge that reads them. */
function scene({ watch, question = () => 0, goOn = () => ({ " so": 1 }) }: Mind, changes: Partial<FittedJudge> = {}): Scene {
  const scripted = scriptedEngine({
    pieces: [" so", " on", " bad", ".", "yes", "no", "User:", "Assistant:", LINE],
    next: (text) => {
      const said = text.slice(text.lastIndexOf("Assistant:") + "Assistant:".length);
      const isAsked = said.endsWith(LINE);
      const odds = isAsked ? question(said.slice(0, -LINE.length)) : watch(said);
      return { ...(isAsked ? {} : goOn(said)), yes: UNLIKELY * Math.exp(odds), no: UNLIKELY };
    },
  });
  const batches: Scene["batches"] = [];
  const engine: Engine = {
    ...watchedEngine(scripted, () => undefined),
    next: async (queries: readonly NextTokenQuery[], call: Call) => {
      if (call.purpose !== "evaluate") return await scripted.next(queries, call);
      const texts = queries
        .map(({ prefix }) => scripted.tokenizer.detokenize(prefix))
        .map((text) => text.slice(text.lastIndexOf("Assistant:") + 10));
      batches.push(texts.map((text) => ({ text: text.replace(LINE, ""), isAsked: text.endsWith(LINE) })));
      return await scripted.next(queries, call);
    },
  };
  // The difference of the two logits, which is the odds.
  const readout = { tokens: [...scripted.tokenizer.tokenize("yes"), ...scripted.tokenizer.tokenize("no")], weights: [1, -1], bias: 0 };
  const fitted: FittedJudge = {
    principle: "harmless",
    watch: readout,
    question: { place: "line", readout, joint: { bias: 0, watch: 0, question: 1 } },
    sureFrom: 1,
    ofGood: [{ whole: -0.9, lowest: -0.8 }, { whole: 0, lowest: 0.1 }, { whole: 0.5, lowest: 0.6 }, { whole: 0.9 }],
    ofBad: [{ whole: -0.7, lowest: -0.5 }],
    schedule: { firstCheck: 2, checkGrowth: 2, maxCheckGap: 4 },
    fitness: fitnessOf(0.9),
    ...changes,
  };
  return { engine, batches, fitted };
}

function found({ engine, fitted }: Scene, options: RainOptions = {}): FoundJudge {
  return foundJudge(fitted, engine, checkOptions({ threshold: 0, ...options }));
}

function call(): Call {
  return { purpose: "evaluate", meter: new Meter() };
}

interface Judging {
  readonly say: (...texts: readonly string[]) => Promise<readonly number[]>;
  readonly sayWhole: (...texts: readonly string[]) => Promise<readonly number[]>;
}

/** The judge in one conversation. */
function judging(one: Scene, options: RainOptions = {}): Judging {
  const { judge } = found(one, options);
  const conversation = judge.conversation(ASK);
  const asked = async (texts: readonly string[], isWhole: boolean) => {
    const answers = texts.map((text) => one.engine.tokenizer.tokenize(text));
    const given = await judge.verdicts(
      conversation,
      answers,
      call(),
      texts.map(() => isWhole),
    );
    return given.map(({ value }) => value);
  };
  return { say: (...texts) => asked(texts, false), sayWhole: (...texts) => asked(texts, true) };
}

function valueAt(odds: number): number {
  return 2 * sigmoid(odds) - 1;
}

const asked = (one: Scene) => one.batches.flatMap((batch) => batch.filter(({ isAsked }) => isAsked).map(({ text }) => text));

describe("A fitted judge", () => {
  it("asks nothing where it is sure behind the answer, and gives twice the probability of a good one, less 1", async () => {
    for (const odds of [1, 1.5, 4, 30]) {
      const one = scene({ watch: () => odds, question: () => -5 });
      const [value] = await judging(one).say(" so on");
      expect(value).toBeCloseTo(valueAt(odds), 9);
      expect(one.batches).toEqual([[{ text: " so on", isAsked: false }]]);
    }
  });

  it("asks where that leaves a doubt, and says what both come to", async () => {
    const joint = { bias: 0.2, watch: 0.5, question: 2 };
    const one = scene({ watch: () => 0.9, question: () => -1.3 });
    const { fitted } = one;
    const question = { ...(fitted.question as NonNullable<FittedJudge["question"]>), joint };
    const [value] = await judging({ ...one, fitted: { ...fitted, question } }).say(" so on");
    expect(value).toBeCloseTo(valueAt(0.2 + 0.5 * 0.9 + 2 * -1.3), 9);
    expect(asked(one)).toEqual([" so on"]);
  });

  it("asks where it is as sure as it should be, and yet less than what passes: nothing fails that was not asked about", async () => {
    const one = scene({ watch: () => 1.2, question: () => 3 });
    expect(await judging(one, { threshold: 0.6 }).say(" so")).toEqual([expect.closeTo(valueAt(3), 9)]);
    expect(asked(one)).toEqual([" so"]);
  });

  it("minds which threshold holds: of the whole more may be asked than of a beginning", async () => {
    const one = scene(
      { watch: () => 1.2, question: () => 3 },
      {
        ofGood: [
          { whole: 0.8, lowest: 0.1 },
          { whole: 0.9, lowest: 0.2 },
        ],
      },
    );
    const settings = checkOptions({ falseFlags: 0.1 });
    expect(thresholdsFor(one.fitted, settings)).toEqual({ whole: 0.8, beginning: 0.1 });
    const { judge } = foundJudge(one.fitted, one.engine, settings);
    const conversation = judge.conversation(ASK);
    const text = [one.engine.tokenizer.tokenize(" so")];
    await judge.verdicts(conversation, text, call(), [false]);
    expect(asked(one)).toEqual([]);
    await judge.verdicts(conversation, text, call(), [true]);
    expect(asked(one)).toEqual([" so"]);
  });

  it.each<[string, RainOptions, Partial<FittedJudge>]>([
    ["the preset is strict", { preset: "strict" }, {}],
    ["it never is sure", {}, { sureFrom: null }],
  ])("always asks where %s", async (_, options, changes) => {
    const one = scene({ watch: () => 20, question: () => 2 }, changes);
    expect(await judging(one, options).say(" so", " on")).toEqual([expect.closeTo(valueAt(2), 9), expect.closeTo(valueAt(2), 9)]);
    expect(asked(one)).toEqual([" so", " on"]);
  });

  it("never asks where it has no question", async () => {
    for (const options of [{}, { preset: "strict" }] as const) {
      const one = scene({ watch: () => -3 }, { question: undefined, sureFrom: 0 });
      expect(await judging(one, options).say(" so")).toEqual([expect.closeTo(valueAt(-3), 9)]);
      expect(asked(one)).toEqual([]);
    }
  });

  it("reads all answers as one batch, and asks about those in doubt as a second one: each keeps its own value", async () => {
    const odds: Readonly<Record<string, number>> = { " so": 2, " on": -1, " bad": 0.5 };
    const one = scene({ watch: (text) => odds[text] ?? 9, question: (text) => (text === " on" ? -2 : 1.5) });
    const values = await judging(one).say(" so", " on", " bad", " on so");
    expect(values.slice(0, 3)).toEqual([2, -2, 1.5].map((expected) => expect.closeTo(valueAt(expected), 9)));
    expect(one.batches.map((batch) => batch.map(({ text, isAsked }) => [text, isAsked]))).toEqual([
      [" so", " on", " bad", " on so"].map((text) => [text, false]),
      [" on", " bad"].map((text) => [text, true]),
    ]);
  });

  it("counts each answer as one evaluation, whatever it took", async () => {
    const one = scene({ watch: (text) => (text === " so" ? 5 : -5) });
    const { judge } = found(one);
    const account = call();
    await judge.verdicts(judge.conversation(ASK), [one.engine.tokenizer.tokenize(" so"), one.engine.tokenizer.tokenize(" on")], account);
    expect(account.meter.evaluations).toBe(2);
  });

  it("has values from -1 to 1 whatever the model expects, higher ones for higher odds", async () => {
    const one = scene({ watch: (text) => 10 * (text.length - 30) });
    const words = Array.from({ length: 15 }, (_, index) => " so".repeat(index + 1));
    const values: number[] = [];
    for (const text of words) values.push(...(await judging({ ...one, fitted: { ...one.fitted, question: undefined } }).say(text)));
    expect(values.every((value) => value >= -1 && value <= 1)).toBe(true);
    expect(values).toEqual(values.toSorted((left, right) => left - right));
  });

  it("tells what is known of it, and when to ask it", () => {
    const one = scene({ watch: () => 0 });
    expect(found(one, { threshold: 0.3 })).toMatchObject({
      fitness: one.fitted.fitness,
      threshold: 0.3,
      beginningThreshold: 0.3,
      schedule: one.fitted.schedule,
    });
  });

  it("takes its thresholds from what it said by the same way of asking", () => {
    const sure = { ofGood: [0.5, 0.6, 0.7].map((whole) => ({ whole })), ofBad: [{ whole: -0.5 }] };
    const alwaysAsked = { ofGood: [0.1, 0.2, 0.3].map((whole) => ({ whole })), ofBad: [{ whole: -0.9 }] };
    const by = (changes: Partial<FittedJudge>, preset: "balanced" | "strict") => {
      const { fitted, engine } = scene({ watch: () => 0 }, changes);
      const { threshold, acceptance } = foundJudge(fitted, engine, checkOptions({ preset, falseFlags: 0.1 }));
      return [threshold, acceptance?.(1).whole];
    };
    expect(by({ ...sure, alwaysAsked }, "balanced")).toEqual([0.5, 0.5]);
    expect(by({ ...sure, alwaysAsked }, "strict")).toEqual([0.1, 0.1]);
    // Where it always asks anyway, there is one way.
    expect(by(sure, "strict")).toEqual([0.5, 0.5]);
  });

  it("accepts in place of what was flagged what one bad answer in four reaches, and nine good ones in ten", async () => {
    const values = Array.from({ length: 20 }, (_, index) => (index - 10) / 10);
    // Those that are too short to have beginnings say nothing of these.
    const some = values.map((whole, index) => (index < 10 ? { whole, lowest: whole } : { whole })).toReversed();
    const accepted = ({ fitted, engine }: Scene) => foundJudge(fitted, engine, checkOptions({ falseFlags: 0.1 })).acceptance?.(1);
    const low = [{ whole: -1, lowest: -1 }];
    expect(accepted(scene({ watch: () => 0 }, { ofGood: low, ofBad: some }))).toEqual({ whole: 0.5, beginning: -0.3 });
    expect(accepted(scene({ watch: () => 0 }, { ofGood: some, ofBad: low }))).toEqual({ whole: -0.8, beginning: -0.9 });
    // Nothing is known of beginnings.
    expect(accepted(scene({ watch: () => 0 }, { ofGood: some, ofBad: [{ whole: 0 }] }))?.beginning).toBe(-1);
  });

  it("accepts the less the more is tried: of so many bad answers at most one in four times any", () => {
    const values = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(values, values, fc.integer({ min: 1, max: 200 }), fc.integer({ min: 0, max: 200 }), (good, bad, tries, more) => {
        const ofBad = bad.map((whole) => ({ whole, lowest: whole }));
        const ofGood = good.map((whole) => ({ whole, lowest: whole }));
        const { fitted, engine } = scene({ watch: () => 0 }, { ofGood, ofBad });
        const acceptance = foundJudge(fitted, engine, checkOptions({ falseFlags: 0.1 })).acceptance as Acceptance;
        const [least, later] = [acceptance(tries), acceptance(tries + more)];
        expect(later.whole).toBeGreaterThanOrEqual(least.whole);
        expect(later.beginning).toBeGreaterThanOrEqual(least.beginning);
        // But for the least one, which may be the very best of the bad.
        const above = bad.filter((value) => value > least.whole).length;
        expect(above * tries).toBeLessThanOrEqual(0.25 * bad.length);
      }),
    );
  });

  it("says how long an answer can be: one as long is judged, question and all", async () => {
    const one = scene({ watch: () => 0 });
    const { judge } = found(one);
    const conversation = judge.conversation(ASK);
    const so = one.engine.tokenizer.tokenize(" so")[0] as Token;
    const longest = judge.longestAnswer(conversation);
    await expect(judge.verdicts(conversation, [new Array<Token>(longest).fill(so)], call())).resolves.toHaveLength(1);
    await expect(judge.verdicts(conversation, [new Array<Token>(longest + 1).fill(so)], call())).rejects.toThrow("context");
  });
});

describe("Behind an answer that is being written, a fitted judge", () => {
  /** The odds behind a text are what its last word says. */
  const LAST: Mind = { watch: (text) => (text.endsWith(" bad") ? -6 : text.endsWith(" on") ? 1 : 4) };
  const mute = { question: undefined } as const;

  it("takes half of what it is from the last check, and half from the mean of the last four of the same answer", async () => {
    const { say } = judging(scene(LAST, mute));
    const odds: number[] = [];
    let text = "";
    for (const [index, word] of [" so", " bad", " on", " on", " so", " so"].entries()) {
      text += word;
      odds.push(LAST.watch(text));
      const latest = odds.slice(-4);
      const mean = latest.reduce((sum, one) => sum + one, 0) / latest.length;
      expect([index, ...(await say(text))]).toEqual([index, expect.closeTo(valueAt((LAST.watch(text) + mean) / 2), 9)]);
    }
  });

  it("does not mind what was said on another branch", async () => {
    const { say } = judging(scene(LAST, mute));
    await say(" so");
    await say(" so bad", " so bad bad");
    expect(await say(" so so")).toEqual([expect.closeTo(valueAt(4), 9)]);
    expect(await say(" so on")).toEqual([expect.closeTo(valueAt((1 + (4 + 1) / 2) / 2), 9)]);
    expect(await say(" so bad so")).toEqual([expect.closeTo(valueAt((4 + (4 - 6 + 4) / 3) / 2), 9)]);
  });

  it("does not count a check twice that is made twice", async () => {
    const { say } = judging(scene(LAST, mute));
    for (let round = 0; round < 5; round++) await say(" bad");
    expect(await say(" bad")).toEqual([expect.closeTo(valueAt(-6), 9)]);
    expect(await say(" bad so")).toEqual([expect.closeTo(valueAt((4 - 1) / 2), 9)]);
  });

  it("says of one that is there already what it would have said in the end", async () => {
    const words = fc.constantFrom(" so", " on", " bad");
    const schedules = fc.record({
      firstCheck: fc.integer({ min: 1, max: 4 }),
      checkGrowth: fc.constantFrom(2, 3),
      maxCheckGap: fc.integer({ min: 1, max: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(words, { minLength: 1, maxLength: 30 }), schedules, async (text, schedule) => {
        const one = scene(LAST, { ...mute, schedule });
        const written = one.engine.tokenizer.tokenize(text.join(""));
        const { judge } = found(one);
        const told = async (checks: readonly number[], primedWith?: readonly Token[]) => {
          const conversation = judge.conversation(ASK);
          await judge.prime(conversation, call(), primedWith);
          for (const length of checks) await judge.verdicts(conversation, [written.slice(0, length)], call());
          return await judge.verdicts(conversation, [written], call(), [true]);
        };
        expect(await told([], written)).toEqual(await told(checkPlaces(written, { ...schedule, engine: one.engine, prompt: [] })));
      }),
    );
  });

  it("says of one that was written with it what it said then", async () => {
    const words = [" so", " on", ".", " bad"];
    const goOn = (text: string) => (text.length > 90 ? { [END]: 1 } : { [words[(text.length * 7) % 5] ?? " so"]: 1 });
    const one = scene(
      { watch: (text) => (text.length % 11) - 5, goOn },
      { ...mute, schedule: { firstCheck: 3, checkGrowth: 2, maxCheckGap: 6 } },
    );
    const judge = () => found(one, { threshold: -1 });
    const tokens: Token[] = [];
    const onEvent = (event: RainEvent) => event.type === "commit" && tokens.push(...event.step.tokens);
    const { value, text } = await answer(one.engine, ASK, { judge, threshold: -1, maxTokens: 60, temperature: 0, onEvent });
    expect(text).toMatch(/\..*\./);
    const written = tokens.filter((token) => !one.engine.tokenizer.isEnd(token));
    const conversation = judge().judge.conversation(ASK);
    await judge().judge.prime(conversation, call(), written);
    const [verdict] = await judge().judge.verdicts(conversation, [written], call(), [true]);
    expect(verdict?.value).toBe(value);
    // The end alone would not say the same.
    const [alone] = await judge().judge.verdicts(judge().judge.conversation(ASK), [written], call(), [true]);
    expect(alone?.value).not.toBe(value);
  });

  it("reads nothing before the end by a principle that looks there alone", async () => {
    const one = scene(LAST, mute);
    const { judge } = found(one, { principle: { ...HARMLESS, horizon: "end" } });
    const conversation = judge.conversation(ASK);
    await judge.prime(conversation, call(), one.engine.tokenizer.tokenize(" bad".repeat(12)));
    expect(one.batches.flat()).toEqual([]);
  });

  it("takes those of a batch by themselves: none is behind another there", async () => {
    const { say } = judging(scene(LAST, mute));
    expect(await say(" bad", " on")).toEqual([expect.closeTo(valueAt(-6), 9), expect.closeTo(valueAt(1), 9)]);
  });

  it("says the same of answers of one batch in any order, also where one begins another", async () => {
    const texts = [" bad", " bad so", " bad so so"];
    const inOrder = await judging(scene(LAST, mute)).say(...texts);
    const turned = await judging(scene(LAST, mute)).say(...texts.toReversed());
    expect(turned.toReversed()).toEqual(inOrder);
    expect(inOrder).toEqual([-6, 3 / 2, 7 / 3].map((odds) => expect.closeTo(valueAt(odds), 9)));
  });

  it("says the same of an answer however it was asked about others before", async () => {
    const words = fc.constantFrom(" so", " on", " bad");
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(words, { minLength: 1, maxLength: 4 }), { maxLength: 12 }), async (others) => {
        const path = [" bad", " bad so", " bad so on"];
        const calm = judging(scene(LAST, mute));
        const busy = judging(scene(LAST, mute));
        const pause = others.map((other) => ` on${other.join("")}`);
        const [expected, got]: [number[], number[]] = [[], []];
        for (const text of path) {
          expected.push(...(await calm.say(text)));
          if (pause.length > 0) await busy.say(...pause);
          got.push(...(await busy.say(text)));
        }
        expect(got).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  it("begins anew in each conversation", async () => {
    const one = scene(LAST, mute);
    const { judge } = found(one);
    const say = async (turns: readonly Turn[], text: string) =>
      (await judge.verdicts(judge.conversation(turns), [one.engine.tokenizer.tokenize(text)], call()))[0]?.value;
    await say(ASK, " bad");
    expect(await say(ASK, " bad so")).toBeCloseTo(valueAt(4), 9);
  });

  it("asks by what the checks come to together, and not by the last one", async () => {
    const one = scene({ ...LAST, question: () => 2 });
    const { say } = judging(one);
    await say(" bad");
    await say(" bad bad");
    one.batches.length = 0;
    await say(" bad bad so");
    expect(asked(one)).toEqual([" bad bad so"]);
  });
});

describe("An answer that a fitted judge watches", () => {
  const judgedBy = (one: Scene): RainOptions => ({ judge: (engine, settings) => foundJudge(one.fitted, engine, settings), threshold: 0 });

  it("costs hardly a token more than a plain one where nothing is wrong", async () => {
    const goOn = (text: string): Weights => (text.length >= 3 * 30 ? { [END]: 1 } : { " so": 1 });
    const one = scene({ watch: () => 3, goOn });
    const spent = async (options: RainOptions) => {
      const { meter, text } = await answer(scene({ watch: () => 3, goOn }).engine, ASK, { maxTokens: 60, temperature: 0, ...options });
      const { draft, evaluate } = meter.spent;
      return { text, tokens: draft.tokens + evaluate.tokens, evaluations: meter.evaluations };
    };
    const [plain, judged] = [await spent({ mode: "vanilla" }), await spent(judgedBy(one))];
    expect(judged.text).toBe(plain.text);
    expect(judged.evaluations).toBeGreaterThan(6);
    // Of its bare end a token is read again.
    expect(judged.tokens).toBeLessThanOrEqual(plain.tokens + 1);
  });

  it("is left where it goes wrong, and nothing is out that did not pass", async () => {
    const goOn = (text: string): Weights => (text.length === 3 * 8 ? { " bad": 5, " so": 1 } : { " so": 1 });
    const bad = (text: string) => (text.includes("bad") ? -9 : 3);
    const one = scene({ watch: bad, question: bad, goOn });
    for (let seed = 0; seed < 20; seed++) {
      const whole = await answer(one.engine, ASK, { ...judgedBy(one), seed, maxTokens: 24 });
      expect(whole.text).not.toContain("bad");
    }
  });

  /** An engine whose numbers are spoiled from the n-th reading on. */
  function spoiled(one: Scene, from: number, spoil: (logits: number[][]) => number[][]): Engine {
    let reading = 0;
    const next: Engine["next"] = async (queries, given) => {
      const read = await one.engine.next(queries, given);
      const isVerdict = queries.some(({ tokens = [] }) => tokens.length > 0);
      if (!isVerdict || ++reading < from) return read;
      return spoil(read.map(({ logits }) => [...logits])).map((logits) => ({ likeliest: [], logits }));
    };
    return { ...one.engine, next };
  }

  it.each<[string, (logits: number[][]) => number[][]]>([
    ["are no numbers", (logits) => logits.map((row) => row.map(() => Number.NaN))],
    ["are no numbers in one place", (logits) => logits.map((row) => row.with(-1, Number.NaN))],
    ["are infinite", (logits) => logits.map((row) => row.with(0, Number.POSITIVE_INFINITY))],
    ["are missing", () => []],
    ["are too few", (logits) => logits.map((row) => row.slice(1))],
  ])("fails, and nothing more is released, where the logits %s: behind the answer or behind the question", async (_, spoil) => {
    for (const sureFrom of [1, null]) {
      for (const from of [1, 2, 3]) {
        const one = scene({ watch: () => 3, question: () => 3 }, { sureFrom });
        const steps: RainStep[] = [];
        const writing = (async () => {
          const options = { ...judgedBy(one), principle: HARMLESS, maxTokens: 24, temperature: 0 };
          for await (const step of rain(spoiled(one, from, spoil), ASK, options)) steps.push(step);
        })();
        await expect(writing).rejects.toThrow(JudgeError);
        await expect(writing).rejects.toMatchObject({ principle: "harmless" });
        // What is out was released by readings that were in order.
        expect(steps).toHaveLength(sureFrom === null ? Math.floor((from - 1) / 2) : from - 1);
      }
    }
  });
});

describe("The thresholds of a fitted judge", () => {
  const value = fc.double({ min: -1, max: 1, noNaN: true });
  /** Some answers are too short to have beginnings; and many values are the same. */
  const measured = fc.array(
    fc.record({
      whole: fc.oneof(value, fc.constantFrom(-0.5, 0, 0.5)),
      beginnings: fc.array(fc.oneof(value, fc.constantFrom(-0.5, 0, 0.5)), { maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 80 },
  );

  function keptOf(answers: readonly { readonly whole: number; readonly beginnings: readonly number[] }[]): FittedJudge {
    const ofGood = answers.map(({ whole, beginnings }) =>
      beginnings.length === 0 ? { whole } : { whole, lowest: Math.min(...beginnings) },
    );
    return scene({ watch: () => 0 }, { ofGood }).fitted;
  }

  it("flag at most that share of the good answers that it was measured on, beginnings and whole ones together", () => {
    fc.assert(
      fc.property(measured, fc.double({ min: 0.001, max: 0.5, noNaN: true }), (answers, falseFlags) => {
        const { whole, beginning } = thresholdsFor(keptOf(answers), checkOptions({ falseFlags }));
        const isFlagged = (one: (typeof answers)[number]) => one.whole < whole || one.beginnings.some((early) => early < beginning);
        expect(answers.filter(isFlagged).length / answers.length).toBeLessThanOrEqual(falseFlags);
      }),
    );
  });

  it("are no lower than they have to be: one good answer more flagged as a whole is too many", () => {
    fc.assert(
      fc.property(measured, fc.double({ min: 0.02, max: 0.5, noNaN: true }), (answers, falseFlags) => {
        const { whole, beginning } = thresholdsFor(keptOf(answers), checkOptions({ falseFlags }));
        const isFlagged = (one: (typeof answers)[number]) => one.whole <= whole || one.beginnings.some((early) => early < beginning);
        expect(answers.filter(isFlagged).length / answers.length).toBeGreaterThan(falseFlags);
      }),
    );
  });

  it("are for beginnings as far as these tell as much, and else for whole answers", () => {
    const good = Array.from({ length: 100 }, (_, index) => ({ whole: (100 - index) / 200, beginnings: [index / 100] }));
    const at = (ofBad: FittedJudge["ofBad"]) => thresholdsFor({ ...keptOf(good), ofBad }, checkOptions({ falseFlags: 0.2 }));
    // What is bad shows at once, or only in the end.
    expect(at([{ whole: 0.4, lowest: 0.09 }])).toEqual({ whole: 11 / 200, beginning: 0.1 });
    expect(at([{ whole: 0.09, lowest: 0.9 }])).toEqual({ whole: 19 / 200, beginning: 0.02 });
  });

  it("catch no fewer bad answers with a greater share", () => {
    fc.assert(
      fc.property(measured, measured, (good, bad) => {
        const kept = { ...keptOf(good), ofBad: keptOf(bad).ofGood };
        const caught = ({ whole, beginning }: ReturnType<typeof thresholdsFor>) =>
          kept.ofBad.filter((one) => one.whole < whole || (one.lowest ?? 1) < beginning).length;
        const [few = 0, many = 0] = [0.05, 0.3].map((falseFlags) => caught(thresholdsFor(kept, checkOptions({ falseFlags }))));
        expect(few).toBeLessThanOrEqual(many);
      }),
    );
  });

  it("let every beginning pass where only whole answers were measured", () => {
    const kept = keptOf([{ whole: 0.1, beginnings: [] }]);
    expect(thresholdsFor(kept, checkOptions({ falseFlags: 0.4 })).beginning).toBe(-1);
  });

  it("are the user's, where a threshold was given", () => {
    const kept = keptOf([{ whole: 0.9, beginnings: [0.9] }]);
    for (const threshold of [-1, 0, 0.4, 1])
      expect(thresholdsFor(kept, checkOptions({ threshold }))).toEqual({ whole: threshold, beginning: threshold });
  });
});
