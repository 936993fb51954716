/**
 * Calls that a model writes into its text as JSON, bare or in a fence of Markdown, in place of the marks that its template has for them. They are read only
 * where the text ends with them, and all of them fit a tool: what a model explains, quotes or gets wrong stays text.
 */
import type { Boundary, Engine, Generation, GenerationRequest, Meter, Token, Tool } from "../core/index.ts";
import { closingBehind, parsed } from "./families/family.ts";
import { draw } from "./lead.ts";

/** Who writes, and what may be called. */
interface Caller {
  readonly engine: Engine;
  readonly tools: readonly Tool[];
}

export interface TextCalls {
  /** Where they begin; where none do, and none may have begun, the end of the text. */
  readonly start: number;
  /** Which tools are called, in order; a call that is not whole is the last of them, once its arguments begin. */
  readonly called: readonly Tool[];
  /** Whether the text is these calls from `start` on: it is not where the last call is open, and while it is not known whether it is one. */
  readonly areWhole: boolean;
}

/** What stands at the beginning of a line, where calls or a fence around them may begin. */
const BEGINNINGS = /(?<=^[ \t]*)[`{[]/gm;

/** The calls with which a text ends, or may yet end. */
export function textCalls(text: string, caller: Caller): TextCalls {
  for (const { index } of text.matchAll(BEGINNINGS)) {
    const calls = callsIn(text.slice(index), caller);
    if (calls !== undefined) return { start: index, ...calls };
  }
  return { start: text.length, called: [], areWhole: false };
}

/** Ends a text before such calls. What may yet become some is held back, until that is known. */
export function endingBeforeCalls(boundary: Boundary, caller: Caller): Boundary {
  const lengthOf = (text: string) => {
    const { start, areWhole } = textCalls(text, caller);
    return areWhole ? start : text.length;
  };
  return {
    reach: boundary.reach,
    endOf: (text) => {
      const end = boundary.endOf(text);
      return end === undefined ? undefined : lengthOf(text.slice(0, end));
    },
    safeLength: (text) => Math.min(boundary.safeLength(text), textCalls(text, caller).start),
    wholeLength: (text) => lengthOf(text.slice(0, boundary.wholeLength(text))),
  };
}

/** Where calls may be drawn that a text would begin with. */
interface TextDraft {
  readonly generation: Generation;
  /** What is known already of what follows its prompt. */
  readonly begun: readonly Token[];
  readonly meter: Meter;
}

/**
 * Draws what the model writes, plainly and to show to nobody, as long as it may be such calls and nothing else.
 *
 * @returns what was drawn, and which tools it calls; of a call that the token limit has cut, too
 */
export async function tryTextCalls(
  caller: Caller & Pick<GenerationRequest, "turns" | "settings" | "promptOf">,
  { generation, begun, meter }: TextDraft,
): Promise<{ readonly drawn: readonly Token[]; readonly called: readonly Tool[] | undefined }> {
  const { engine, turns, settings, promptOf } = caller;
  const { prompt, ending } = generation;
  const { boundary } = promptOf(engine, turns, settings);
  const read = (tokens: readonly Token[]) => {
    // A character may be half drawn.
    const text = engine.tokenizer
      .detokenize(tokens, prompt)
      .trimStart()
      .replace(/\uFFFD+$/, "");
    return text.slice(0, boundary.wholeLength(text));
  };
  const isSomethingElse = (text: string) => text !== "" && textCalls(text, caller).start > 0;
  if (isSomethingElse(read(begun))) return { drawn: [], called: undefined };
  const until = (tokens: readonly Token[]) => ending.isOver(tokens) || isSomethingElse(read(tokens));
  const drawn = await draw({ prefix: prompt, maxTokens: ending.limit, until }, generation, meter);
  const { start, called, areWhole } = textCalls(read(drawn), caller);
  const isCut = drawn.length === ending.limit && called.length > 0;
  return { drawn, called: start === 0 && (areWhole || isCut) ? called : undefined };
}

const FENCE = "```";
/** Qwen 2.5 Coder's template shows calls in doubled braces, and so the model writes them, with one or two at their end. */
const DOUBLED = "{{";
const OPENED = /^`{3,}[\w-]*\s*/;

/** `undefined` for a text that is something else, whatever follows. */
function callsIn(text: string, caller: Caller): Omit<TextCalls, "start"> | undefined {
  const called: Tool[] = [];
  let rest = text;
  // Some models give each call a fence of its own.
  do {
    const behind = behindCalls(rest, { ...caller, called });
    if (behind === undefined || behind === OPEN) return behind && { called, areWhole: false };
    rest = behind;
  } while (rest !== "");
  return { called, areWhole: true };
}

/** What stands in place of what follows a call that is not whole. */
const OPEN = Symbol("open");

/**
 * What follows a fence, a list or some bare calls with which a text begins; the calls are added to `called`.
 *
 * @returns `undefined` where the text begins with something else
 */
function behindCalls(text: string, { called, ...caller }: Caller & { readonly called: Tool[] }): string | typeof OPEN | undefined {
  if (FENCE.startsWith(text)) return OPEN;
  const fence = OPENED.exec(text)?.[0] ?? "";
  let rest = text.slice(fence.length);
  const isList = rest.startsWith("[");
  if (isList) rest = rest.slice(1).trimStart();
  // In a list, commas stand between calls; elsewhere some models write them, too.
  for (let isDue = true; isDue || rest.startsWith("{"); ) {
    if (rest === "") return OPEN;
    const isDoubled = rest.startsWith(DOUBLED);
    if (isDoubled) rest = rest.slice(1);
    const tool = toolBegun(rest, caller);
    if (tool === undefined) return mayBegin(rest, caller) ? OPEN : undefined;
    called.push(tool);
    const end = closingBehind(rest, 0);
    if (end < 0) return OPEN;
    if (!fits(rest.slice(0, end), tool, caller)) return undefined;
    rest = rest.slice(end).trimStart();
    if (isDoubled && rest.startsWith("}")) rest = rest.slice(1).trimStart();
    isDue = rest.startsWith(",");
    if (isDue) rest = rest.slice(1).trimStart();
  }
  if (isList) {
    if (rest === "") return OPEN;
    if (!rest.startsWith("]")) return undefined;
    rest = rest.slice(1).trimStart();
  }
  return fence === "" ? rest : rest.replace(/^`+\s*/, "");
}

