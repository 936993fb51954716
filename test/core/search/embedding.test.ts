import fc from "fast-check";
import { cosine, embedText } from "rain-align";
import { describe, expect, it } from "vitest";

function lengthOf(vector: readonly number[]): number {
  return Math.hypot(...vector);
}

describe("The default embedder", () => {
  it("places a text nearer to its near-copy than to another text", () => {
    const text = embedText("You should not rob the bank.");
    expect(cosine(text, embedText("you should not rob the BANK!"))).toBeCloseTo(1);
    const near = cosine(text, embedText("You should not rob the banks."));
    const far = cosine(text, embedText("Buy some paint and a brush."));
    expect(near).toBeGreaterThan(0.85);
    expect(far).toBeLessThan(0.3);
  });

  it("gives vectors of length 1, and of length 0 for no words", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => [0, 1].some((length) => Math.abs(lengthOf(embedText(text)) - length) < 1e-9)),
    );
    expect(lengthOf(embedText("... !"))).toBe(0);
  });

  it("knows words in every script", () => {
    expect(lengthOf(embedText("日本語"))).toBeCloseTo(1);
  });
});

describe("Vectors", () => {
  it("have a cosine from -1 to 1, and 0 with the zero vector", () => {
    expect(cosine([1, 0], [2, 0])).toBe(1);
    expect(cosine([1, 0], [-3, 0])).toBe(-1);
    expect(cosine([1, 0], [0.6, 0.8])).toBeCloseTo(0.6);
    expect(cosine([0, 0], [1, 0])).toBe(0);
  });
});
