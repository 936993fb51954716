import { describe, expect, it } from "vitest";
import {
  answer,
  type Checkup,
  type Engine,
  EngineError,
  type Example,
  HARMLESS,
  JudgeGate,
  OptionError,
  type Principle,
  principle,
  type RainOptions,
} from "../../../src/core/index.ts";
import { randomAt } from "../../../src/core/random.ts";
import { ASK, ROBBERY, type World, worldEngine } from "../../support/scripted-world.ts";
import { watchedEngine } from "../../support/watched-engine.ts";

/** Knows the words of the calibration's bad answers. */
const GOOD_JUDGE: World = {
  ...ROBBERY,
  goodness: (answer) => (/plan|slip|Mix|fuel|password|climb|camera|scare|stupid|fool|silly|idiot|money/.test(answer) ? 0.05 : 0.95),
};

/** Tosses a coin for each text, always the same one. */
const COIN_JUDGE: World = { ...ROBBERY, goodness: (answer) => (coin(answer) < 0.5 ? 0.9 : 0.1) };

function coin(text: string): number {
  return randomAt(
    [...text].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7),
    1,
  );
}

interface Counted {
  readonly engine: Engine;
  /** Calls to the judge so far. */
  readonly verdicts: () => number;
}

function counted(world: World, onVerdict: (count: number) => void = () => undefined): Counted {
  let verdicts = 0;
  const engine = watchedEngine(worldEngine(world), (method) => method === "compare" && onVerdict(++verdicts));
  return { engine, verdicts: () => verdicts };
}

function example(text: string, verdict: "good" | "bad"): Example {
  return { turns: [...ASK, { role: "assistant", text }], verdict };
}

function brief(...examples: readonly Example[]): Principle {
  return principle({ name: "brief", question: "Is the answer brief?", good: "brief", bad: "long", examples });
}

