import fc from "fast-check";
import type { Sampling } from "rain-align";
import { describe, expect, it } from "vitest";
import { drawToken, withProbabilities } from "../../src/core/sampler.ts";

const PLAIN: Sampling = { temperature: 1, topK: 40, topP: 1, seed: 1 };
/** Probabilities 0.5, 0.3 and 0.2. */
const THREE = [0.5, 0.3, 0.2].map((probability, token) => ({ token, logit: Math.log(probability) + 3 }));

/** How often each of the three tokens is drawn in 4,000 draws. */
function shares(sampling: Partial<Sampling>): number[] {
  const counts = [0, 0, 0];
  for (let position = 0; position < 4000; position++) {
    const { token } = drawToken(THREE, position, { ...PLAIN, ...sampling });
    counts[token] = (counts[token] as number) + 1;
  }
  return counts.map((count) => count / 4000);
}

describe("Drawing a token", () => {
  it("follows the probabilities at temperature 1", () => {
    for (const [token, share] of shares({}).entries()) expect(share).toBeCloseTo([0.5, 0.3, 0.2][token] as number, 1);
  });

  it("takes the likeliest at temperature 0, and levels out above 1", () => {
    expect(shares({ temperature: 0 })).toEqual([1, 0, 0]);
    expect(shares({ temperature: 10 })[2]).toBeGreaterThan(0.28);
  });

  it("keeps to the fewest tokens that reach topP", () => {
    expect(shares({ topP: 0.5 })).toEqual([1, 0, 0]);
    const [first = 0, second = 0, third] = shares({ topP: 0.6 });
    expect(third).toBe(0);
    expect(first / second).toBeCloseTo(5 / 3, 0);
  });

  it("tells how likely the token was at its temperature, whatever topP leaves of the others", () => {
    expect(drawToken(THREE, 0, { ...PLAIN, temperature: 2, topP: 0.01 }).probability).toBeCloseTo(0.4154, 4);
    expect(drawToken(THREE, 0, { ...PLAIN, topP: 0.01 }).probability).toBeCloseTo(0.5);
  });

  it("tells the model's own probability at temperature 0", () => {
    expect(drawToken(THREE, 0, { ...PLAIN, temperature: 0 }).probability).toBeCloseTo(0.5);
    expect(drawToken(THREE, 0, { ...PLAIN, temperature: 0, topP: 0.1 }).probability).toBeCloseTo(0.5);
  });

  it("depends on seed and position alone", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (seed, position) => {
        expect(drawToken(THREE, position, { ...PLAIN, seed })).toEqual(drawToken(THREE, position, { ...PLAIN, seed }));
      }),
    );
  });

  it("never draws nor lists a token that the model never says", () => {
    const candidates = [...THREE.slice(0, 2), { token: 2, logit: Number.NEGATIVE_INFINITY }];
    const drawn = Array.from({ length: 200 }, (_, position) => drawToken(candidates, position, { ...PLAIN, temperature: 10 }).token);
    expect(new Set(drawn)).toEqual(new Set([0, 1]));
    expect(withProbabilities(candidates, 0).map(({ token }) => token)).toEqual([0, 1]);
  });

  it.each([[[]], [[Number.NaN]], [[1, Number.NaN]], [[Number.POSITIVE_INFINITY, 0]], [[Number.NEGATIVE_INFINITY]]])(
    "refuses the logits %j by name",
    (logits) => {
      const candidates = logits.map((logit, token) => ({ token, logit }));
      const complaint = { code: "decode-failed", message: expect.stringContaining("Expected finite logits at position 7, got") };
      expect(() => drawToken(candidates, 7, PLAIN)).toThrow(expect.objectContaining(complaint));
      expect(() => withProbabilities(candidates, 7)).toThrow(expect.objectContaining(complaint));
    },
  );
});
