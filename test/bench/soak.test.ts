import { describe, expect, it } from "vitest";
import { PassOn } from "../../bench/pass-on.ts";
import { sequencesInReach } from "../../bench/sequences-in-reach.ts";
import { planRequest } from "../../bench/soak-plan.ts";
import { type SoakReport, soak } from "../../bench/soak-run.ts";
import { complaintsAbout } from "../../bench/soak-verdict.ts";
import { type Call, Meter, type NextTokenQuery, type NextTokens, prime } from "../../src/core/index.ts";
import { loadLlamaEngine } from "../../src/llama.ts";
import { Dice } from "../../training/world/index.ts";

const REQUESTS = 40;
const load = () => loadLlamaEngine({ model: "embedded", gpu: false, threads: 1, sequences: 8 });

describe("forty mixed requests on the embedded model", () => {
  it("all come to an end that was to be expected, and leave nothing behind", async () => {
    await using engine = await load();
    const report = await soak(engine, { requests: REQUESTS, seed: 1, sampleEvery: 20 });
    expect(complaintsAbout(report)).toEqual([]);
    expect(Object.values(report.outcomes).reduce((sum, count) => sum + count, 0)).toBe(REQUESTS);
    expect(Object.keys(report.outcomes)).toEqual(expect.arrayContaining(["stop", "left", "aborted"]));
    expect(report.memory.map(({ after }) => after)).toEqual([20, 40]);
  }, 180_000);

  it("are reported where the engine fails", async () => {
    await using engine = await load();
    const report = await soak(new Failing(engine), { requests: 10, seed: 1, sampleEvery: 10 });
    expect(complaintsAbout(report)).toContainEqual(expect.stringMatching(/Expected no other errors, got request \d+ .*Error: broken/));
    expect(report).toMatchObject({ lostSequences: 0, lostPlaces: 0, unhandledRejections: 0 });
  });
});

describe("a plan of requests", () => {
  it("is the same for the same seed, and has all modes and readers", () => {
    const plan = (seed: number) => {
      const dice = new Dice(seed);
      return Array.from({ length: 200 }, () => planRequest(dice));
    };
    expect(plan(1)).toEqual(plan(1));
    expect(plan(1)).not.toEqual(plan(2));
    expect(new Set(plan(1).map(({ options }) => options.mode))).toEqual(new Set(["adaptive", "vanilla", "best-of-n", "paper"]));
    expect(new Set(plan(1).map(({ reader }) => reader.does)).size).toBe(5);
  });
});

describe("the sequences in reach of an idle engine", () => {
  it("are all that it has, also while it keeps a preamble", async () => {
    await using engine = await load();
    await prime(engine, [engine.tokenizer.renderText("A preamble to be kept")], { purpose: "prompt", meter: new Meter() }, { keep: true });
    expect(await sequencesInReach(engine)).toBe(8);
  });

  it("are fewer than it should have when one is lost", async () => {
    await using engine = await load();
    expect(await sequencesInReach(new Boasting(engine))).toBe(8);
  });
});

describe("the verdict on a soak", () => {
  const clean: SoakReport = {
    seed: 1,
    requests: 1000,
    outcomes: {},
    faults: [],
    memory: [100, 200, 1000].map((after) => ({ after, resident: 100, heap: 50 })),
    lostSequences: 0,
    lostPlaces: 0,
    unhandledRejections: 0,
  };

  it("is silent where nothing grew and nothing was lost", () => {
    expect(complaintsAbout(clean)).toEqual([]);
  });

  it("compares memory at the end with memory behind the warm-up, and allows 5 %", () => {
    const growing = (end: number) => ({ ...clean, memory: [...clean.memory.slice(0, 2), { after: 1000, resident: end, heap: 50 }] });
    expect(complaintsAbout(growing(105))).toEqual([]);
    expect(complaintsAbout(growing(106))).toEqual(["Expected resident memory to stay within a factor of 1.05, got 1.060"]);
  });

  it.each([
    [{ lostSequences: 1 }, "Expected no lost sequences, got 1"],
    [{ lostPlaces: 2 }, "Expected no lost places in the queue, got 2"],
    [{ unhandledRejections: 3 }, "Expected no unhandled rejections, got 3"],
  ])("complains about %o", (fault, complaint) => {
    expect(complaintsAbout({ ...clean, ...fault })).toEqual([complaint]);
  });
});

/** Cannot read a prompt. */
class Failing extends PassOn {
  override async next(queries: readonly NextTokenQuery[], call: Call): Promise<NextTokens[]> {
    if (call.purpose === "prompt") throw new Error("broken");
    return await super.next(queries, call);
  }
}

/** Says it has one sequence more than it has. */
class Boasting extends PassOn {
  override get facts() {
    return { ...this.engine.facts, sequences: (this.engine.facts.sequences ?? 0) + 1 };
  }
}