describe("The judge's gate", () => {
  it("warns of a model that judges like a coin once, in one line, however many answers it writes", async () => {
    const { engine } = counted(COIN_JUDGE);
    const gate = new JudgeGate();
    const warnings: (string | undefined)[] = [];
    for (const seed of [1, 2, 3]) {
      warnings.push(await gate.warning(engine, { seed }));
      await answer(engine, ASK, { seed, maxTokens: 8 });
    }
    expect(warnings.slice(1)).toEqual([undefined, undefined]);
    expect(warnings[0]).toMatch(
      /^scripted is no fit judge of its own answers by "harmless": \d\d % right on 24 answers, where guessing gets 50 % and 65 % is the least\. Take a larger or instruction-tuned model, .*`judging` "preamble".*`rain doctor`[^\n]*\.$/,
    );
  });

  it("says nothing of a good judge, and asks it the known cases only once", async () => {
    const { engine, verdicts } = counted(GOOD_JUDGE);
    const gate = new JudgeGate();
    expect(await gate.warning(engine)).toBeUndefined();
    expect(verdicts()).toBe(48);
    expect(await gate.warning(engine, { seed: 2 })).toBeUndefined();
    expect(verdicts()).toBe(48);
  });

  it("asks nothing where nobody judges", async () => {
    const { engine, verdicts } = counted(COIN_JUDGE);
    expect(await new JudgeGate().warning(engine, { mode: "vanilla" })).toBeUndefined();
    expect(verdicts()).toBe(0);
  });

  it.each([
    [{}, /\nA harm\w+, B harm\w+:$/],
    [{ judging: "preamble" }, /The answer is: \($/],
    [{ preset: "strict" }, /The answer is: \($/],
    [{ mode: "paper" }, /The answer is: \($/],
    [{ mode: "best-of-n", judging: "in-place" }, /The answer is: \($/],
  ] as const)("measures the judge that these options ask: %j", async (options, question) => {
    const asked: string[] = [];
    const engine = worldEngine(GOOD_JUDGE);
    const spying: Engine = {
      ...watchedEngine(engine, () => undefined),
      compare: (questions, call) => {
        asked.push(...questions.map(({ prefix }) => engine.detokenize(prefix)));
        return engine.compare(questions, call);
      },
    };
    await new JudgeGate().warning(spying, options);
    expect(asked).toHaveLength(48);
    for (const text of asked) expect(text).toMatch(question);
  });

  it("does not advise the judge with examples to who has it already", async () => {
    const warning = await new JudgeGate().warning(worldEngine(COIN_JUDGE), { judging: "preamble" });
    expect(warning).toContain("no fit judge");
    expect(warning).not.toContain("judging");
  });

  it("tells apart engines, principles by what they say, and ways of judging", async () => {
    const gate = new JudgeGate();
    const [one, other] = [worldEngine(COIN_JUDGE), worldEngine(COIN_JUDGE)];
    const isWarned = async (engine: Engine, options: RainOptions) => (await gate.warning(engine, options)) !== undefined;
    expect(await isWarned(one, {})).toBe(true);
    expect(await isWarned(other, {})).toBe(true);
    expect(await isWarned(one, { judging: "preamble" })).toBe(true);
    expect(await isWarned(one, { principle: { ...HARMLESS, question: "Is the answer kind?" } })).toBe(true);
    expect(await isWarned(one, { principle: { ...HARMLESS } })).toBe(false);
  });

  it("refuses options that cannot be meant", async () => {
    await expect(new JudgeGate().warning(worldEngine(GOOD_JUDGE), { maxTokens: 0 })).rejects.toThrow(OptionError);
  });
});

describe("By a principle of one's own, the judge is measured", () => {
  const examples = [example("No.", "good"), example("Well, let me think.", "bad")];
  /** Takes everything for brief. */
  const flatterer: World = { ...ROBBERY, goodness: () => 0.9 };

  it("on its examples, those that the judge reads first left out", async () => {
    const warning = (options: RainOptions) =>
      new JudgeGate().warning(worldEngine(flatterer), { principle: brief(...examples, ...examples), ...options });
    expect(await warning({})).toContain('by "brief": 50 % right on 4 answers');
    expect(await warning({ judging: "preamble", judgeExamples: 2 })).toContain("50 % right on 2 answers");
    expect(await warning({ judging: "preamble", judgeExamples: 4 })).toBeUndefined();
  });

  it("not at all where none, or only those of one side, are left to ask about", async () => {
    for (const few of [[], examples.slice(1)]) {
      const { engine, verdicts } = counted(flatterer);
      expect(await new JudgeGate().warning(engine, { principle: brief(...few) })).toBeUndefined();
      expect(verdicts()).toBe(0);
    }
  });

  it("also when it is called like something that every object has", async () => {
    const odd = { ...brief(...examples), name: "constructor" };
    expect(await new JudgeGate().warning(worldEngine(flatterer), { principle: odd })).toContain('by "constructor"');
  });
});

describe("A judge that cannot be asked", () => {
  it.each([
    ["gives no probabilities", { ...ROBBERY, goodness: () => Number.NaN }, "Expected the judge's verdict to be 2 probabilities"],
    ["has no room for the question", { ...ROBBERY, contextSize: 20 }, "Expected at most 20 tokens of context"],
  ] as const)("is warned of too, with the reason, when it %s", async (_, world, reason) => {
    const warning = await new JudgeGate().warning(worldEngine(world));
    expect(warning).toContain(`scripted cannot judge its own answers by "harmless": ${reason}`);
    expect(warning).not.toContain("\n");
  });

  it("does not hide how the answer itself fails", async () => {
    const engine = worldEngine({ ...ROBBERY, goodness: () => Number.NaN });
    await new JudgeGate().warning(engine);
    await expect(answer(engine, ASK)).rejects.toMatchObject({ name: "JudgeError" });
  });

  it("because its engine fails is no finding: it fails as itself, and is asked again the next time", async () => {
    const broken = new EngineError("decode-failed", "Expected the model to compute, got smoke");
    const { engine } = counted(COIN_JUDGE, (count) => {
      if (count === 5) throw broken;
    });
    const gate = new JudgeGate();
    await expect(gate.warning(engine)).rejects.toBe(broken);
    expect(await gate.warning(engine)).toContain("no fit judge");
  });
});

describe("Several who ask at once", () => {
  it("share one measurement, and one of them is told", async () => {
    const { engine, verdicts } = counted(COIN_JUDGE);
    const gate = new JudgeGate();
    const warnings = await Promise.all([gate.warning(engine), gate.warning(engine), gate.warning(engine)]);
    expect(warnings.filter((warning) => warning !== undefined)).toHaveLength(1);
    expect(verdicts()).toBe(48);
  });

  it("go on when the first of them leaves; nothing is measured twice", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const { engine, verdicts } = counted(COIN_JUDGE, (count) => count === 7 && controller.abort(reason));
    const gate = new JudgeGate();
    const first = gate.warning(engine, { signal: controller.signal });
    const second = gate.warning(engine);
    await expect(first).rejects.toBe(reason);
    expect(await second).toContain("no fit judge");
    expect(verdicts()).toBe(48);
  });

  it("stop the measurement when the last of them leaves; it is not remembered, and begins anew for the next", async () => {
    const controllers = [new AbortController(), new AbortController()];
    const { engine, verdicts } = counted(COIN_JUDGE, (count) => {
      if (count === 7) controllers[0]?.abort("first");
      if (count === 9) controllers[1]?.abort("second");
    });
    const gate = new JudgeGate();
    const outcomes = await Promise.allSettled(controllers.map(({ signal }) => gate.warning(engine, { signal })));
    expect(outcomes.map((outcome) => outcome.status === "rejected" && outcome.reason)).toEqual(["first", "second"]);
    expect(verdicts()).toBe(9);
    expect(await gate.warning(engine)).toContain("no fit judge");
    expect(verdicts()).toBe(9 + 48);
  });

  it("leave at once, though the engine is busy with a step that takes long", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    let isMeasured = false;
    let finish: (checkup: Checkup) => void = () => undefined;
    const gate = new JudgeGate(() => {
      isMeasured = true;
      return new Promise((resolve) => {
        finish = resolve;
      });
    });
    const engine = worldEngine(GOOD_JUDGE);
    const waiting = gate.warning(engine, { signal: controller.signal });
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(isMeasured).toBe(true);
    finish({ verdict: "unfit", reason: "late" });
    await expect(gate.warning(engine, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
