import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { JsonSchema } from "../../../src/core/index.ts";
import { judgeText, someText } from "../../support/format-texts.ts";

const category = z.object({
  name: z.string().max(3),
  get kinds() {
    return z.array(category).max(2);
  },
});

interface Chain {
  readonly next?: Chain | undefined;
}
const chain: z.ZodType<Chain> = z.object({ next: z.lazy(() => chain).optional() });

/** Schemas as people write them, and what they mean by them. */
const SCHEMAS: Readonly<Record<string, readonly [schema: z.ZodType, values: readonly unknown[]]>> = {
  "z.email()": [z.email(), ["ada.lovelace@mail.example.org", "a_b+c@x-y.io"]],
  "z.email() of some length": [z.email().min(8).max(12), ["ada@x.org"]],
  "z.iso.date()": [z.iso.date(), ["2024-02-29", "1999-12-31"]],
  "z.iso.time()": [z.iso.time(), ["23:59", "23:59:59.5"]],
  "z.iso.datetime()": [z.iso.datetime(), ["2024-02-29T12:00:00Z", "2024-02-29T12:00:00.123Z"]],
  "z.iso.datetime() with an offset": [z.iso.datetime({ offset: true }), ["2024-02-29T12:00:00+02:00"]],
  "z.iso.duration()": [z.iso.duration(), ["P1DT2H", "P3W", "PT5M"]],
  "z.url()": [z.url(), ["https://example.org/a?b=c#d", "mailto:ada@example.org", "http://localhost:8080/"]],
  "z.uuid()": [z.uuid(), ["2eb8aa08-aa98-41ea-b4aa-73b441d16380"]],
  'z.uuid({ version: "v7" })': [z.uuid({ version: "v7" }), ["2eb8aa08-aa98-71ea-b4aa-73b441d16380"]],
  "z.guid()": [z.guid(), ["2eb8aa08-aa98-41ea-b4aa-73b441d16380"]],
  "z.ipv4()": [z.ipv4(), ["127.0.0.1"]],
  "z.ipv6()": [z.ipv6(), ["::1", "2001:db8::7"]],
  "z.cidrv4()": [z.cidrv4(), ["10.0.0.0/8"]],
  "z.hostname()": [z.hostname(), ["example.org", "a-b.c"]],
  "z.nanoid()": [z.nanoid(), ["V1StGXR8_Z5jdHi6B-myT"]],
  "z.ulid()": [z.ulid(), ["01ARZ3NDEKTSV4RRFFQ69G5FAV"]],
  "z.cuid2()": [z.cuid2(), ["tz4a98xxat96iws9zmbrgj3a"]],
  "z.base64()": [z.base64(), ["", "YQ=="]],
  "z.e164()": [z.e164(), ["+4930123456"]],
  "z.emoji()": [z.emoji(), ["👩"]],
  "z.string().regex()": [z.string().regex(/^[A-Z]{2}-\d{1,3}$/), ["AB-12"]],
  "z.string().startsWith().endsWith().includes()": [z.string().startsWith("ab").endsWith("yz").includes("mm").max(12), ["abmmyz"]],
  "z.string().lowercase()": [z.string().lowercase().max(5), ["abc"]],
  "z.templateLiteral()": [z.templateLiteral(["v", z.number(), ".", z.enum(["a", "b"])]), ["v1.a"]],
  "z.record()": [z.record(z.string().max(2), z.int().max(9).min(0)), [{}, { a: 1, b: 2 }]],
  "z.record() of some names": [z.record(z.enum(["a", "b"]), z.boolean()), [{ a: true, b: false }]],
  "z.partialRecord()": [z.partialRecord(z.enum(["a", "b"]), z.boolean()), [{}, { b: false }]],
  "z.record() of names with a pattern": [z.record(z.string().regex(/^x\d$/), z.null()), [{ x1: null }]],
  "z.int()": [z.int(), [0, -12, Number.MAX_SAFE_INTEGER]],
  "z.int32()": [z.int32(), [2 ** 31 - 1]],
  "z.number().multipleOf()": [z.number().multipleOf(0.5).min(0).max(9), [0, 1.5]],
  "z.number().positive()": [z.number().positive().lt(100), [0.5, 99]],
  "z.tuple()": [z.tuple([z.boolean(), z.null()]), [[true, null]]],
  "z.tuple() with a rest": [z.tuple([z.boolean()], z.null()), [[true], [true, null, null]]],
  "z.array()": [z.array(z.boolean()).min(1).max(2), [[true], [true, false]]],
  "z.discriminatedUnion()": [
    z.discriminatedUnion("kind", [z.object({ kind: z.literal("a"), size: z.int32() }), z.object({ kind: z.literal("b") })]),
    [{ kind: "a", size: 1 }, { kind: "b" }],
  ],
  "z.union()": [z.union([z.boolean(), z.object({ a: z.null() })]), [true, { a: null }]],
  "z.intersection()": [z.intersection(z.object({ a: z.boolean() }), z.object({ b: z.null() })), [{ a: true, b: null }]],
  "z.looseObject()": [z.looseObject({ a: z.boolean() }), [{ a: true }, { a: true, b: 1 }]],
  "z.object().catchall()": [z.object({ a: z.boolean() }).catchall(z.null()), [{ a: true, b: null }]],
  "z.object().partial()": [z.object({ a: z.boolean(), b: z.null() }).partial(), [{}, { b: null }]],
  "z.nullable(), z.optional(), z.literal()": [
    z.object({ a: z.null().optional(), b: z.literal([1, "x"]).nullable() }),
    [{ b: null }, { b: "x" }],
  ],
  "a recursive object": [category, [{ name: "a", kinds: [{ name: "b", kinds: [] }] }]],
  "z.lazy()": [chain, [{}, { next: { next: {} } }]],
};

