/**
 * Each argument between tags of its own, texts without quotes: `<function=add><parameter=a>` (Qwen3-Coder, Nemotron 3, Seed-OSS), `<arg_key>` (GLM, Ling),
 * `<invoke name="add">` (MiniMax M2, DeepSeek V3.2), Kimi K3 and others.
 */
import type { FormatPart, Tool } from "../../core/index.ts";
import {
  asData,
  byLongestName,
  type CallFamily,
  type CallPlace,
  Frame,
  headBefore,
  noCall,
  parsed,
  type ReadCall,
  type WrittenCall,
} from "./family.ts";
import { type Parameter, parameterSets, type ValueType, valueType } from "./parameters.ts";

/** What a template writes around the parts of a call. */
interface Tags {
  /** In front of the name. */
  readonly head: string;
  /** Between the name and the first argument. */
  readonly behindName: Frame;
  /** In front of a key. */
  readonly open: string;
  /** Between a key and a value of this type. */
  readonly middles: Readonly<Record<ValueType, string>>;
  /** Behind a value. */
  readonly close: string;
  /** Behind the last argument. */
  readonly end: string;
}

export const tagged: CallFamily = (call, text) => {
  const tags = tagsOf(call, text);
  if (tags === undefined) return undefined;
  return {
    family: "tagged arguments",
    openings: [tags.head],
    formatOf: (tools) => ({ type: "parts", parts: [tags.head, { anyOf: tools.flatMap((tool) => callParts(tool, tags)) }] }),
    read: (written, tools) => readCall(written, tags, tools),
    placeOf: (other, whole) => placeOf(other, whole, tags),
  };
};

function tagsOf(call: WrittenCall, text: string): Tags | undefined {
  const entries = Object.entries(call.arguments);
  const [[firstKey, first], [secondKey, second], ...others] = entries as [[string, string], [string, string], ...[string, unknown][]];
  const nameEnd = endOf(text, call.name);
  const behindName = between(text, nameEnd, firstKey);
  const between_ = between(text, endOf(text, first), secondKey);
  const middle = between(text, endOf(text, firstKey), first);
  if (behindName === undefined || between_ === undefined || middle === undefined || middle === "") return undefined;
  const open = commonEnd(behindName, between_);
  const close = between_.slice(0, between_.length - open.length);
  const last = others.at(-1);
  const tail = last === undefined ? "" : text.slice(endOf(text, last[0]));
  const lastEnd = last === undefined ? -1 : tail.lastIndexOf(close);
  if (open === "" || close.length < 2 || lastEnd < 0 || between(text, endOf(text, secondKey), second) !== middle) return undefined;
  const behindSecond = text.slice(endOf(text, second));
  const found = middlesOf(others, behindSecond, { close, middle });
  const end = found === undefined ? undefined : endBehind(found.rest, open);
  if (found === undefined || end === undefined) return undefined;
  const head = headBefore(text, text.indexOf(call.name));
  return {
    head,
    behindName: new Frame(behindName.slice(0, behindName.length - open.length), call),
    open,
    middles: found.middles,
    close,
    end,
  };
}

/** What stands between keys and values that are no texts, and the text behind the last value's tag. */
function middlesOf(
  others: readonly [string, unknown][],
  text: string,
  { close, middle }: Pick<Tags, "close"> & { readonly middle: string },
) {
  const middles: Record<string, string> = { string: middle };
  let rest = text;
  for (const [key, value] of others) {
    const keyEnd = endOf(rest, key);
    const valueEnd = rest.indexOf(close, keyEnd + 1);
    const written = new RegExp(`${lastSigns(value)}$`, "is").exec(rest.slice(keyEnd, valueEnd));
    if (keyEnd < 0 || valueEnd < 0 || written === null) return undefined;
    middles[Array.isArray(value) ? "array" : typeof value] = rest.slice(keyEnd, keyEnd + written.index);
    rest = rest.slice(valueEnd + close.length);
  }
  return { middles: middles as Tags["middles"], rest };
}

