import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeText } from "../../support/json-texts.ts";

const bound = fc.oneof(fc.integer(), fc.double({ min: -1000, max: 1000, noNaN: true }), fc.constantFrom(0, -0, 1e-9, 1e21, -2.5e-12));

describe("Numbers within bounds:", () => {
  it.each<readonly [bounds: object, inside: readonly string[], outside: readonly string[]]>([
    [{ minimum: 0 }, ["0", "7", "0.5"], ["-1", "-0.5", "1e3"]],
    [{ minimum: 18, maximum: 120, type: "integer" }, ["18", "99", "120"], ["17", "121", "1", "180", "018"]],
    [{ minimum: -5, maximum: -2 }, ["-5", "-2", "-4.75"], ["-1.9", "-5.1", "5", "0"]],
    [{ exclusiveMinimum: 0, exclusiveMaximum: 1 }, ["0.5", "0.00001", "0.99"], ["0", "1", "0.0", "1.0"]],
    [{ exclusiveMinimum: 0, type: "integer" }, ["1"], ["0", "-1"]],
    [{ minimum: 0.1, maximum: 0.3 }, ["0.1", "0.3", "0.2999"], ["0.09", "0.31", "0"]],
    [{ minimum: -9007199254740991, maximum: 9007199254740991, type: "integer" }, ["9007199254740991", "-1"], ["9007199254740992"]],
    [{ minimum: 1e-7 }, ["0.0000001", "3"], ["0.00000001"]],
  ])("%j", (bounds, inside, outside) => {
    const schema = { type: "number", ...bounds };
    for (const text of inside) expect(judgeText(schema, text), text).toBe("whole");
    for (const text of outside) expect(judgeText(schema, text), text).not.toBe("whole");
  });

  it("no text of a number is outside of the bounds, and every short number inside can be written", () => {
    const short = fc.tuple(fc.integer({ min: -99999, max: 99999 }), fc.integer({ min: 0, max: 4 }));
    const property = fc.property(bound, bound, short, (...[one, other, [digits, places]]) => {
      const [minimum, maximum] = [Math.min(one, other), Math.max(one, other)];
      const text = (digits / 10 ** places).toFixed(places);
      fc.pre(minimum <= Number(text) && Number(text) <= maximum);
      expect(judgeText({ type: "number", minimum, maximum }, text)).toBe("whole");
      expect(judgeText({ type: "number", exclusiveMinimum: Number(text) }, text)).not.toBe("whole");
      expect(judgeText({ type: "number", minimum: Number(text) + 1 / 10 ** places }, text)).not.toBe("whole");
    });
    fc.assert(property, { seed: 7 });
  });
});
