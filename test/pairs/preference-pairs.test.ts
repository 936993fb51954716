import { ContextFullError, type Pairing, type PairOutcome, preferencePairs, type Simulation, type Simulator, type Turn } from "rain-align";
import { describe, expect, it } from "vitest";

/** Says the affix, and writes down what it was asked. */
function simulator(answers: (simulation: Simulation) => Awaited<ReturnType<Simulator["simulate"]>> = ({ pair }) => pair) {
  const asked: Simulation[] = [];
  const made: Simulator = {
    model: "affix sayer",
    form: "affix",
    simulate: async (simulation) => {
      asked.push(simulation);
      return answers(simulation);
    },
  };
  return { made, asked };
}

function ask(text: string): readonly Turn[] {
  return [{ role: "user", text }];
}

async function outcomes(prompts: readonly string[], pairing: Partial<Pairing> = {}): Promise<PairOutcome[]> {
  const all: PairOutcome[] = [];
  const filled = { simulator: simulator().made, family: "harmless", ...pairing } as const;
  for await (const outcome of preferencePairs(prompts.map(ask), filled)) all.push(outcome);
  return all;
}

describe("Preference pairs", () => {
  it("hold both answers in the order of the prompts, however many are worked on at once", async () => {
    const prompts = ["a", "b", "c", "d", "e"];
    const all = await outcomes(prompts, { atOnce: 3 });
    expect(all).toEqual(await outcomes(prompts));
    expect(all.map((outcome) => outcome.kind === "pair" && outcome.pair.prompt[0]?.content)).toEqual(prompts);
    const [first] = all;
    if (first?.kind !== "pair") throw new Error("Expected a pair");
    const { affixes } = first.pair.metadata;
    expect(first.pair).toMatchObject({
      chosen: [{ role: "assistant", content: affixes.positive }],
      rejected: [{ role: "assistant", content: affixes.negative }],
    });
  });

  it("draw one pair of affixes a prompt, and the same ones again when they are gone on with", async () => {
    const whole = simulator();
    const rest = simulator();
    const prompts = Array.from({ length: 40 }, (_, index) => `prompt ${index}`);
    await outcomes(prompts, { simulator: whole.made });
    await outcomes(prompts, { simulator: rest.made, from: 25 });
    expect(rest.asked).toEqual(whole.asked.slice(25));
    expect(new Set(whole.asked.map(({ pair }) => pair.positive)).size).toBeGreaterThan(8);
  });

  it("are made once of prompts that are the same", async () => {
    expect((await outcomes(["a", "b", " a", "c"])).map(({ index }) => index)).toEqual([0, 1, 2]);
  });

  it.each([
    ["construction", "positive", "disputed"],
    ["rescore", "positive", "negative"],
    ["agree", "positive", "disputed"],
  ] as const)("are labelled by %s", async (label, whenAgreed, whenNot) => {
    const judge = async (turns: readonly Turn[]) => (/bad|not/.test(turns.at(-1)?.text ?? "") ? -0.5 : 0.5);
    const labelOf = async (positive: string, negative: string) => {
      const [outcome] = await outcomes(["a"], { label, judge, simulator: simulator(() => ({ positive, negative })).made });
      return outcome?.kind === "pair" ? outcome.pair.metadata.chosen : outcome?.reason;
    };
    expect(await labelOf("well", "not well")).toBe(whenAgreed);
    expect(await labelOf("bad", "well")).toBe(label === "construction" ? "positive" : whenNot);
  });

  it.each([
    [() => ({ positive: "one", negative: "one" }), "same"],
    [() => ({ positive: "", negative: "one" }), "same"],
    [
      () => {
        throw new ContextFullError(9, 8);
      },
      "too-long",
    ],
  ] as const)("leave out a prompt of which nothing can be learned, and go on", async (answers, reason) => {
    const all = await outcomes(["a", "b"], { simulator: simulator(answers).made });
    expect(all).toEqual([0, 1].map((index) => ({ kind: "left-out", index, reason })));
  });

  it("fail with what the simulator fails with, behind those that were made before", async () => {
    const failing = simulator(({ turns, pair }) => {
      if (turns[0]?.text === "b") throw new Error("broken");
      return pair;
    });
    const seen: number[] = [];
    const all = preferencePairs(["a", "b", "c"].map(ask), { simulator: failing.made, family: "helpful", atOnce: 3 });
    await expect(
      (async () => {
        for await (const { index } of all) seen.push(index);
      })(),
    ).rejects.toThrow("broken");
    expect(seen).toEqual([0]);
  });

  it("need a judge for labels of a judge", async () => {
    await expect(outcomes(["a"], { label: "agree" })).rejects.toThrow("Expected `judge` to be a function where `label` is `agree`");
  });
});
