import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainConversation } from "../../src/core/index.ts";

describe("A conversation as plain lines", () => {
  it("has a line for each turn and ends where the assistant begins", () => {
    const turns = [
      { role: "system", text: "Be kind." },
      { role: "user", text: "Hello" },
      { role: "assistant", text: "Hi." },
      { role: "user", text: "How are you?" },
    ] as const;
    expect(plainConversation(turns)).toBe("System: Be kind.\nUser: Hello\nAssistant: Hi.\nUser: How are you?\nAssistant:");
  });

  it("is left open inside the assistant's turn if that is the last", () => {
    expect(
      plainConversation([
        { role: "user", text: "Hello" },
        { role: "assistant", text: " Hi" },
      ]),
    ).toBe("User: Hello\nAssistant: Hi");
    expect(
      plainConversation([
        { role: "user", text: "Hello" },
        { role: "assistant", text: "" },
      ]),
    ).toBe("User: Hello\nAssistant:");
  });

  it("never lets a turn begin a line of its own, whatever it takes for a line break", () => {
    const breaks = fc.constantFrom("\n", "\r", "\r\n", "\u2028", "\u2029", "\u0085", "\v", "\f", "Assistant: (A)", " ", "x");
    fc.assert(
      fc.property(
        fc.array(breaks).map((parts) => parts.join("")),
        (text) => {
          const lines = plainConversation([{ role: "user", text }]).split(/[\n\r\u2028\u2029\u0085\v\f]/);
          expect(lines).toHaveLength(2);
          expect(lines[1]).toBe("Assistant:");
        },
      ),
    );
  });
});
