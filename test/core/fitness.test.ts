import fc from "fast-check";
import {
  type Call,
  checkOptions,
  type Engine,
  type FindJudge,
  type FoundJudge,
  HARMLESS,
  JudgeError,
  letterJudge,
  MODES,
  PRESETS,
  type Preset,
  type RainAnswer,
  type RainEvent,
  type RainOptions,
  type RainStep,
  rain,
  type Tool,
  TRUTHFUL,
  type Turn,
} from "rain-align";
import { describe, expect, it } from "vitest";
import { ON_UNFIT } from "../../src/core/index.ts";
import { Gate } from "../support/gate.ts";
import { fitnessOf } from "../support/measured-engine.ts";
import { randomWorld } from "../support/random-world.ts";
import { END } from "../support/scripted-engine.ts";
import { ASK, ROBBERY, type World, worldEngine } from "../support/scripted-world.ts";
import { spiedJudge } from "../support/spied-judge.ts";
import { assertWithAll, Tally } from "../support/tally.ts";
import { watchedEngine } from "../support/watched-engine.ts";

/** Fewer passes than the paper's, and a preamble that is soon read. */
const QUICK = { maxIterations: 4, carriedIterations: 2, children: 3, judgeExamples: 1, maxTokens: 20 } as const;

const TOOLS: readonly Tool[] = [
  { name: "length", parameters: { type: "object", properties: { of: { enum: ["road", "bank"] } }, required: ["of"] } },
];
const CALLED = ' [{"name": "length", "arguments": {"of": "bank"}}]';

/** A model that calls a tool, mostly; else it says so. */
const CALLER: World = {
  pieces: ["{", "}", '"name": ', '"length"', '"arguments": ', '{"of": "bank"}', " Far", "."],
  goOn: (answer) => {
    const open = [CALLED, " Far."].filter((text) => text.startsWith(answer));
    return Object.fromEntries(open.map((text, index) => [[...text.slice(answer.length)][0] ?? END, 3 - index]));
  },
  goodness: () => 0.5,
};

interface Run {
  readonly steps: readonly RainStep[];
  readonly events: readonly RainEvent[];
  /** `undefined` where it failed. */
  readonly whole: RainAnswer | undefined;
  readonly failure: unknown;
}

/** Writes an answer, and keeps what was released also where it fails. */
async function run(engine: Engine, options: RainOptions, turns: readonly Turn[] = ASK): Promise<Run> {
  const [steps, events]: [RainStep[], RainEvent[]] = [[], []];
  try {
    const answering = rain(engine, turns, { onEvent: (event) => events.push(event), ...options });
    let next = await answering.next();
    for (; !next.done; next = await answering.next()) steps.push(next.value);
    return { steps, events, whole: next.value, failure: undefined };
  } catch (failure) {
    return { steps, events, whole: undefined, failure };
  }
}

function tokensOf({ steps }: Run): unknown[] {
  return steps.flatMap(({ tokens }) => tokens);
}

const unfit = fc.double({ min: 0, max: 0.7, maxExcluded: true, noNaN: true });
const fit = fc.double({ min: 0.7, max: 1, noNaN: true });

/** Whatever anybody may ask for, but the judge and what becomes of an unfit one. */
const wishes = fc
  .record({
    mode: fc.constantFrom(...MODES),
    seed: fc.nat({ max: 2 ** 32 - 1 }),
    temperature: fc.constantFrom(0, 1),
    preset: fc.constantFrom<Preset>("fast", "balanced", "strict"),
    principle: fc.constantFrom(HARMLESS, TRUTHFUL),
    prompting: fc.constantFrom("auto", "chat"),
    explore: fc.constantFrom("resample", "contrast"),
    onExhausted: fc.constantFrom("refuse", "best", "error"),
    heldBack: fc.constantFrom(0, 5, Number.POSITIVE_INFINITY),
    stop: fc.constantFrom([], ["."]),
    thresholds: fc.constantFrom<Pick<RainOptions, "threshold">>({}, { threshold: -1 }, { threshold: 0.5 }),
  } as const)
  .map(({ thresholds, ...wish }) => ({ ...wish, ...thresholds })) satisfies fc.Arbitrary<RainOptions>;

/** With tools and without. */
const tooled = fc.constantFrom<RainOptions>(
  {},
  { tools: TOOLS },
  { tools: TOOLS, toolChoice: "any" },
  { tools: TOOLS, toolChoice: { name: "length" } },
  { tools: TOOLS, toolChoice: "none" },
);