/** Under which names models write arguments. */
const KEYS = ["arguments", "parameters"] as const;

/** What each call begins with, without white space. */
function beginningsOf({ name }: Tool): readonly string[] {
  return KEYS.map((key) => withoutSpace(`{"name":${JSON.stringify(name)},"${key}":{`));
}

/** The tool whose arguments begin here. */
function toolBegun(text: string, { tools }: Caller): Tool | undefined {
  const begun = withoutSpace(text);
  return tools.find((tool) => beginningsOf(tool).some((beginning) => begun.startsWith(beginning)));
}

function mayBegin(text: string, { tools }: Caller): boolean {
  const begun = withoutSpace(text);
  return tools.some((tool) => beginningsOf(tool).some((beginning) => beginning.startsWith(begun)));
}

/** Whether a call has a name and arguments, nothing else, and these could be written under the schema of the tool. */
function fits(json: string, { parameters }: Tool, { engine }: Caller): boolean {
  const call = parsed(json) as Readonly<Record<string, unknown>> | undefined;
  const values = KEYS.map((key) => call?.[key]).find((one) => one !== undefined);
  if (call === undefined || Object.keys(call).length !== 2) return false;
  let text = engine.formats?.begin({ format: { type: "json", schema: parameters }, prefix: [] });
  for (const token of engine.tokenizer.tokenize(JSON.stringify(inOrder(values as object, parameters)))) text = text?.after(token);
  return text !== undefined;
}

/** Formats are written in the order of the schema, models write in any. */
function inOrder(values: object, { properties }: Tool["parameters"]): object {
  const names = Object.keys((properties as object | undefined) ?? {});
  const declared = names.filter((name) => Object.hasOwn(values, name));
  return Object.fromEntries([...new Set([...declared, ...Object.keys(values)])].map((name) => [name, Reflect.get(values, name)]));
}

function withoutSpace(text: string): string {
  return text.replaceAll(/\s/g, "");
}
