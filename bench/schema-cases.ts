/** Kinds of schemas as developers write them in zod, each with a request that it suits. */
import { z } from "zod";

export interface SchemaCase {
  readonly kind: string;
  readonly ask: string;
  readonly schema: z.ZodType<object>;
}

const person = z.object({ name: z.string().max(40), age: z.int().min(0).max(130) });
const PERSON = "Ann Miller is 34 years old. Extract the person.";
const address = z.object({ street: z.string().max(40), city: z.string().max(30), zip: z.string().regex(/^\d{5}$/) });
const ADDRESS = "Ann lives at 5 Hill Road, 20095 Hamburg. Extract the address.";
const category = z.object({
  name: z.string().max(20),
  get parts() {
    return z.array(category).max(2);
  },
});
type Chain = { readonly word: string; readonly next: Chain | null };
const chain: z.ZodType<Chain> = z.lazy(() => z.object({ word: z.string().max(12), next: chain.nullable() }));
const CAR = "A red car, built in 1999, with four doors. Extract it.";
const EVENT = "The meeting is on 2026-05-04 at 09:30 in Berlin. Extract it.";
const CONTACT = "Write to ann@example.org, or see https://example.org/ann. Extract the contact.";

function one(kind: string, ask: string, schema: z.ZodType<object>): SchemaCase {
  return { kind, ask, schema };
}

export const SCHEMA_CASES: readonly SchemaCase[] = [
  one("flat", PERSON, person),
  one("nested", `${PERSON} ${ADDRESS}`, z.object({ person, address })),
  one("nested three deep", PERSON, z.object({ a: z.object({ b: z.object({ name: z.string().max(30) }) }) })),
  one("array of strings", "Name three fruits.", z.object({ fruits: z.array(z.string().max(20)).min(1).max(5) })),
  one("array of objects", "Ann is 34, Bob is 40. Extract the people.", z.object({ people: z.array(person).min(1).max(3) })),
  one("optional", PERSON, z.object({ name: z.string().max(40), nickname: z.string().max(20).optional() })),
  one("nullable", PERSON, z.object({ name: z.string().max(40), phone: z.string().max(20).nullable() })),
  one("nullish", PERSON, z.object({ name: z.string().max(40), phone: z.string().max(20).nullish() })),
  one("default", PERSON, z.object({ name: z.string().max(40), country: z.string().max(20).default("Germany") })),
  one("union of types", CAR, z.object({ year: z.union([z.int(), z.string().max(10)]) })),
  one("union of objects", CAR, z.object({ thing: z.union([z.object({ doors: z.int() }), z.object({ wings: z.int() })]) })),
  one(
    "discriminated union",
    CAR,
    z.object({
      thing: z.discriminatedUnion("type", [
        z.object({ type: z.literal("car"), doors: z.int() }),
        z.object({ type: z.literal("plane"), wings: z.int() }),
      ]),
    }),
  ),
  one("intersection", PERSON, z.intersection(z.object({ name: z.string().max(40) }), z.object({ age: z.int() }))),
  one("extended", PERSON, person.extend({ city: z.string().max(30) })),
  one("picked", PERSON, person.pick({ name: true })),
  one("partial", PERSON, person.partial()),
  one("record", "Two apples and three pears. Count them.", z.object({ counts: z.record(z.string().max(20), z.int()) })),
  one("record of enum keys", "Two apples and three pears.", z.object({ counts: z.record(z.enum(["apples", "pears"]), z.int()) })),
  one("enum", "The film was wonderful.", z.object({ sentiment: z.enum(["good", "bad", "mixed"]) })),
  one("literal", "Say hello.", z.object({ kind: z.literal("greeting"), text: z.string().max(40) })),
  one("several literals", CAR, z.object({ doors: z.literal([2, 4]) })),
  one("boolean", "It rains today.", z.object({ isRaining: z.boolean() })),
  one("date", EVENT, z.object({ day: z.iso.date() })),
  one("date and time", EVENT, z.object({ at: z.iso.datetime() })),
  one("time", EVENT, z.object({ at: z.iso.time() })),
  one("Date", EVENT, z.object({ day: z.date() })),
  one("duration", "It takes two hours and a half.", z.object({ takes: z.iso.duration() })),
  one("email", CONTACT, z.object({ email: z.email() })),
  one("url", CONTACT, z.object({ url: z.url() })),
  one("uuid", "Make up an id for Ann.", z.object({ id: z.uuid() })),
  one("ipv4", "The server is at 10.0.0.7.", z.object({ address: z.ipv4() })),
  one("base64", "Encode the word rain.", z.object({ data: z.base64().max(40) })),
  one("pattern", ADDRESS, address),
  one("pattern with choice", CAR, z.object({ plate: z.string().regex(/^[A-Z]{1,3}-[A-Z]{1,2} ?\d{1,4}$/) })),
  one("bounds of length", "Write a headline about rain.", z.object({ headline: z.string().min(5).max(40) })),
  one("bounds of a number", "Rate the film from 1 to 5.", z.object({ stars: z.int().min(1).max(5) })),
  one("multiple", "A price near 12 in steps of 5.", z.object({ price: z.int().multipleOf(5).min(0).max(1000) })),
  one("float", "Pi to two digits.", z.object({ pi: z.number().min(3).max(4) })),
  one("tuple", "The point at 3, 4.", z.object({ point: z.tuple([z.number(), z.number()]) })),
  one("tuple with rest", "Ann, then 1, 2, 3.", z.object({ row: z.tuple([z.string().max(10)], z.int()) })),
  one("recursion by a getter", "Animals: cats and dogs.", category),
  one("recursion by lazy", "The words one and two, linked.", z.object({ chain })),
  one("strict object", PERSON, z.strictObject({ name: z.string().max(40) })),
  one("loose object", PERSON, z.looseObject({ name: z.string().max(40) })),
  one("described", PERSON, z.object({ name: z.string().max(40).describe("First and last name."), age: z.int().describe("In years.") })),
];
