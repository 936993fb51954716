import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fencedAnswer, fenceFor } from "../../src/prompting/fenced-answer.ts";

const boundary = fencedAnswer({ fence: "```", begun: "" });
const CODE = "Here:\n```python\nx = 1\n# User input\n```\nDone.";

/** What a reader gets who is shown what is safe, character by character. */
function streamed(text: string, of = boundary): string {
  let shown = "";
  for (let length = 1; length <= text.length; length++) {
    const beginning = text.slice(0, length);
    const end = of.endOf(beginning);
    const upTo = end ?? of.safeLength(beginning);
    expect(beginning.slice(0, shown.length)).toBe(shown);
    expect(upTo).toBeGreaterThanOrEqual(shown.length);
    shown = beginning.slice(0, upTo);
    if (end !== undefined) return shown;
  }
  return text.slice(0, of.wholeLength(text));
}

describe("An answer behind a fence", () => {
  it.each([
    ["at the fence that closes it", "Yes.\n```\n\n# Query:\n", "Yes."],
    ["at a fence at the end of a line", "Yes.```\n", "Yes."],
    ["at a fence at the very end", "Yes.\n```", "Yes."],
    ["at the next query, where nothing closes it", "Yes.\n\n# Query:\n```\nMore", "Yes."],
    ["at a user's heading", "Yes.\n# User: more", "Yes."],
    ["behind a code block", `${CODE}\n\`\`\`\n\n# Query`, CODE],
    ["behind a code block that is indented", "1. So:\n   ```js\n   f();\n   ```\nDone.\n```\n", "1. So:\n   ```js\n   f();\n   ```\nDone."],
    ["behind nested blocks", "````markdown\n```js\nf();\n```\n````\nDone.\n```\n", "````markdown\n```js\nf();\n```\n````\nDone."],
    ["behind a block at its end", "```js\nf();\n```\n```\n", "```js\nf();\n```"],
    ["behind code within a sentence", "Say ```npm ci``` first.\n```\n", "Say ```npm ci``` first."],
    ["behind a block without a language", "Run:\n```\nnpm ci\n```\nDone.\n```\n\n# Query", "Run:\n```\nnpm ci\n```\nDone."],
    ["behind one that begins where a sentence ends", "Run: ```\n  npm ci\n```\n```\n\n", "Run: ```\n  npm ci\n```"],
    ["behind two of them", "```\na\n\nb\n```\n\n```\nc\n```\n```\n\n", "```\na\n\nb\n```\n\n```\nc\n```"],
    ["at a fence with the next query right behind it", "Yes.\n```\n# Query:\n", "Yes."],
    ["at a fence with another one behind it", "Yes.\n```\n```js\n", "Yes."],
    ["at a fence behind which a line is empty, for nobody can tell yet that code follows", "Run:\n```\n\nnpm ci\n```\n", "Run:"],
    ["at nothing, where nothing ends it", "# Queries\nare headings, ``too", "# Queries\nare headings, ``too"],
  ])("ends %s", (_, text, expected) => {
    expect(streamed(text)).toBe(expected);
  });

  it("shows each line as soon as nothing in it can be a fence or a heading", () => {
    expect(boundary.safeLength("One.\nTwo")).toBe(8);
    expect(boundary.safeLength("One.\n``")).toBe(4);
    expect(boundary.safeLength("One.\n# Qu")).toBe(4);
    expect(boundary.safeLength("```js\n``")).toBe(8);
    expect(boundary.safeLength("One.\n```\n ")).toBe(4);
    expect(boundary.safeLength("One.\n```\n# Que")).toBe(4);
    expect(boundary.safeLength("One.\n```\n# Queue")).toBe(16);
  });

  it("is continued inside a code block that was begun before", () => {
    expect(streamed("x = 1\n```\nDone.\n```\n", fencedAnswer({ fence: "```", begun: "Here:\n```python\n" }))).toBe("x = 1\n```\nDone.");
  });

  it("never takes back what was shown, and ends at the same place however it comes", () => {
    const parts = fc.constantFrom("```", "`", "\n", "js", " ", "a.", "# Query", "# ", "\n```js\n", "\n```\n", "\n\n", "````", "\n  ");
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 16 }), (pieces) => {
        const text = pieces.join("");
        expect(streamed(text)).toBe(text.slice(0, boundary.wholeLength(text)));
      }),
      { numRuns: 2000 },
    );
  });

  it("is put between fences that nothing in it closes", () => {
    const parts = fc.constantFrom("```", "`", "\n", "js", "a.", "# Query", "````");
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 10 }), (pieces) => {
        const text = pieces.join("");
        const fence = fenceFor(text);
        expect(text.includes(fence) && fencedAnswer({ fence, begun: "" }).endOf(`${text}\n`) !== undefined).toBe(false);
      }),
    );
  });
});
