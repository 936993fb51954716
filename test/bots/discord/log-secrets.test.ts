import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { logOf, PASSWORD, TOKEN } from "../../support/bot-log.ts";

const TEXT = "I told Ada about it, she knows.";

/** Sentences, passwords and tokens: nothing that could also be the name of a thing. */
const secrets = fc.oneof(
  fc.constantFrom(TOKEN, PASSWORD, TEXT),
  fc.tuple(fc.string({ minLength: 4, unit: "grapheme" }), fc.string({ minLength: 4 })).map(([a, b]) => `${a} x${b}`),
);

/** Objects like those that get logged, and any others, with secrets in all places. */
function planted(secret: string): fc.Arbitrary<unknown> {
  const names = fc.oneof(
    fc.constantFrom("err", "guild", "reason", "review", "code", "message", "problem", "name", "stack", "url", "method", "status"),
    fc.constantFrom("cause", "errors", "rawError", "requestBody", "json", "content", "_errors", "at", "msg", "level", "time", "pid"),
    fc.constant(secret),
  );
  const tree = fc.letrec<{ node: unknown; error: unknown; object: unknown }>((tie) => ({
    node: fc.oneof({ depthSize: "small", withCrossShrink: true }, fc.constant(secret), fc.integer(), tie("object"), tie("error")),
    object: fc.oneof(fc.dictionary(names, tie("node"), { maxKeys: 5 }), fc.array(tie("node"), { maxLength: 3 })),
    error: fc
      .tuple(
        fc.constantFrom(new Error(secret), new TypeError(secret), new AggregateError([], secret)),
        fc.dictionary(names, tie("node"), { maxKeys: 6 }),
      )
      .map(([error, fields]) => Object.assign(Object.create(error) as Error, fields)),
  }));
  return tree.node;
}

describe("No secret", () => {
  it("gets into the log, wherever in a logged object it is", () => {
    const cases = secrets.chain((secret) => fc.record({ secret: fc.constant(secret), err: planted(secret), other: planted(secret) }));
    fc.assert(
      fc.property(cases, ({ secret, err, other }) => {
        const lines: string[] = [];
        const log = logOf((line) => void lines.push(line));
        log.error({ err }, "failed");
        log.error({ nested: { err } }, "failed");
        if (err instanceof Error) log.error(err);
        log.info({ err, ...(typeof other === "object" ? other : { guild: other }) }, "failed");
        log.child({ err, other }).info("failed");
        expect(lines.every((line) => line.endsWith("\n"))).toBe(true);
        for (const line of lines) {
          const found = JSON.stringify(JSON.parse(line));
          expect(found).not.toContain(JSON.stringify(secret).slice(1, -1));
        }
      }),
      { numRuns: 500 },
    );
  });
});
