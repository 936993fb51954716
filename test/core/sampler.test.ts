import { type Engine, likeliest, Meter, type NextTokens, type SampledToken, type Sampling, sampleMany } from "rain-align";
import { describe, expect, it } from "vitest";
import { scriptedEngine } from "../support/scripted-engine.ts";
import { watchedEngine } from "../support/watched-engine.ts";

const PLAIN: Sampling = { temperature: 1, topK: 40, topP: 1, seed: 1 };
const CALL = { purpose: "draft", meter: new Meter() } as const;
/** Behind seven tokens another one is drawn. */
const PREFIX = [1, 3, 4, 5, 6, 7, 8];
/** Probabilities 0.5, 0.3 and 0.2. */
const THREE = [0.5, 0.3, 0.2].map((probability) => Math.log(probability) + 3);

/** An engine that expects the tokens 0, 1, 2 ... with these logits, whatever stands before. */
function expecting(logits: readonly number[]): Engine {
  const next: NextTokens = { likeliest: logits.map((logit, token) => ({ token, logit })), logits: [] };
  const engine = scriptedEngine({ pieces: [], next: () => ({}) });
  return { ...watchedEngine(engine), next: async (queries) => queries.map(() => next) };
}

async function drawn(seeds: readonly number[], sampling: Partial<Sampling> = {}, logits = THREE): Promise<SampledToken[]> {
  const continuations = seeds.map((seed) => ({ prefix: PREFIX, sampling: { ...PLAIN, ...sampling, seed }, maxTokens: 1 }));
  return (await sampleMany(expecting(logits), continuations, CALL)).flat();
}

/** How often each of the three tokens is drawn by 4,000 seeds. */
async function shares(sampling: Partial<Sampling> = {}): Promise<number[]> {
  const tokens = await drawn(
    Array.from({ length: 4000 }, (_, seed) => seed),
    sampling,
  );
  return [0, 1, 2].map((token) => tokens.filter((sampled) => sampled.token === token).length / 4000);
}

/** How likely the token of one seed is said to be. */
async function probability(sampling: Partial<Sampling>): Promise<number | undefined> {
  return (await drawn([1], sampling))[0]?.probability;
}

describe("Drawing a token", () => {
  it("follows the probabilities at temperature 1", async () => {
    for (const [token, share] of (await shares()).entries()) expect(share).toBeCloseTo([0.5, 0.3, 0.2][token] as number, 1);
  });

  it("takes the likeliest at temperature 0, and levels out above 1", async () => {
    expect(await shares({ temperature: 0 })).toEqual([1, 0, 0]);
    expect((await shares({ temperature: 10 }))[2]).toBeGreaterThan(0.28);
  });

  it("keeps to the fewest tokens that reach topP", async () => {
    expect(await shares({ topP: 0.5 })).toEqual([1, 0, 0]);
    const [first = 0, second = 0, third] = await shares({ topP: 0.6 });
    expect(third).toBe(0);
    expect(first / second).toBeCloseTo(5 / 3, 0);
  });

  it("tells how likely the token was at its temperature, whatever topP leaves of the others", async () => {
    expect(await probability({ temperature: 2, topP: 0.01 })).toBeCloseTo(0.4154, 4);
    expect(await probability({ topP: 0.01 })).toBeCloseTo(0.5);
  });

  it("tells the model's own probability at temperature 0", async () => {
    expect(await probability({ temperature: 0 })).toBeCloseTo(0.5);
    expect(await probability({ temperature: 0, topP: 0.1 })).toBeCloseTo(0.5);
  });

  it("never draws nor lists a token that the model never says", async () => {
    const logits = [...THREE.slice(0, 2), Number.NEGATIVE_INFINITY];
    const seeds = Array.from({ length: 200 }, (_, seed) => seed);
    const tokens = (await drawn(seeds, { temperature: 10 }, logits)).map(({ token }) => token);
    expect(new Set(tokens)).toEqual(new Set([0, 1]));
    const listed = await likeliest(expecting(logits), { prefix: PREFIX, count: 3 }, CALL);
    expect(listed.map(({ token }) => token)).toEqual([0, 1]);
  });

  it.each([[[]], [[Number.NaN]], [[1, Number.NaN]], [[Number.POSITIVE_INFINITY, 0]], [[Number.NEGATIVE_INFINITY]]])(
    "refuses the logits %j by name",
    async (logits) => {
      const complaint = { code: "decode-failed", message: expect.stringContaining("Expected finite logits at position 7, got") };
      await expect(drawn([1], {}, logits)).rejects.toMatchObject(complaint);
      await expect(likeliest(expecting(logits), { prefix: PREFIX, count: 3 }, CALL)).rejects.toMatchObject(complaint);
    },
  );
});
