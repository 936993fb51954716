/** A call as Python writes it, arguments by name: `[add(a=1, b="two")]`. LFM2. */
import type { FormatPart, Tool } from "../../core/index.ts";
import {
  asData,
  byLongestName,
  type CallFamily,
  type CallPlace,
  closingBehind,
  noCall,
  parsed,
  type ReadCall,
  type WrittenCall,
} from "./family.ts";
import { type Parameter, parameterSets, separated, valueType } from "./parameters.ts";

/** What Python calls the values that JSON writes in small letters. */
const WORDS: Readonly<Record<string, unknown>> = { True: true, False: false, None: null };

export const pythonCall: CallFamily = (call, text) => {
  const behind = text.slice(text.indexOf(call.name) + call.name.length);
  const [first] = Object.keys(call.arguments);
  return first !== undefined && text.includes(call.name) && behind.startsWith(`(${first}=`) ? PYTHON : undefined;
};

const PYTHON: ReturnType<CallFamily> & object = {
  family: "python call",
  openings: [""],
  formatOf: (tools) => ({ type: "parts", parts: [{ anyOf: tools.flatMap(callParts) }] }),
  read: readCall,
  placeOf,
};

function callParts(tool: Tool): readonly (readonly FormatPart[])[] {
  return parameterSets(tool).map((parameters) => {
    const members = parameters.map((parameter) => ({
      parts: [asData(parameter.name), "=", valuePart(parameter)],
      isRequired: parameter.isRequired,
    }));
    return [asData(tool.name), "(", ...separated(members, ", "), ")"];
  });
}

function valuePart(parameter: Parameter): FormatPart {
  const json: FormatPart = { json: parameter.schema };
  return valueType(parameter) === "boolean" && !parameter.isNullable && !("const" in parameter.schema) && !("enum" in parameter.schema)
    ? { anyOf: [["True"], ["False"], [json]] }
    : json;
}

function readCall(written: string, tools: readonly Tool[]): ReadCall {
  const tool = byLongestName(tools).find(({ name }) => written.startsWith(`${name}(`));
  if (tool === undefined) return noCall(written);
  const found: [string, unknown][] = [];
  for (let at = tool.name.length + 1; written[at] !== ")"; ) {
    const names = parameterSets(tool).flatMap((parameters) => parameters.map(({ name }) => name));
    const name = names.toSorted((left, right) => right.length - left.length).find((one) => written.startsWith(`${one}=`, at));
    if (name === undefined) return noCall(written);
    const start = at + name.length + 1;
    const end = valueEnd(written, start);
    const said = written.slice(start, end).trim();
    const value = Object.hasOwn(WORDS, said) ? WORDS[said] : parsed(said);
    if (value === undefined) return noCall(written);
    found.push([name, value]);
    at = written.startsWith(", ", end) ? end + 2 : end;
  }
  return { name: tool.name, arguments: Object.fromEntries(found) };
}

/** Behind the value that starts here: a text in quotes, something in brackets, or what ends with the next comma or bracket. */
function valueEnd(text: string, start: number): number {
  const first = text.slice(start).search(/\S/) + start;
  if (text[first] === "{" || text[first] === "[") return closingBehind(text, first);
  if (text[first] === '"') return first + (/^"(?:[^"\\]|\\.)*"/s.exec(text.slice(first))?.[0].length ?? 0);
  return first + (/^[^,)]*/.exec(text.slice(first))?.[0].length ?? 0);
}

function placeOf(call: WrittenCall, text: string): CallPlace {
  const start = text.indexOf(call.name);
  const marks = [...text.slice(start).matchAll(/\uE000\d+\uE001/g)];
  const within = new Set(JSON.stringify(call.arguments).match(/\uE000\d+\uE001/g) ?? []);
  const last = marks.findLast(({ 0: mark }) => within.has(mark));
  const from = last === undefined ? start + call.name.length : start + last.index + last[0].length;
  return { start, end: text.indexOf(")", from) + 1 };
}