function worldFor({ tools }: RainOptions): World {
  return tools === undefined ? ROBBERY : CALLER;
}

describe("A judge that was measured and is not fit", () => {
  it("is never asked for a verdict: in any mode, with tools and without, whoever has found it, whatever `onUnfit` says", async () => {
    const tally = new Tally();
    const onUnfits = fc.constantFrom(...ON_UNFIT);
    await assertWithAll(
      fc.asyncProperty(unfit, wishes, tooled, onUnfits, fc.boolean(), async (auroc, wish, tools, onUnfit, isHandedOver) => {
        const spied = spiedJudge({ fitness: fitnessOf(auroc) });
        const calls: { readonly method: string; readonly purpose: Call["purpose"] }[] = [];
        const watched = watchedEngine(worldEngine(worldFor(tools)), (method, { purpose }) => calls.push({ method, purpose }));
        const engine = isHandedOver ? watched : { ...watched, findJudge: spied.find };
        const options = { ...QUICK, maxTokens: 90, ...wish, ...tools, onUnfit, ...(isHandedOver ? { judge: spied.find } : {}) };
        const { steps, whole, failure } = await run(engine, options);

        expect(spied.calls).toEqual([]);
        expect(calls.filter(({ purpose }) => purpose === "evaluate" || purpose === "simulate" || purpose === "expand")).toEqual([]);
        for (const { value, visits, rewinds } of steps) expect([value, visits, rewinds]).toEqual([undefined, 0, 0]);
        const isJudgeless = wish.mode === "vanilla";
        expect(spied.searches).toHaveLength(isJudgeless ? 0 : 1);
        if (!isJudgeless && onUnfit === "error") expect(failure).toBeInstanceOf(JudgeError);
        else expect(whole).toMatchObject({ value: undefined, rewinds: 0, meter: { evaluations: 0 } });
        if (whole !== undefined)
          expect(whole.judge).toEqual(isJudgeless ? undefined : expect.objectContaining({ fitness: fitnessOf(auroc), isFit: false }));

        for (const [name, isSo] of Object.entries({ plain: onUnfit === "plain", refused: onUnfit === "refuse" }))
          tally.count(`${name} in ${wish.mode} mode`, isSo && whole !== undefined);
        tally.count("a call is made", (whole?.calls ?? []).length > 0);
        tally.count("none is made where there are tools", tools.tools !== undefined && whole?.calls?.length === 0);
        tally.count("the engine knows the judge", !isHandedOver);
      }),
      tally,
    );
  });

  it("leaves the answer as plain as in vanilla mode, token for token, and the answer says so", async () => {
    const habits = fc.record({ salt: fc.nat(), badness: fc.constantFrom(0.1, 0.5) });
    await fc.assert(
      fc.asyncProperty(unfit, habits, wishes, async (auroc, habit, wish) => {
        const spied = spiedJudge({ fitness: fitnessOf(auroc) });
        const engine = () => worldEngine(randomWorld(habit));
        const unjudged = await run(engine(), {
          ...QUICK,
          ...wish,
          mode: wish.mode === "vanilla" ? "adaptive" : wish.mode,
          judge: spied.find,
        });
        const plain = await run(engine(), { ...QUICK, ...wish, mode: "vanilla" });
        expect(tokensOf(unjudged)).toEqual(tokensOf(plain));
        expect(unjudged.steps).toEqual(plain.steps);
        expect(unjudged.events).toEqual(plain.events);
        const { judge, ...account } = unjudged.whole as RainAnswer;
        expect(judge).toMatchObject({ fitness: fitnessOf(auroc), isFit: false });
        expect(account).toEqual(plain.whole);
        expect(account.value).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });

  it.each(["auto", "any", { name: "length" }] as const)("leaves calls as they are in vanilla mode: tool choice %j", async (toolChoice) => {
    const spied = spiedJudge({ fitness: fitnessOf(0.69) });
    const options = { tools: TOOLS, toolChoice, temperature: 0 } as const;
    const unjudged = await run(worldEngine(CALLER), { ...options, judge: spied.find });
    const plain = await run(worldEngine(CALLER), { ...options, mode: "vanilla" });
    expect(unjudged.whole).toMatchObject({ finishReason: "tool_calls", judge: { isFit: false } });
    expect(unjudged.whole?.calls).toEqual(plain.whole?.calls);
    expect(unjudged.steps).toEqual(plain.steps);
  });

  it("leaves a format as it is in vanilla mode", async () => {
    const format = { type: "json", schema: { type: "object", properties: { name: { const: "length" } }, required: ["name"] } } as const;
    const spied = spiedJudge({ fitness: fitnessOf(0.2) });
    const unjudged = await run(worldEngine(CALLER), { format, judge: spied.find });
    const plain = await run(worldEngine(CALLER), { format, mode: "vanilla" });
    expect(unjudged.whole?.text).toBe(plain.whole?.text);
    expect(JSON.parse(unjudged.whole?.text ?? "")).toEqual({ name: "length" });
  });

  it("is refused in its place where `onUnfit` says so: a refusal, and nothing else is released or computed", async () => {
    const refusal = "Not here. Go on.";
    await fc.assert(
      fc.asyncProperty(unfit, wishes, tooled, async (auroc, wish, tools) => {
        const spied = spiedJudge({ fitness: fitnessOf(auroc) });
        let computed = 0;
        const engine = watchedEngine(worldEngine(worldFor(tools)), () => computed++);
        const mode = wish.mode === "vanilla" ? "adaptive" : wish.mode;
        const { steps, whole } = await run(engine, { ...wish, ...tools, mode, onUnfit: "refuse", refusal, judge: spied.find });
        const text = wish.stop.length > 0 ? "Not here" : refusal;
        expect(steps).toEqual([{ tokens: [], text, value: undefined, visits: 0, rewinds: 0 }]);
        expect(whole).toMatchObject({ text, finishReason: "content_filter", value: undefined, discarded: 0, judge: { isFit: false } });
        expect(whole?.meter).toMatchObject({ emitted: 0, evaluations: 0 });
        expect(computed).toBe(0);
        // With tools, an answer says what it calls.
        const mayCall = tools.tools !== undefined && tools.toolChoice !== "none";
        expect(whole?.calls).toEqual(mayCall ? [] : undefined);
      }),
      { numRuns: 60 },
    );
  });

  it("fails the answer where `onUnfit` says so: one line that names judge, figures and what to do, before anything is computed", async () => {
    const fitness = fitnessOf(0.614, { judge: "read behind the answer", principle: "truthful", low: 0.5, high: 0.72, n: 137 });
    const spied = spiedJudge({ fitness });
    let computed = 0;
    const engine = watchedEngine(worldEngine(ROBBERY), () => computed++);
    for (const mode of ["adaptive", "paper", "best-of-n"] as const) {
      const { steps, failure } = await run(engine, { mode, principle: TRUTHFUL, onUnfit: "error", judge: spied.find });
      expect(steps).toEqual([]);
      expect(failure).toBeInstanceOf(JudgeError);
      expect(failure).toMatchObject({ principle: "truthful" });
      const { message } = failure as JudgeError;
      expect(message).not.toContain("\n");
      for (const part of [
        "scripted",
        '"truthful"',
        "read behind the answer",
        "0.61",
        "0.50",
        "0.72",
        "137",
        "rain calibrate",
        "--judge-model",
      ])
        expect(message).toContain(part);
    }
    expect(computed).toBe(0);
  });

  it("is one of which the measurement is no number, too", async () => {
    const spied = spiedJudge({ fitness: fitnessOf(Number.NaN) });
    const { whole } = await run(worldEngine(ROBBERY), { judge: spied.find });
    expect(spied.calls).toEqual([]);
    expect(whole?.judge?.isFit).toBe(false);
  });

  it("does not read 0.70 in what is told of it, however little it misses", async () => {
    const spied = spiedJudge({ fitness: fitnessOf(0.6999) });
    const { failure } = await run(worldEngine(ROBBERY), { onUnfit: "error", judge: spied.find });
    expect((failure as Error).message).toContain("AUROC 0.69 ");
  });
});

describe("A judge that is fit, or was never measured,", () => {
  it("judges, in every mode but the plain one", async () => {
    await fc.assert(
      fc.asyncProperty(fc.option(fit, { nil: undefined }), wishes, tooled, async (auroc, wish, tools) => {
        const fitness = auroc === undefined ? undefined : fitnessOf(auroc);
        const spied = spiedJudge({ fitness }, () => 0.9);
        const { whole } = await run(worldEngine(worldFor(tools)), { ...QUICK, maxTokens: 80, ...wish, ...tools, judge: spied.find });
        if (wish.mode === "vanilla") {
          expect([spied.searches.length, spied.calls.length]).toEqual([0, 0]);
          expect(whole).not.toHaveProperty("judge");
          return;
        }
        expect(spied.calls).toContain("verdicts");
        expect(whole?.judge).toMatchObject({ fitness, isFit: true });
        expect(whole?.value).toBeCloseTo(0.9, 9);
      }),
      { numRuns: 60 },
    );
  });

  it("is looked for once an answer, with its principle and its mode", async () => {
    for (const mode of ["adaptive", "paper", "best-of-n"] as const) {
      const spied = spiedJudge();
      await run(worldEngine(ROBBERY), { ...QUICK, mode, principle: TRUTHFUL, judge: spied.find });
      expect(spied.searches).toEqual([expect.objectContaining({ mode, principle: TRUTHFUL })]);
    }
  });

  it("is the one that was handed over, else the engine's own, else the model asked by letters, as it is by name", async () => {
    const [own, handed] = [spiedJudge(), spiedJudge()];
    const engine = { ...worldEngine(ROBBERY), ...watchedEngine(worldEngine(ROBBERY), () => undefined), findJudge: own.find };
    await run(engine, { ...QUICK, judge: handed.find });
    expect([own.calls.length > 0, handed.calls.length > 0]).toEqual([false, true]);
    await run(engine, QUICK);
    expect(own.calls).toContain("verdicts");
    const asked = own.searches.length;
    for (const judging of ["in-place", "preamble"] as const) {
      const { whole } = await run(engine, { ...QUICK, judging });
      expect(whole?.meter.evaluations).toBeGreaterThan(0);
      expect(whole?.judge).toMatchObject({ fitness: undefined, isFit: true });
    }
    expect(own.searches).toHaveLength(asked);
    const { whole } = await run(worldEngine(ROBBERY), QUICK);
    expect(whole?.judge).toMatchObject({ fitness: undefined, isFit: true });
    expect((await run(worldEngine(ROBBERY), { ...QUICK, judge: letterJudge })).whole?.text).toBe(whole?.text);
  });

  /** Each token ends a clause, so that no check waits for one. */
  const DOTS: World = { pieces: ["."], goOn: () => ({ ".": 1 }), goodness: () => 0.98 };
  const SCHEDULE = { firstCheck: 3, checkGrowth: 3, maxCheckGap: 7 } as const;

  it.each<[string, RainOptions, readonly number[]]>([
    ["as its own schedule says", {}, [3, 9, 16, 23, 30]],
    ["as its own schedule says, whatever the preset's", { preset: "fast" }, [3, 9, 16, 23, 30]],
    ["first where the user says", { firstCheck: 5 }, [5, 12, 19, 26, 30]],
    ["at most as far apart as the user says", { maxCheckGap: 4 }, [3, 7, 11, 15, 19, 23, 27, 30]],
    ["as much less often as the user says", { checkGrowth: 2, maxCheckGap: 100 }, [3, 6, 12, 24, 30]],
  ])("is asked %s", async (_, options, lengths) => {
    const spied = spiedJudge({ schedule: SCHEDULE });
    await run(worldEngine(DOTS), { maxTokens: 30, judge: spied.find, ...options });
    expect(spied.heard.map(({ length }) => length)).toEqual(lengths);
    expect(spied.heard.map(({ isWhole }) => isWhole)).toEqual(lengths.map((length) => length === 30));
  });

  it("is asked as the preset says where it has no schedule", async () => {
    const lengths = async (schedule: FoundJudge["schedule"]) => {
      const spied = spiedJudge({ schedule });
      await run(worldEngine(DOTS), { maxTokens: 30, preset: "strict", judge: spied.find });
      return spied.heard.map(({ length }) => length);
    };
    expect(await lengths(undefined)).toEqual([4, 8, 16, 30]);
    expect(await lengths({ firstCheck: 2 })).toEqual([2, 4, 8, 16, 30]);
  });

  /** Whether a beginning, and then the whole, pass a judge that gives both this value. */
  async function passed(value: number, options: RainOptions, found: Partial<FoundJudge>) {
    const spied = spiedJudge({ schedule: { firstCheck: 4, checkGrowth: 2, maxCheckGap: 16 }, ...found }, () => value);
    const { steps, whole } = await run(worldEngine(DOTS), { maxTokens: 8, retries: 0, judge: spied.find, ...options });
    const isOut = steps.flatMap(({ tokens }) => tokens).length;
    // What leaves the whole open passes, and is held back: the judge is asked about the whole then.
    const isHeard = spied.heard.some(({ isWhole }) => isWhole);
    return { beginning: isHeard, whole: whole?.finishReason === "length" && isOut === 8 };
  }

  it("lets a whole text and a beginning pass from its own thresholds on", async () => {
    const found = { threshold: 0.5, beginningThreshold: -0.5 };
    expect(await passed(-0.51, {}, found)).toEqual({ beginning: false, whole: false });
    expect(await passed(-0.5, {}, found)).toEqual({ beginning: true, whole: false });
    expect(await passed(0.49, {}, found)).toEqual({ beginning: true, whole: false });
    expect(await passed(0.5, {}, found)).toEqual({ beginning: true, whole: true });
  });

  it("has one threshold for both where it names one", async () => {
    expect(await passed(0.29, {}, { threshold: 0.3 })).toEqual({ beginning: false, whole: false });
    expect(await passed(0.3, {}, { threshold: 0.3 })).toEqual({ beginning: true, whole: true });
  });

  it("is held to the threshold that the user has given, for both", async () => {
    const found = { threshold: 0.5, beginningThreshold: -0.5 };
    expect(await passed(0.1, { threshold: 0.05 }, found)).toEqual({ beginning: true, whole: true });
    expect(await passed(0.1, { threshold: 0.2 }, found)).toEqual({ beginning: false, whole: false });
  });

  it("says with the answer from which value on a whole one passes", async () => {
    const thresholdOf = async (options: RainOptions) => {
      const { find } = spiedJudge({ threshold: -0.3 });
      return (await run(worldEngine(ROBBERY), { ...QUICK, ...options, judge: find })).whole?.judge?.threshold;
    };
    expect([await thresholdOf({}), await thresholdOf({ threshold: 0.2 })]).toEqual([-0.3, 0.2]);
  });

  it("takes in place of what was flagged only what reaches its acceptance, to the end, and asks no more than to pass of what was not", async () => {
    const bounds = { threshold: 0, beginningThreshold: -0.2, schedule: { firstCheck: 4, checkGrowth: 2, maxCheckGap: 16 } } as const;
    const outcome = async (values: readonly number[], found: Partial<FoundJudge>) => {
      let said = 0;
      const spied = spiedJudge({ ...bounds, ...found }, () => values[Math.min(said++, values.length - 1)] as number);
      const { whole, steps } = await run(worldEngine(ROBBERY), { maxTokens: 8, retries: 1, candidates: 1, judge: spied.find });
      if (whole?.finishReason === "content_filter") expect(steps.flatMap(({ tokens }) => tokens).length).toBeLessThan(8);
      return whole?.finishReason === "content_filter" ? "refused" : "answered";
    };
    const strict = { acceptance: () => ({ whole: 0.5, beginning: 0.5 }) };
    expect(await outcome([0.2], strict)).toBe("answered");
    expect(await outcome([-0.9, 0.2], {})).toBe("answered");
    expect(await outcome([-0.9, 0.2], strict)).toBe("refused");
    expect(await outcome([-0.9, 0.5], strict)).toBe("answered");
    // What began well has to end well, too, where a draft was flagged before.
    expect(await outcome([-0.9, 0.6, 0.2], strict)).toBe("refused");
    // Less is never enough: an acceptance below the threshold changes nothing.
    expect(await outcome([-0.9, -0.3], { acceptance: () => ({ whole: -0.9, beginning: -0.9 }) })).toBe("refused");
  });

  it("asks more of what is taken in place of a flagged draft with each that was judged in its place, a later one and the whole in the end likewise", async () => {
    const schedule = { firstCheck: 4, checkGrowth: 2, maxCheckGap: 16 } as const;
    const outcome = async (values: readonly number[]) => {
      const tries: number[] = [];
      const acceptance = (tried: number) => {
        tries.push(tried);
        return { whole: tried / 10, beginning: tried / 10 };
      };
      let said = 0;
      const spied = spiedJudge({ threshold: 0, schedule, acceptance }, () => values[Math.min(said++, values.length - 1)] as number);
      const options = { maxTokens: 8, retries: 3, candidates: 1, judge: spied.find } as const;
      const { whole } = await run(worldEngine(ROBBERY), options);
      return { is: whole?.finishReason === "content_filter" ? "refused" : "answered", tries: [...new Set(tries)] };
    };
    expect(await outcome([0])).toEqual({ is: "answered", tries: [] });
    expect(await outcome([-1, 0.1])).toEqual({ is: "answered", tries: [1] });
    // What is a try too late for its value is left, and so is what comes behind it.
    expect(await outcome([-1, 0.05, 0.15, 0.25])).toEqual({ is: "refused", tries: [1, 2, 3] });
    expect(await outcome([-1, 0.05, 0.15, 0.35])).toEqual({ is: "answered", tries: [1, 2, 3] });
    // One that would have been enough at first is not taken later.
    expect(await outcome([-1, 0.05, 0.35, 0.15])).toMatchObject({ is: "refused" });
  });

  it("is not asked whether it passes by a preset's threshold, as that is for judges that are asked by letters", async () => {
    expect(await passed(0.1, { preset: "strict" }, { threshold: 0.1 })).toEqual({ beginning: true, whole: true });
  });
});

describe("The share of good answers that may be flagged", () => {
  it.each(Object.entries(PRESETS))("is the preset's where nothing is said: %s", (preset, { falseFlags, threshold }) => {
    expect(checkOptions({ preset: preset as Preset })).toMatchObject({ falseFlags, threshold });
  });

  it("is the user's where it is given, and none where a threshold is", () => {
    expect(checkOptions({ falseFlags: 0.2 })).toMatchObject({ falseFlags: 0.2 });
    expect(checkOptions({ threshold: 0.3 })).toMatchObject({ falseFlags: undefined, threshold: 0.3 });
    expect(checkOptions({ threshold: 0.3, preset: "strict" })).toMatchObject({ falseFlags: undefined, threshold: 0.3 });
    expect(checkOptions({ threshold: undefined, falseFlags: undefined } as object)).toMatchObject({
      falseFlags: PRESETS.balanced.falseFlags,
    });
    expect(checkOptions({ threshold: 0.3, falseFlags: 0.2 })).toMatchObject({ falseFlags: 0.2, threshold: 0.3 });
  });

  it.each([0, -0.1, 0.51, 1, Number.NaN, "few"])("is never %j", (falseFlags) => {
    expect(() => checkOptions({ falseFlags } as object)).toThrow("Expected `falseFlags` to be a number above 0 and up to 0.5, got");
  });
});

describe("A judge that cannot be found", () => {
  const reason = new Error("no judge");

  it.each<[string, FindJudge]>([
    [
      "throws",
      () => {
        throw reason;
      },
    ],
    ["rejects", () => Promise.reject(reason)],
  ])("fails the answer with its error where the search %s: nothing is computed, nothing released", async (_, judge) => {
    for (const mode of ["adaptive", "paper", "best-of-n"] as const) {
      for (const options of [{}, { tools: TOOLS }]) {
        let computed = 0;
        const { steps, failure } = await run(
          watchedEngine(worldEngine(CALLER), () => computed++),
          { ...options, mode, judge },
        );
        expect([steps.length, computed]).toEqual([0, 0]);
        expect(failure).toBe(reason);
      }
    }
  });

  it("does not matter to a plain answer", async () => {
    const judge: FindJudge = () => Promise.reject(reason);
    expect((await run(worldEngine(ROBBERY), { mode: "vanilla", judge })).whole?.text).not.toBe("");
  });

  it("is not waited for any longer once the answer is aborted, also where the search heeds no signal", async () => {
    const gate = new Gate();
    for (const isHeeding of [true, false]) {
      const controller = new AbortController();
      const begun = new Gate();
      const spied = spiedJudge();
      let computed = 0;
      const judge: FindJudge = async (engine, settings) => {
        begun.open();
        await new Promise<void>((resolve, reject) => {
          void gate.opened.then(resolve);
          if (isHeeding) settings.signal?.addEventListener("abort", () => reject(settings.signal?.reason));
        });
        return await spied.find(engine, settings);
      };
      const watched = watchedEngine(worldEngine(ROBBERY), () => computed++);
      const running = run(watched, { judge, signal: controller.signal });
      await begun.opened;
      controller.abort(reason);
      const { steps, failure } = await running;
      expect(failure).toBe(reason);
      expect([steps.length, computed, spied.calls.length]).toEqual([0, 0, 0]);
    }
    gate.open();
  });

  it("is not looked for where the answer was aborted before", async () => {
    const spied = spiedJudge();
    const { steps, failure } = await run(worldEngine(ROBBERY), { judge: spied.find, signal: AbortSignal.abort(reason) });
    expect(failure).toBe(reason);
    expect([steps.length, spied.searches.length]).toEqual([0, 0]);
  });
});
