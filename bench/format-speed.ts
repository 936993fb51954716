import type { Engine, JsonSchema } from "rain-align";
import { z } from "zod";

/** Schemas as people write them, each with a value of it. */
const SAMPLES: Readonly<Record<string, readonly [schema: z.ZodType, value: unknown]>> = {
  "an object of three": [
    z.object({ name: z.string(), legs: z.int().min(0), tags: z.array(z.string()).max(3) }),
    { name: "bee", legs: 6, tags: ["a"] },
  ],
  "z.email()": [z.email(), "ada.lovelace@mail.example.org"],
  "z.iso.date()": [z.iso.date(), "2024-02-29"],
  "z.iso.datetime()": [z.iso.datetime(), "2024-02-29T12:00:00.123Z"],
  "z.url()": [z.url(), "https://example.org/a/b?c=d#e"],
  "z.uuid()": [z.uuid(), "2eb8aa08-aa98-41ea-b4aa-73b441d16380"],
  "z.string().regex()": [z.string().regex(/^[A-Z]{2}-\d{1,6}$/), "AB-1234"],
  "z.string().min().max()": [
    z
      .string()
      .regex(/^[a-z ]+$/)
      .min(5)
      .max(200),
    "the rain in spain",
  ],
  "z.discriminatedUnion() of four": [
    z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("a"), size: z.int() }),
      z.object({ kind: z.literal("b"), name: z.string() }),
      z.object({ kind: z.literal("c") }),
      z.object({ kind: z.literal("d"), at: z.iso.date() }),
    ]),
    { kind: "d", at: "2024-02-29" },
  ],
};

const COMPILED = 15;

export interface FormatSpeed {
  readonly schema: string;
  /** Milliseconds, medians. */
  readonly compile: number;
  readonly read: number;
  /** Of all reads, the slowest. */
  readonly slowest: number;
}

/** What compiling a schema takes, and one read of what may follow, with the vocabulary of a model. The first of both does not count. */
export function measureFormats({ formats, tokenizer }: Engine): readonly FormatSpeed[] {
  if (formats === undefined) throw new TypeError("Expected an engine that knows formats, got one without");
  return Object.entries(SAMPLES).map(([name, [given, value]]) => {
    const schema = z.toJSONSchema(given) as JsonSchema;
    const compile = Array.from({ length: COMPILED + 1 }, () => {
      const format = { type: "json", schema: structuredClone(schema) } as const;
      return timed(() => formats.check(format));
    });
    const reads: number[] = [];
    for (let round = 0; round < 3; round++) {
      let text = formats.begin({ format: { type: "json", schema }, prefix: [] });
      for (const token of tokenizer.tokenize(JSON.stringify(value))) {
        const before = text;
        reads.push(timed(() => before.allowed(64)));
        const after = text.after(token);
        if (after === undefined)
          throw new TypeError(`Expected ${JSON.stringify(value)} to be one of ${name}, got a token that is not allowed`);
        text = after;
      }
    }
    return {
      schema: name,
      compile: median(compile.slice(1)),
      read: median(reads.slice(1)),
      slowest: Math.max(...reads.slice(reads.length / 3)),
    };
  });
}

function timed(run: () => unknown): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[values.length >> 1] ?? Number.NaN;
}