/** What a value is written as: a number or `true` as it is, all else from its bracket on. */
function lastSigns(value: unknown): string {
  if (typeof value !== "object") return String(value);
  return Array.isArray(value) ? "\\[.*" : "\\{.*";
}

/** The first tag behind all arguments, with which no argument begins. */
function endBehind(text: string, open: string): string | undefined {
  for (let length = text.indexOf(">") + 1; length > 0; length = text.indexOf(">", length) + 1)
    if (!open.startsWith(text.slice(0, length))) return text.slice(0, length);
  return undefined;
}

function endOf(text: string, part: string): number {
  const start = text.indexOf(part);
  return start < 0 ? -1 : start + part.length;
}

function between(text: string, from: number, to: string): string | undefined {
  const end = text.indexOf(to, Math.max(0, from));
  return from < 0 || end < 0 ? undefined : text.slice(from, end);
}

function commonEnd(left: string, right: string): string {
  let length = 0;
  while (length < Math.min(left.length, right.length) && left.at(-1 - length) === right.at(-1 - length)) length++;
  return left.slice(left.length - length);
}

function callParts(tool: Tool, tags: Tags): readonly (readonly FormatPart[])[] {
  return parameterSets(tool).map((parameters) => [
    asData(tool.name),
    ...tags.behindName.parts(tool.name),
    ...parameters.flatMap((parameter) => argumentParts(parameter, tags)),
    tags.end,
  ]);
}

function argumentParts(parameter: Parameter, tags: Tags): readonly FormatPart[] {
  const { name, schema, isRequired, isText, isNullable } = parameter;
  const { open, middles, close } = tags;
  const raw: FormatPart = { raw: schema, before: close };
  const value: FormatPart = !isText ? { json: schema } : isNullable ? { anyOf: [[raw], ["null"]] } : raw;
  const parts = [open, asData(name), middles[valueType(parameter)], value, close];
  return isRequired ? parts : [{ anyOf: [parts, []] }];
}

function readCall(written: string, tags: Tags, tools: readonly Tool[]): ReadCall {
  for (const tool of byLongestName(tools)) {
    if (!written.startsWith(tags.head + tool.name)) continue;
    const at = tags.behindName.endIn(written, tags.head.length + tool.name.length, tool.name);
    if (at < 0) continue;
    for (const parameters of parameterSets(tool)) {
      const found = readArguments(written.slice(at), parameters, tags);
      if (found !== undefined) return { name: tool.name, arguments: found };
    }
  }
  return noCall(written);
}

function readArguments(written: string, parameters: readonly Parameter[], tags: Tags): ReadCall["arguments"] | undefined {
  const found: [string, unknown][] = [];
  let rest = written;
  for (const parameter of parameters) {
    const before = tags.open + parameter.name + tags.middles[valueType(parameter)];
    if (!rest.startsWith(before)) {
      if (parameter.isRequired) return undefined;
      continue;
    }
    rest = rest.slice(before.length);
    const value = readValue(rest, parameter, tags.close);
    if (value === undefined) return undefined;
    found.push([parameter.name, value.value]);
    rest = rest.slice(value.length + tags.close.length);
  }
  return rest.startsWith(tags.end) ? Object.fromEntries(found) : undefined;
}

/** A text ends with the first tag behind it, JSON with the first behind which it is whole. */
function readValue(text: string, { isText, isNullable }: Parameter, close: string): { value: unknown; length: number } | undefined {
  for (let length = text.indexOf(close); length >= 0; length = text.indexOf(close, length + 1)) {
    const said = text.slice(0, length);
    if (isText) return { value: isNullable && said === "null" ? null : said, length };
    const value = parsed(said);
    if (value !== undefined) return { value, length };
  }
  return undefined;
}

function placeOf(call: WrittenCall, text: string, tags: Tags): CallPlace {
  const nameStart = text.indexOf(call.name);
  const lastKey = Object.keys(call.arguments).at(-1);
  const from = endOf(text, lastKey ?? call.name);
  const value = lastKey === undefined ? from : text.indexOf(tags.close, from);
  const end = text.indexOf(tags.end, value);
  return { start: nameStart - tags.head.length, end: end < 0 ? text.length : end + tags.end.length };
}
