/** How parts of a request are checked: each complaint names the part, as OpenAI's API does. */
import { z } from "zod";
import { didYouMean } from "../core/index.ts";
import { RequestError } from "./request-error.ts";

export const number = (low: number, high: number) =>
  z.number(`a number from ${low} to ${high}`).min(low, `a number from ${low} to ${high}`).max(high, `a number from ${low} to ${high}`);
export const whole = (low: number) => z.int(`an integer from ${low} on`).min(low, `an integer from ${low} on`);
export const flag = z.boolean("true or false");
export const text = z.string("a string");
export const oneOf = <const Words extends readonly [string, ...string[]]>(...words: Words) =>
  z.enum(words, `one of ${words.map((word) => `\`${word}\``).join(", ")}`);

/**
 * A request as it was meant. What is `null` at the top counts as left out: many clients send all that they know.
 *
 * @throws {RequestError} for the first part that is not what it must be
 */
export function parsed<Schema extends z.ZodObject>(schema: Schema, body: unknown): z.output<Schema> {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new RequestError(`Expected the body to be a JSON object, got ${shown(body)}`, { code: "invalid_type" });
  const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
  const result = schema.safeParse(given, { reportInput: true });
  if (result.success) return result.data;
  throw complaintOf(result.error.issues[0] as z.core.$ZodIssue, schema, []);
}

function complaintOf(issue: z.core.$ZodIssue, schema: z.ZodObject | undefined, around: readonly PropertyKey[]): RequestError {
  const path = [...around, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    const [name = ""] = issue.keys;
    const param = nameOf([...path, name]);
    const guess = path.length === 0 && schema !== undefined ? didYouMean(name, Object.keys(schema.shape)) : "";
    return new RequestError(`Expected only parameters that are supported here, got \`${param}\`${guess}`, {
      code: "unknown_parameter",
      param,
    });
  }
  // Of several forms that a part may have, the nearest one is complained of: the one that was read furthest.
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const furthest = issue.errors.flat().toSorted((left, right) => right.path.length - left.path.length)[0];
    if (furthest !== undefined && furthest.path.length > 0) return complaintOf(furthest, undefined, path);
  }
  const param = nameOf(path);
  return new RequestError(`Expected \`${param}\` to be ${issue.message}, got ${shown(issue.input)}`, { code: codeOf(issue), param });
}

function codeOf({ code }: z.core.$ZodIssue): string {
  return code === "invalid_type" ? "invalid_type" : "invalid_value";
}

/** `messages[0].content`. */
function nameOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (name, part) => (typeof part === "number" ? `${name}[${part}]` : name === "" ? String(part) : `${name}.${String(part)}`),
    "",
  );
}

/** What came, in few words: a text of somebody's is not repeated at length. */
function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const json = JSON.stringify(value) ?? String(value);
  return `\`${json.length > 60 ? `${json.slice(0, 60)}...` : json}\``;
}
