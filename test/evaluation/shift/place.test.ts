import { describe, expect, it } from "vitest";
import { compareAt, shiftOf } from "../../../src/evaluation/shift/shifted-answer.ts";

/** The logarithms of these probabilities. */
function distribution(...probabilities: readonly number[]): Float32Array {
  return Float32Array.from(probabilities, Math.log);
}

describe("the place of a token", () => {
  const aligned = distribution(0.5, 0.25, 0.25, 0);
  const base = distribution(0.125, 0.5, 0.25, 0.125);

  it("has one more than there are likelier tokens of the base model as its rank", () => {
    expect([0, 1, 2].map((token) => compareAt(token, { base, aligned }).rank)).toEqual([3, 1, 2]);
  });

  it("shares the better rank with tokens that are as likely", () => {
    expect(compareAt(3, { base, aligned }).rank).toBe(3);
    const even = distribution(0.25, 0.25, 0.25, 0.25);
    expect([0, 1, 2, 3].map((token) => compareAt(token, { base: even, aligned }).rank)).toEqual([1, 1, 1, 1]);
  });

  it("has both models' probabilities of the token, and the base model's favourite, of equals the first", () => {
    expect(compareAt(0, { base, aligned })).toMatchObject({
      probability: { base: expect.closeTo(0.125), aligned: expect.closeTo(0.5) },
      favourite: 1,
    });
    expect(compareAt(0, { base: distribution(0.2, 0.4, 0.4), aligned: base }).favourite).toBe(1);
  });

  it("has the divergence of the aligned model from the base model over the whole vocabulary, as worked by hand", () => {
    // 1/2 ln 4 + 1/4 ln 1/2 + 1/4 ln 1
    expect(compareAt(0, { base, aligned }).divergence).toBeCloseTo(0.75 * Math.LN2, 6);
    expect(compareAt(2, { base: aligned, aligned }).divergence).toBe(0);
  });

  it("is infinitely divergent where the base model rules out what may be, and not where it merely allows more", () => {
    expect(compareAt(0, { base: aligned, aligned: base }).divergence).toBe(Number.POSITIVE_INFINITY);
    expect(compareAt(0, { base, aligned: distribution(1, 0, 0, 0) }).divergence).toBeCloseTo(Math.log(8), 6);
    const unlikely = Float32Array.of(0, -2000, -2000);
    expect(compareAt(0, { base: distribution(1, 0, 0), aligned: unlikely }).divergence).toBe(0);
  });

  it("is unshifted at rank 1, marginal up to 3, shifted from there on", () => {
    expect([1, 2, 3, 4, 32_000].map(shiftOf)).toEqual(["unshifted", "marginal", "marginal", "shifted", "shifted"]);
  });
});
