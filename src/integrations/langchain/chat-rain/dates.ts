/** Dates in schemas of zod: the model writes them as texts, and the caller gets them as dates. */
import { type InteropZodType, interopSafeParseAsync } from "@langchain/core/utils/types";
import { z } from "zod";
import { jsonSchemaOf } from "./json-schema.ts";

/** A date inside a union inside another one, and so on, is found so deep. */
const DEEPEST = 16;

/** What zod says of a value that it does not take, in its third and fourth version. */
interface Issue {
  readonly path: readonly PropertyKey[];
  readonly expected?: unknown;
  /** Of each option of a union: in version 4 with paths from the union on, in version 3 with paths from the top. */
  readonly errors?: readonly (readonly Issue[])[];
  readonly unionErrors?: readonly { readonly issues: readonly Issue[] }[];
}

/**
 * A schema as JSON, in which dates are texts in the format `date-time`.
 *
 * @throws {Error} for what JSON cannot say, bounds of dates among it
 */
export function datedJsonSchema(schema: Parameters<typeof jsonSchemaOf>[0]): Readonly<Record<string, unknown>> {
  return jsonSchemaOf(schema, {
    unrepresentable: ({ zodSchema: { _zod } }) => {
      if (_zod.def.type !== "date") return "throw";
      if ((_zod.def.checks ?? []).length === 0) return { type: "string", format: "date-time" };
      throw new Error("bounds of a date cannot be represented in JSON Schema");
    },
  });
}

/** The same schema, which takes a text where it asks for a date. */
export function readingDates(schema: InteropZodType): InteropZodType {
  return z.unknown().transform(async (value, context) => {
    const result = await parsedWithDates(schema, value);
    if (result.success) return result.data;
    context.addIssue({ code: "custom", message: String(result.error) });
    return z.NEVER;
  });
}

/** Where zod misses a date and there is a text, it is read as one, until none is missed any more. */
async function parsedWithDates(schema: InteropZodType, value: unknown): Promise<Awaited<ReturnType<typeof interopSafeParseAsync>>> {
  let whole = value;
  for (let round = 0; ; round++) {
    const result = await interopSafeParseAsync(schema, whole);
    const issues = result.success ? [] : (result.error as { readonly issues?: readonly Issue[] }).issues;
    const dated = (issues ?? []).flatMap((issue) => missedDates(issue)).reduce(withDate, whole);
    if (dated === whole || round === DEEPEST) return result;
    whole = dated;
  }
}

function missedDates({ path, expected, errors = [], unionErrors = [] }: Issue): readonly (readonly PropertyKey[])[] {
  const inside = errors.flat().flatMap((issue) => missedDates({ ...issue, path: [...path, ...issue.path] }));
  const anywhere = unionErrors.flatMap(({ issues }) => issues.flatMap((issue) => missedDates(issue)));
  return [...(expected === "date" ? [path] : []), ...inside, ...anywhere];
}

/** The value with a date for the text at a path; the same one, where no text of a date is there. */
function withDate(value: unknown, [key, ...further]: readonly PropertyKey[]): unknown {
  if (key === undefined) {
    const date = typeof value === "string" ? new Date(value) : undefined;
    return date === undefined || Number.isNaN(date.getTime()) ? value : date;
  }
  if (typeof value !== "object" || value === null) return value;
  const old: unknown = Reflect.get(value, key);
  const changed = withDate(old, further);
  if (changed === old) return value;
  return Array.isArray(value) ? value.with(Number(key), changed) : { ...value, [key]: changed };
}
