/** Kinds of values that people write, in a command, in a file or in a variable: each reads what they type, and `expected` completes "Expected `name` to be ...". */
import { z } from "zod";
import { say } from "./languages/say.ts";
import { own } from "./own.ts";

const SWITCHES: Readonly<Record<string, boolean>> = { true: true, on: true, yes: true, false: false, off: false, no: false };

export const onOrOff = () =>
  typed(z.boolean(), (word) => own(SWITCHES, word.toLowerCase()) ?? word).meta({ expected: say(undefined, "expected.switch") });

export const whole = (low: number, high: number) =>
  typed(z.int().min(low).max(high), numberOf).meta({ expected: say(undefined, "expected.whole", { low, high }) });

export const decimal = (low: number, high: number) =>
  typed(z.number().min(low).max(high), numberOf).meta({ expected: say(undefined, "expected.decimal", { low, high }) });

/** With two decimals at most. */
export const hundredths = (low: number, high: number) =>
  typed(z.number().min(low).max(high).multipleOf(0.01), numberOf).meta({
    expected: say(undefined, "expected.hundredths", { low, high }),
  });

export const choice = <const Names extends readonly string[]>(names: Names) =>
  typed(z.enum(names), (name) => name.toLowerCase()).meta({ expected: say(undefined, "expected.choice", { names: names.join(", ") }) });

/** A snowflake of Discord's, or a mention of a channel, a person or a role. */
/** What a server has to pick from. */
export type Picks = "channels" | "postable channels" | "categories" | "roles" | "people";

/** @param picks what it is of, where a server has such things to pick from */
export const id = (picks?: Picks) => typed(z.string().regex(/^\d{17,20}$/), idOf).meta({ expected: say(undefined, "expected.id"), picks });

/** With commas or blanks between them. */
export const ids = (most: number, picks?: Picks) =>
  typed(z.array(id()).max(most), (list) => [...new Set(list.match(/[^\s,]+/g)?.map(idOf))]).meta({
    expected: say(undefined, "expected.ids", { most }),
    picks,
  });

/** With one of these between them, and each of this kind. */
export const list = (most: number, kind: z.ZodString | z.ZodCustomStringFormat<string>, between: RegExp) =>
  typed(z.array(kind).max(most), (parts) => [...new Set(parts.split(between).map((part) => part.trim()))].filter((part) => part !== ""));

/** Of what a guild names itself: lower case, as it is typed in a command. */
export const NAME = /^[a-z][a-z0-9-]{0,31}$/;
export const newName = z.string().regex(NAME, "Expected up to 32 of a-z, 0-9 and -, beginning with a letter");

export const text = (shortest: number, longest: number) =>
  z
    .string()
    .trim()
    .min(shortest)
    .max(longest)
    .meta({ expected: say(undefined, "expected.text", { low: shortest, high: longest }) });

export const line = (longest: number) =>
  text(1, longest)
    .regex(/^[^\r\n]*$/)
    .meta({ expected: say(undefined, "expected.line", { high: longest }) });

/** A kind that can be typed. What is no text is taken as it is: in a file, numbers and switches may be themselves. */
export function typed<Kind extends z.ZodType>(kind: Kind, read: (text: string) => unknown) {
  return z.preprocess((value) => (typeof value === "string" ? read(value.trim()) : value), kind);
}

export function numberOf(digits: string): unknown {
  return /^-?\d*\.?\d+(e[+-]?\d+)?$/i.test(digits) ? Number(digits) : digits;
}

export function idOf(mention: string): string {
  return /^<(?:#|@[!&]?)(\d{17,20})>$/.exec(mention)?.[1] ?? mention;
}
