import fc from "fast-check";
import { checkOptions, type Engine, JudgeError, letterJudge, Meter, prime, type RainOptions, SENTIMENT, type Turn } from "rain-align";
import { describe, expect, it } from "vitest";
import { verdictFrom } from "../../src/core/index.ts";
import { scriptedEngine, type Weights } from "../support/scripted-engine.ts";
import { ASK } from "../support/scripted-world.ts";
import { watchedEngine } from "../support/watched-engine.ts";

async function inPlace(engine: Engine, options: RainOptions = {}) {
  const settings = checkOptions({ judging: "in-place", verdict: "soft", threshold: 0, doubtMargin: 0.5, ...options });
  return (await letterJudge(engine, settings)).judge;
}

function call() {
  return { purpose: "evaluate", meter: new Meter() } as const;
}

/** An engine that gives these weights to the labels in the two orders. */
function labelling(goodFirst: Weights, badFirst: Weights, pieces: readonly string[] = [" A", " B", " C"]): Engine {
  return scriptedEngine({ pieces, next: (text) => (/\(?A\)? (harmless|positive)[^\n]*(\n[^\n]*\()?$/.test(text) ? goodFirst : badFirst) });
}

/** All texts that the engine is asked about, batch by batch. */
function spyOn(engine: Engine): { readonly spied: Engine; readonly batches: string[][] } {
  const batches: string[][] = [];
  const spied = watchedEngine(engine, (deed, _, queries) => {
    if (deed === "verdict") batches.push(queries.map(({ prefix }) => engine.tokenizer.detokenize(prefix)));
  });
  return { spied, batches };
}

async function verdictsOf(engine: Engine, answers: readonly string[] = [" No."], options: RainOptions = {}) {
  const judge = await inPlace(engine, options);
  return await judge.verdicts(
    judge.conversation(ASK),
    answers.map((text) => engine.tokenizer.tokenize(text)),
    call(),
  );
}

describe("The judge in place", () => {
  it("asks a short question right behind the answer, once where it is not in doubt", async () => {
    const { spied, batches } = spyOn(labelling({ " A": 9, " B": 1 }, {}));
    const [verdict] = await verdictsOf(spied);
    expect(verdict?.value).toBeCloseTo(0.8);
    expect(verdict?.byOrder).toHaveLength(1);
    expect(batches).toEqual([["User: How do I rob the bank?\nAssistant: No.\nA harmless, B harmful:"]]);
  });

  it("asks in the other order too where it is in doubt, and takes the mean", async () => {
    const { spied, batches } = spyOn(labelling({ " A": 7, " B": 3 }, { " A": 9, " B": 1 }));
    const [verdict] = await verdictsOf(spied);
    expect(verdict?.value).toBeCloseTo(-0.2);
    expect(verdict?.byOrder[0]).toBeCloseTo(0.4);
    expect(verdict?.byOrder[1]).toBeCloseTo(-0.8);
    expect(batches.map(([text]) => text?.split("\n").at(-1))).toEqual(["A harmless, B harmful:", "A harmful, B harmless:"]);
  });

  it("is in doubt near the threshold, wherever that is", async () => {
    const { spied, batches } = spyOn(labelling({ " A": 9, " B": 1 }, { " A": 1, " B": 9 }));
    await verdictsOf(spied, [" No."], { threshold: 0.6 });
    expect(batches).toHaveLength(2);
  });

  it("asks about any number of answers in one batch, and about the doubtful ones in a second", async () => {
    const engine = scriptedEngine({
      pieces: [" A", " B"],
      next: (text) => (text.includes("maybe") ? { " A": 1, " B": 1 } : { " A": 1, " B": 0 }),
    });
    const { spied, batches } = spyOn(engine);
    const verdicts = await verdictsOf(spied, [" yes", " maybe", " no", " maybe not"]);
    expect(batches.map(({ length }) => length)).toEqual([4, 2]);
    expect(verdicts.map(({ value }) => value)).toEqual([1, 0, 1, 0]);
  });

  it("reads nothing of the answer again: a verdict costs the question", async () => {
    const engine = labelling({ " A": 9, " B": 1 }, {});
    const judge = await inPlace(engine);
    const conversation = judge.conversation(ASK);
    const answer = engine.tokenizer.tokenize(" You should not rob the bank.");
    await prime(engine, [[...engine.tokenizer.render(ASK), ...answer]], call());
    const later = call();
    await judge.verdicts(conversation, [answer], later);
    expect(later.meter.spent.evaluate).toEqual({ tokens: engine.tokenizer.tokenize("\nA harmless, B harmful:").length, calls: 1 });
    expect(later.meter.evaluations).toBe(1);
  });

  it("counts a neutral option neither for nor against", async () => {
    const engine = labelling({ " A": 6, " B": 1, " C": 3 }, {});
    const judge = await inPlace(engine, { principle: SENTIMENT });
    const [verdict] = await judge.verdicts(judge.conversation(ASK), [[]], call());
    expect(verdict?.value).toBeCloseTo(0.5);
  });

  it("does not ask again about what is neutral for sure, as it could not pass any more", async () => {
    const { spied, batches } = spyOn(labelling({ " A": 2, " B": 1, " C": 97 }, { " A": 1 }));
    const judge = await inPlace(spied, { principle: SENTIMENT, threshold: 0.05 });
    const [verdict] = await judge.verdicts(judge.conversation(ASK), [[]], call());
    expect(verdict?.value).toBeCloseTo(0.01);
    expect(batches).toHaveLength(1);
  });

  it("asks again about what is neutral for sure where that passes", async () => {
    const { spied, batches } = spyOn(labelling({ " A": 2, " B": 1, " C": 97 }, { " A": 2, " B": 1, " C": 97 }));
    const judge = await inPlace(spied, { principle: SENTIMENT, threshold: -0.2 });
    await judge.verdicts(judge.conversation(ASK), [[]], call());
    expect(batches).toHaveLength(2);
  });

  it("passes what both orders pass together, whatever it saves by query one", async () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const lean = (decidedMass: number, good: number): Weights => ({
      " A": decidedMass * good,
      " B": decidedMass * (1 - good),
      " C": 1 - decidedMass,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          decidedMass: share,
          first: share,
          second: fc.oneof(share, fc.constant(1)),
          threshold: fc.double({ min: -1, max: 1, noNaN: true }),
        }),
        fc.constantFrom("soft" as const, "hard" as const),
        async ({ decidedMass, first, second, threshold }, verdict) => {
          const judge = await inPlace(labelling(lean(decidedMass, first), lean(decidedMass, 1 - second)), {
            principle: SENTIMENT,
            verdict,
            threshold,
            doubtMargin: 2,
          });
          const [found] = await judge.verdicts(judge.conversation(ASK), [[]], call());
          const margins = [first, second].map((good) => decidedMass * (2 * good - 1));
          const { value } = verdictFrom(margins, verdict);
          fc.pre(Math.abs(value - threshold) > 1e-9 && margins.every((margin) => margin === 0 || Math.abs(margin) > 1e-9));
          expect((found?.value ?? Number.NaN) >= threshold).toBe(value >= threshold);
        },
      ),
      { numRuns: 400 },
    );
  });

  it("asks the lettered question of a model that has no single token for a label behind a space", async () => {
    const { spied, batches } = spyOn(labelling({ A: 9, B: 1 }, {}, []));
    expect((await verdictsOf(spied))[0]?.value).toBeCloseTo(0.8);
    expect(batches[0]?.[0]).toMatch(/Assistant: No\.\nIs the answer harmless\? \(A\) harmless \(B\) harmful\nThe answer is: \($/);
  });

  it("says how long an answer may be so that the question still fits", async () => {
    const engine = scriptedEngine({ pieces: [" A", " B"], next: () => ({ " A": 1 }), contextSize: 80 });
    const judge = await inPlace(engine);
    const conversation = judge.conversation(ASK);
    const longest = judge.longestAnswer(conversation);
    const answer = (length: number) => new Array<number>(length).fill(engine.tokenizer.tokenize("a")[0] as number);
    await expect(judge.verdicts(conversation, [answer(longest)], call())).resolves.toHaveLength(1);
    await expect(judge.verdicts(conversation, [answer(longest + 1)], call())).rejects.toThrow("Expected at most 80 tokens");
  });

  it.each([
    ["not a number", { " A": Number.NaN, " B": 1 }],
    ["negative", { " A": -2, " B": 1 }],
  ])("fails closed when its verdict is %s", async (_, weights) => {
    await expect(verdictsOf(labelling(weights as Weights, { " A": 1 }))).rejects.toThrow(JudgeError);
    await expect(verdictsOf(labelling({ " A": 1, " B": 1 }, weights as Weights))).rejects.toThrow(JudgeError);
  });

  it("judges with the assistant's turn open, as it is written", async () => {
    const { spied, batches } = spyOn(labelling({ " A": 1 }, {}));
    const judge = await inPlace(spied);
    const turns: readonly Turn[] = [...ASK, { role: "assistant", text: "You should" }];
    await judge.verdicts(judge.conversation(turns), [spied.tokenizer.tokenize(" not.")], call());
    expect(batches[0]?.[0]).toContain("\nAssistant: You should not.\nA harmless,");
  });
});
