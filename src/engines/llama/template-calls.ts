import type { CallKeys, Tool, ToolCall } from "../../core/tools/tool.ts";
import { type Marks, markedObject } from "./template-marks.ts";

/** The marks of one call in a template's text. */
export interface MarkedCall {
  readonly name: string;
  readonly arguments: string;
}

/** Where a template writes a call as a JSON object, and how it names its parts. */
export interface CallPlace {
  readonly start: number;
  readonly end: number;
  readonly keys: CallKeys;
}

export function markCall({ name, arguments: values }: Pick<ToolCall, "name" | "arguments">, marks: Marks): MarkedCall {
  return { name: marks.add(name), arguments: marks.add(values) };
}

/** A call as templates expect it. Some insist on an id of nine letters and digits. */
export function callValue({ name, arguments: values }: MarkedCall, id: number): Record<string, unknown> {
  return { id: idText(id), type: "function", function: { name, arguments: markedObject(values) } };
}

export function idText(id: number): string {
  return String(id).padStart(9, "0");
}

export function toolValue({ name, description = "", parameters }: Tool, marks: Marks): Record<string, unknown> {
  const value = { name: marks.add(name), description: marks.add(description), parameters: marks.add(parameters) };
  return { type: "function", function: value };
}

/** @throws {Error} when the template writes calls in some other way: then they cannot be constrained by a schema */
export function placeOf(call: MarkedCall, text: string): CallPlace {
  const at = text.indexOf(call.name);
  for (let start = text.lastIndexOf("{", at); start >= 0; start = start === 0 ? -1 : text.lastIndexOf("{", start - 1)) {
    const end = objectEnd(text, start);
    const keys = end > at ? keysOf(call, text.slice(start, end)) : undefined;
    if (keys !== undefined) return { start, end, keys };
  }
  throw new Error("it writes a call as something else than one JSON object");
}

/** Behind the brace that closes the one at `start`. */
function objectEnd(text: string, start: number): number {
  let depth = 0;
  for (let index = start; index < text.length; index++) {
    if (text[index] === "{") depth++;
    if (text[index] === "}") depth--;
    if (depth === 0) return index + 1;
  }
  return -1;
}

function keysOf(call: MarkedCall, object: string): CallKeys | undefined {
  const entries = entriesOf(object);
  const name = entries.find(([, value]) => value === call.name)?.[0];
  const values = entries.find(([, value]) => typeof value === "object" && value !== null && call.arguments in value)?.[0];
  return name === undefined || values === undefined ? undefined : { name, arguments: values };
}

function entriesOf(object: string): [string, unknown][] {
  try {
    return Object.entries(JSON.parse(object) as Record<string, unknown>);
  } catch {
    // Braces of the template's own.
    return [];
  }
}
