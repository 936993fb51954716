import { describe, expect, it } from "vitest";
import { asRead } from "../../../src/core/index.ts";
import { scriptedEngine } from "../../support/scripted-engine.ts";

const engine = scriptedEngine({ pieces: ["It", " It", " lives", "User: Hi\nAssistant:"], next: () => ({}) });
const conversation = engine.tokenizer.renderText("User: Hi\nAssistant:");
const pieces = (tokens: readonly number[]) => tokens.map((token) => engine.tokenizer.detokenize([token]));

describe("An answer that was written on a line of its own", () => {
  it("is read in the tokens that it would have on the line of the conversation", () => {
    const answer = engine.tokenizer.tokenize("It lives");
    expect(pieces(answer)).toEqual(["It", " lives"]);
    expect(pieces(asRead(answer, conversation, engine))).toEqual([" It", " lives"]);
  });

  it("keeps its tokens as they were drawn behind its first word", () => {
    const letters = [..." lives"].flatMap((letter) => engine.tokenizer.tokenize(letter));
    const drawn = [...engine.tokenizer.tokenize("It"), ...letters];
    expect(asRead(drawn, conversation, engine).slice(1)).toEqual(letters);
  });

  it("is read behind a space where its first word is not whole", () => {
    const half = engine.tokenizer.tokenize("ü").slice(0, 1);
    expect(asRead(half, conversation, engine)).toEqual([...engine.tokenizer.tokenize(" "), ...half]);
  });

  it.each([
    ["has its space already", " It lives", conversation],
    ["stands on a line of its own there, too", "It lives", engine.tokenizer.renderText("User: Hi\nAssistant\n")],
    ["is empty", "", conversation],
  ])("stays as it is where it %s", (_, text, before) => {
    const answer = engine.tokenizer.tokenize(text);
    expect(asRead(answer, before, engine)).toEqual(answer);
  });
});
