/** `{"name": "add", "arguments": {"a": 1}}`, whatever stands around it: Hermes, Qwen, Llama 3, Mistral Nemo, Command R, Granite 4 and many more. */
import type { CallFormat, JsonSchema, Tool } from "../../core/index.ts";
import { type CallFamily, type CallPlace, closingBehind, noCall, parsed, type ReadCall, type WrittenCall } from "./family.ts";
import { rebased } from "./parameters.ts";

/** Under which names a call has its parts. */
export interface CallKeys {
  readonly name: string;
  readonly arguments: string;
  /** What is written in front of these, such as a number: its names, and what their values are. */
  readonly before?: Readonly<Record<string, JsonSchema>>;
}

/** Calls as JSON objects with these names: `callFormat` of an engine whose model writes them so. */
export function jsonCalls(keys: CallKeys): CallFormat {
  const first = Object.keys(keys.before ?? {})[0] ?? keys.name;
  return {
    family: "json object",
    openings: [`{"${first}"`],
    formatOf: (tools) => ({ type: "json", schema: callSchema(tools, (name, parameters) => callWith(keys, { name, parameters })) }),
    read: (text) => {
      const written = parsed(text) as Record<string, unknown> | undefined;
      if (written === undefined) return noCall(text);
      return { name: String(written[keys.name]), arguments: written[keys.arguments] as ReadCall["arguments"] };
    },
  };
}

export const jsonObject: CallFamily = (call, text) => {
  const keys = objectAround(call, text)?.keys;
  if (keys === undefined) return undefined;
  return { ...jsonCalls(keys), placeOf: (other, whole) => objectAround(other, whole, keys) ?? noCall(whole) };
};

/** An object of one name, the tool's: `{"add": {"a": 1}}`. Apertus. */
export const keyedObject: CallFamily = (call, text) => {
  const place = placeOfKeyed(call, text);
  if (place === undefined || !isRecord(parsed(text.slice(place.start, place.end)))) return undefined;
  return {
    family: "json object by name",
    openings: ['{"'],
    formatOf: (tools) => ({
      type: "json",
      schema: callSchema(tools, (name, parameters) => objectOf({ [String((name as { const: string }).const)]: parameters })),
    }),
    read: (written) => {
      const [entry] = Object.entries((parsed(written) ?? {}) as Record<string, ReadCall["arguments"]>);
      return entry === undefined ? noCall(written) : { name: entry[0], arguments: entry[1] };
    },
    placeOf: (other, whole) => placeOfKeyed(other, whole) ?? noCall(whole),
  };
};

function placeOfKeyed({ name }: WrittenCall, text: string): CallPlace | undefined {
  const start = text.indexOf(`{"${name}": {`);
  return start < 0 ? undefined : { start, end: closingBehind(text, start) };
}

function callWith(keys: CallKeys, { name, parameters }: { readonly name: JsonSchema; readonly parameters: JsonSchema }): JsonSchema {
  return objectOf({ ...keys.before, [keys.name]: name, [keys.arguments]: parameters });
}

function objectOf(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
}

/** A JSON schema of one call of any of these tools. */
function callSchema(tools: readonly Tool[], call: (name: JsonSchema, parameters: JsonSchema) => JsonSchema): JsonSchema {
  const pointer = (index: number) => `#/$defs/tool${index}`;
  const calls = tools.map(({ name }, index) => call({ const: name }, { $ref: pointer(index) }));
  const definitions = Object.fromEntries(tools.map(({ parameters }, index) => [`tool${index}`, rebased(parameters, pointer(index))]));
  return { ...(calls.length === 1 ? calls[0] : { anyOf: calls }), $defs: definitions };
}

/** The innermost object around the name that also has the arguments. */
function objectAround(call: WrittenCall, text: string, known?: CallKeys): (CallPlace & { readonly keys: CallKeys }) | undefined {
  const at = text.indexOf(call.name);
  for (let start = text.lastIndexOf("{", at); start >= 0; start = start === 0 ? -1 : text.lastIndexOf("{", start - 1)) {
    const end = closingBehind(text, start);
    const object = end > at ? parsed(text.slice(start, end)) : undefined;
    const keys = isRecord(object) ? keysOf(call, object, known) : undefined;
    if (keys !== undefined) return { start, end, keys };
  }
  return undefined;
}

function keysOf(call: WrittenCall, object: Readonly<Record<string, unknown>>, known: CallKeys | undefined): CallKeys | undefined {
  if (known !== undefined) return object[known.name] === call.name ? known : undefined;
  const entries = Object.entries(object);
  const name = entries.find(([, value]) => value === call.name)?.[0];
  const values = entries.find(([, value]) => isSame(value, call.arguments))?.[0];
  if (name === undefined || values === undefined) return undefined;
  const first = Math.min(...[name, values].map((key) => Object.keys(object).indexOf(key)));
  const before = entries.slice(0, first).map(([key, value]): [string, JsonSchema] => [key, isId(value) ? SHORT : { const: value }]);
  return { name, arguments: values, before: Object.fromEntries(before) };
}

/** Numbers of calls are written as texts. */
function isId(value: unknown): boolean {
  return typeof value === "string" && /\d/.test(value);
}

const SHORT: JsonSchema = { type: "string", minLength: 1, maxLength: 40 };

function isSame(value: unknown, given: unknown): boolean {
  return typeof value === "object" && JSON.stringify(value) === JSON.stringify(given);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
