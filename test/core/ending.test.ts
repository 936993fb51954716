import { describe, expect, it } from "vitest";
import { Ending, stopStrings } from "../../src/core/index.ts";
import { END_TOKEN } from "../support/byte-vocabulary.ts";
import { scriptedEngine } from "../support/scripted-engine.ts";

const engine = scriptedEngine({ pieces: ["Yes.", "No", "\nUser", ": hi"], next: () => ({}) });
const ending = new Ending(engine, engine.tokenizer.renderText("Hello"), { boundary: stopStrings(["\nUser:", "é"]), limit: 12 });

describe("An answer", () => {
  it.each([
    ["Yes.", false],
    ["Yes.\nUser", false],
    ["Yes.\nUser: hi", true],
    ["No é", true],
    ["123456789012", true],
    ["", false],
  ])("%j is over: %s", (text, isOver) => {
    expect(ending.isOver(engine.tokenizer.tokenize(text))).toBe(isOver);
  });

  it("is over at the end token, which is not read", () => {
    const answer = [...engine.tokenizer.tokenize("Yes."), END_TOKEN];
    expect(ending.isOver(answer)).toBe(true);
    expect(ending.readable(answer)).toEqual(engine.tokenizer.tokenize("Yes."));
  });

  it("is read without the tokens of a stop string", () => {
    expect(ending.readable(engine.tokenizer.tokenize("Yes.\nUser: hi"))).toEqual(engine.tokenizer.tokenize("Yes."));
    expect(ending.readable(engine.tokenizer.tokenize("Noé"))).toEqual(engine.tokenizer.tokenize("No"));
    expect(ending.readable(engine.tokenizer.tokenize("Yes.\nUser"))).toEqual(engine.tokenizer.tokenize("Yes.\nUser"));
  });

  it("is read with a token that ends in a stop string, as its beginning is shown", () => {
    const letters = new Ending(engine, engine.tokenizer.renderText("Hello"), { boundary: stopStrings(["s.\n", "o"]), limit: 12 });
    expect(letters.readable(engine.tokenizer.tokenize("No"))).toEqual(engine.tokenizer.tokenize("No"));
    expect(letters.readable(engine.tokenizer.tokenize("Yes.\nUser"))).toEqual(engine.tokenizer.tokenize("Yes."));
  });
});