const CASES = Object.entries(SCHEMAS).map(([name, [schema, values]]) => [name, schema, values] as const);

describe("What zod writes as a JSON schema:", () => {
  it.each(CASES)("%s has the values that are meant", (_, schema, values) => {
    const json = z.toJSONSchema(schema) as JsonSchema;
    for (const value of values) {
      expect(schema.safeParse(value).success, JSON.stringify(value)).toBe(true);
      expect(judgeText(json, JSON.stringify(value)), JSON.stringify(value)).toBe("whole");
    }
  });

  it.each(CASES)("%s has only texts that zod takes, and each beginning can be completed", (_, schema) => {
    const json = z.toJSONSchema(schema) as JsonSchema;
    const property = fc.property(fc.infiniteStream(fc.nat()), (choices) => {
      const written = someText(json, (count) => (choices.next().value as number) % count, 30);
      const { success, error } = schema.safeParse(JSON.parse(written));
      expect(success, `${written}: ${error}`).toBe(true);
    });
    fc.assert(property, { numRuns: 20, seed: 8 });
  });
});

/** What others than we say of strings in a format. */
const READERS: Readonly<Record<string, (text: string) => boolean>> = {
  date: (text) => new Date(`${text}T00:00:00Z`).toISOString().startsWith(text),
  "date-time": (text) => !Number.isNaN(Date.parse(text)) && z.iso.datetime({ offset: true }).safeParse(text).success,
  time: (text) => !Number.isNaN(Date.parse(`2000-01-01T${text}`)),
  duration: (text) => z.iso.duration().safeParse(text).success,
  email: (text) => z.email().safeParse(text).success && text.length <= 254,
  hostname: (text) => z.hostname().safeParse(text).success && text.split(".").every((label) => label.length <= 63),
  ipv4: isIPv4,
  ipv6: isIPv6,
  uri: (text) => URL.canParse(text),
  "uri-reference": (text) => URL.canParse(text, "https://example.org/"),
  uuid: (text) => z.uuid().safeParse(text).success,
  "json-pointer": (text) => text === "" || text.startsWith("/"),
  "relative-json-pointer": (text) => /^\d/.test(text),
};

describe("A string in a format", () => {
  it.each(Object.entries(READERS))("%s is one to others, too", (format, isOne) => {
    const property = fc.property(fc.infiniteStream(fc.nat()), fc.constantFrom(5, 60), (choices, patience) => {
      const text = JSON.parse(
        someText({ type: "string", format }, (count) => (choices.next().value as number) % count, patience),
      ) as string;
      expect(isOne(text), text).toBe(true);
    });
    fc.assert(property, { numRuns: 60, seed: 9 });
  });
});
