/**
 * A name, and behind it the arguments as JSON: `[TOOL_CALLS]add[ARGS]{"a": 1}` (Mistral), DeepSeek R1 to V3.1, Kimi K2,
 * ` to=functions.add<|channel|>commentary json<|message|>{"a": 1}` (gpt-oss), `<function=add>{"a": 1}</function>` (functionary), Solar.
 */
import type { Tool } from "../../core/index.ts";
import {
  asData,
  byLongestName,
  type CallFamily,
  type CallPlace,
  closingBehind,
  Frame,
  headBefore,
  noCall,
  parsed,
  type ReadCall,
  type WrittenCall,
} from "./family.ts";

export const namedJson: CallFamily = (call, text) => {
  const nameStart = text.indexOf(call.name);
  const nameEnd = nameStart + call.name.length;
  const start = argumentsStart(call, text, nameEnd);
  if (nameStart < 0 || start === undefined) return undefined;
  const head = headBefore(text, nameStart);
  const middle = new Frame(text.slice(nameEnd, start), call);
  return {
    family: "json behind the name",
    openings: openingsOf(head, text.slice(nameEnd, start)),
    formatOf: (tools) => ({
      type: "parts",
      parts: [head, { anyOf: tools.map(({ name, parameters }) => [asData(name), ...middle.parts(name), { json: parameters }]) }],
    }),
    read: (written, tools) => readCall(written, { head, middle, tools }),
    placeOf: (other, whole) => placeOf(other, whole, head),
  };
};

/** gpt-oss may open a channel first, and say behind it whom it speaks to. */
function openingsOf(head: string, middle: string): readonly string[] {
  const channel = /^<\|channel\|>\w+/.exec(middle)?.[0];
  return channel === undefined ? [head] : [head, channel + head];
}

function readCall(written: string, { head, middle, tools }: { head: string; middle: Frame; tools: readonly Tool[] }): ReadCall {
  for (const { name } of byLongestName(tools)) {
    if (!written.startsWith(head + name)) continue;
    const end = middle.endIn(written, head.length + name.length, name);
    const values = end < 0 ? undefined : parsed(written.slice(end));
    if (values !== undefined) return { name, arguments: values as ReadCall["arguments"] };
  }
  return noCall(written);
}

function placeOf(call: WrittenCall, text: string, head: string): CallPlace {
  const nameStart = text.indexOf(call.name);
  const end = closingBehind(text, text.indexOf("{", nameStart));
  return { start: nameStart - head.length, end };
}

/** Where the template writes all arguments as one JSON object. */
function argumentsStart(call: WrittenCall, text: string, from: number): number | undefined {
  const start = text.indexOf("{", from);
  const written = start < 0 ? undefined : parsed(text.slice(start, closingBehind(text, start)));
  return JSON.stringify(written) === JSON.stringify(call.arguments) ? start : undefined;
}
