/** How models write calls of tools: found from what a template writes for a call, never from a model's name. One family, one file; one line here. */
import type { CallFamily, TemplateCalls, WrittenCall } from "./family.ts";
import { gemma } from "./gemma.ts";
import { jsonObject, keyedObject } from "./json-object.ts";
import { namedJson } from "./named-json.ts";
import { pythonCall } from "./python-call.ts";
import { tagged } from "./tagged.ts";

export { byLongestName, PROBE_ARGUMENTS, type TemplateCalls, type WrittenCall } from "./family.ts";
export { type CallKeys, jsonCalls } from "./json-object.ts";
export { type UnwrittenCalls, unwrittenCalls } from "./unwritten.ts";

const FAMILIES: readonly CallFamily[] = [jsonObject, keyedObject, namedJson, gemma, pythonCall, tagged];

/**
 * How a template writes calls.
 *
 * @param call with `PROBE_ARGUMENTS`, all of its texts as marks
 * @param text in which the template wrote it
 * @returns `undefined` where it is written in a way that no family knows
 */
export function recognise(call: WrittenCall, text: string): TemplateCalls | undefined {
  for (const family of FAMILIES) {
    const calls = family(call, text);
    if (calls !== undefined) return calls;
  }
  return undefined;
}
