import fc from "fast-check";
import type { Token } from "rain-align";
import { describe, expect, it } from "vitest";
import { TextStream } from "../../src/core/ending.ts";
import { firstStop, stopStrings } from "../../src/core/index.ts";
import { scriptedEngine } from "../support/scripted-engine.ts";

const engine = scriptedEngine({ pieces: ["ab", "###", " the"], next: () => ({}) });
const text = fc
  .array(fc.constantFrom("a", "b", "ab", "#", "##", " the", "é", "日", "👩‍🚀", "\n", "U"), { maxLength: 12 })
  .map((parts) => parts.join(""));
const stops = fc.uniqueArray(fc.constantFrom("###", "#a", "\nU", "日", "ab", "bab"), { maxLength: 3 });

/** Tokens in groups of random sizes. */
function groups(tokens: readonly Token[], sizes: readonly number[]): Token[][] {
  const rest = [...tokens];
  const cut = sizes.map((size) => rest.splice(0, size));
  return [...cut, rest];
}

describe("A text stream", () => {
  it("gives the same text however its tokens are split, up to the first stop string", () => {
    fc.assert(
      fc.property(text, stops, fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 10 }), (written, ends, sizes) => {
        const stream = new TextStream(engine, engine.tokenizer.renderText("Hi"), stopStrings(ends));
        const parts = groups(engine.tokenizer.tokenize(written), sizes).map((tokens) => stream.push(tokens));
        const stop = firstStop(written, ends);
        expect(parts.join("") + stream.finish()).toBe(stop < 0 ? written : written.slice(0, stop));
        expect(stream.isStopped).toBe(stop >= 0);
        for (const part of parts) expect(part).not.toContain("\uFFFD");
      }),
    );
  });

  it("never shows what a stop string may still begin with", () => {
    const stream = new TextStream(engine, [], stopStrings(["\n\nUser:"]));
    const push = (piece: string) => stream.push(engine.tokenizer.tokenize(piece));
    expect(["Yes.\n", "\nUs", "ual", "\n\nUse", "r: x", "y"].map(push)).toEqual(["Yes.", "", "\n\nUsual", "", "", ""]);
    expect(stream.isStopped).toBe(true);
    expect(stream.finish()).toBe("");
  });

  it("shows a character when its last byte has come, and never a part of it", () => {
    const stream = new TextStream(engine, [], stopStrings([]));
    const [first, second, third] = engine.tokenizer.tokenize("日") as [Token, Token, Token];
    expect([stream.push([...engine.tokenizer.tokenize("a"), first]), stream.push([second]), stream.push([third])]).toEqual(["a", "", "日"]);
    expect(stream.push([first]) + stream.finish()).toBe("");
  });
});
