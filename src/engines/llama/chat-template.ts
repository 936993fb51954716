import type { Turn } from "../../core/engine.ts";
import { spaced, withoutTools } from "../../core/plain-conversation.ts";
import type { Tool, ToolCall } from "../../core/tool.ts";
import { MOST_STEPS_OF_PROBE, TemplateLimitError, today } from "../../jinja.ts";
import {
  PROBE_ARGUMENTS,
  recognise,
  type TemplateCalls,
  type UnwrittenCalls,
  unwrittenCalls,
  type WrittenCall,
} from "../../tools/families/index.ts";
import { failure } from "./failure.ts";
import { Marks, type TemplatePiece, withPlainMarks } from "./marks.ts";

/** The model's own template (Jinja, in its file's metadata), ready to be filled in. */
export interface ChatTemplate {
  /** @param mostSteps after which it is given up */
  render(values: Readonly<Record<string, unknown>>, mostSteps?: number): string;
}

/** Texts that templates write between turns. */
export interface SpecialTexts {
  readonly bos_token: string;
  readonly eos_token: string;
}

/** A template, and what was found out about it. */
export interface ChatFormat {
  readonly template: ChatTemplate;
  readonly specials: SpecialTexts;
  readonly toolsAs: ToolsAs;
  readonly argumentsAs: ArgumentsAs;
  /** What a turn of calls has for a text: some write calls only where there is none at all. */
  readonly noText: "" | null;
  /** How the template writes calls. `undefined`: it knows no tools, or writes calls in a way that no family knows. */
  readonly calls: TemplateCalls | undefined;
  /** Where the template leaves it to a turn's text to hold calls: how the model writes them. */
  readonly unwritten: UnwrittenCalls | undefined;
}

type ToolsAs = keyof typeof TOOLS_AS;

/** Arguments of a call: most templates write an object as JSON, others are given the JSON. */
type ArgumentsAs = "object" | "text";

/**
 * What tools are called, and what stands for none. The first that a template takes is right: `none` is what Transformers gives it, and what most are
 * written for (https://huggingface.co/docs/transformers/chat_templating).
 */
const TOOLS_AS = {
  "list or none": (tools: readonly ToolValue[]) => (tools.length === 0 ? { tools: null } : { tools, available_tools: tools }),
  list: (tools: readonly ToolValue[]) => ({ tools }),
  "JSON text": (tools: readonly ToolValue[]) => ({
    functions: spaced(tools.map((tool) => tool.function)),
    datetime: today("%b %d %Y"),
  }),
} as const;

/**
 * Finds out what a template wants to be given and what it knows of tools: it is tried on a conversation in which everything occurs.
 *
 * @throws {EngineError} `model-unsupported`, for a template that goes on without end
 */
export function chatFormat(template: ChatTemplate, specials: SpecialTexts): ChatFormat {
  const ways = Object.keys(TOOLS_AS) as [ToolsAs, ...ToolsAs[]];
  const none = { argumentsAs: "object", noText: "", calls: undefined, unwritten: undefined } as const;
  const plain = { template, specials, toolsAs: ways[0], ...none };
  const toolsAs = ways.find((way) => tried({ ...plain, toolsAs: way }, [HELLO]) !== undefined) ?? plain.toolsAs;
  const format = { ...plain, toolsAs };
  const listed = tried(format, [{ ...HELLO, tools: [TOOL] }]);
  const unwritten = isWhole(listed) ? unwrittenCalls(listed.text) : undefined;
  const written: ChatFormat[] = [
    ...WAYS_TO_CALL.map((way) => ({ ...format, ...way })),
    ...(unwritten === undefined ? [] : [{ ...format, unwritten }]),
  ];
  // Without any, tools are text like everything else.
  return written.map(withCalls).find(({ calls }) => calls !== undefined) ?? format;
}

/** What templates want calls to be given as. */
const WAYS_TO_CALL = (["", null] as const).flatMap((noText) =>
  (["object", "text"] as const).map((argumentsAs) => ({ noText, argumentsAs })),
);

/** Finds out how calls are written that are given so: tried on a conversation with a call and its result, and on one with a call to come. */
function withCalls(format: ChatFormat): ChatFormat {
  for (const called of arrangedCalls(CALLED)) {
    const filled = tried(format, called);
    const [call] = filled?.calls ?? [];
    const calls = isWhole(filled) && call !== undefined ? recognise(plainCall(call), withPlainMarks(filled.text).text) : undefined;
    const isOpen = (turns: readonly Turn[]) => isWhole(tried({ ...format, calls }, turns));
    if (calls !== undefined && [...arrangedCalls(CALLING)].some(isOpen)) return { ...format, calls };
  }
  return format;
}

function isWhole(filled: FilledIn | undefined): filled is FilledIn {
  return filled?.marks.areAllIn(filled.text) === true;
}

function tried(format: ChatFormat, turns: readonly Turn[]): FilledIn | undefined {
  return attempt(() => fillIn(format, turns, MOST_STEPS_OF_PROBE));
}

/** What is found; `undefined` where the template refuses. */
function attempt<Found>(find: () => Found): Found | undefined {
  try {
    return find();
  } catch (cause) {
    if (cause instanceof TemplateLimitError) throw unusable(cause);
    return undefined;
  }
}

function unusable(cause: TemplateLimitError) {
  return failure(
    "model-unsupported",
    "the model's chat template to be filled in within its limits (choose a file with another one)",
    cause,
  );
}

/** The conversation as the template writes it, in the first arrangement of its turns that the template takes. */
export function renderChat(format: ChatFormat, turns: readonly Turn[]): TemplatePiece[] {
  let complaint: unknown;
  for (const arranged of arrangements(turns, format)) {
    try {
      const { marks, text, cut } = fillIn(format, arranged);
      if (marks.areAllIn(text)) return marks.pieces(text.slice(0, cut));
      complaint = new Error("it leaves out a turn");
    } catch (cause) {
      if (cause instanceof TemplateLimitError) throw unusable(cause);
      // Templates refuse roles and orders that their model was not trained on: the next arrangement avoids them.
      complaint = cause;
    }
  }
  throw failure(
    "model-unsupported",
    `the model's chat template to render turns of ${turns.map(({ role }) => role).join(", ") || "nobody"}`,
    complaint,
  );
}

/** What a template writes around an answer. */
export interface Surrounding {
  /** Between what the user says and the answer. */
  readonly before: string;
  /** Behind an answer with which the conversation ends. */
  readonly end: string;
  /** Between the answer and what the user says next. */
  readonly between: string;
}

/** Nothing, where the template takes no such conversation. */
export function surroundingOf(format: ChatFormat): Surrounding {
  const found = attempt(() => {
    const turns: readonly Turn[] = [HELLO, { role: "assistant", text: "answer" }, { role: "user", text: "more" }];
    const { text, marks } = fillIn(format, turns, MOST_STEPS_OF_PROBE);
    const [, before = "", between = ""] = marks
      .pieces(text)
      .filter(({ isData }) => !isData)
      .map((piece) => piece.text);
    const ended = fillIn(format, turns.slice(0, 2), MOST_STEPS_OF_PROBE);
    return marks.areAllIn(text) ? { before, between, end: ended.text.slice(ended.cut) } : undefined;
  });
  return found ?? { before: "", between: "", end: "" };
}

/** From what was said to what any template takes. Each says all that the turns say. */
function arrangements(turns: readonly Turn[], { calls }: ChatFormat): ReadonlySet<readonly Turn[]> {
  const hasTools = turns.some((turn) => turn.tools !== undefined || turn.calls !== undefined || turn.isCalling === true);
  return calls !== undefined && hasTools ? arrangedCalls(turns) : allFolded([withoutTools(turns)]);
}

/** From what says all to what any template that writes calls takes. */
function arrangedCalls(turns: readonly Turn[]): ReadonlySet<readonly Turn[]> {
  const arranged = [turns, splitCalls(turns), withoutCallTexts(turns)];
  return allFolded([...arranged, ...arranged.map(withToolsAsText)]);
}

function allFolded(arranged: Iterable<readonly Turn[]>): ReadonlySet<readonly Turn[]> {
  const folded = [...arranged].map((turns) => [turns, foldLaterSystem(turns), foldSystem(turns)]);
  return new Set(folded.flatMap((ways) => [...ways, ...ways.map(mergeSpeakers)]));
}

interface FilledIn {
  readonly text: string;
  readonly marks: Marks;
  /** All calls, the one that is about to be made included. */
  readonly calls: readonly MarkedCall[];
  /** Where the prefix ends. */
  readonly cut: number;
}

function fillIn(format: ChatFormat, turns: readonly Turn[], mostSteps?: number): FilledIn {
  const marks = new Marks();
  const calls: MarkedCall[] = [];
  const last = turns.at(-1);
  const isOpen = last?.role === "assistant";
  const messages = turns.map((turn) => messageOf(turn, { format, turns, marks, calls }));
  const tools = turns.flatMap((turn) => turn.tools ?? []).map((tool) => toolValue(tool, marks));
  const values = { ...format.specials, messages, add_generation_prompt: !isOpen, ...TOOLS_AS[format.toolsAs](tools) };
  const text = format.template.render(values, mostSteps);
  const next = calls.at(-1);
  const hasCalls = last?.isCalling === true || (last?.calls ?? []).length > 0;
  if (!isOpen) return { text, marks, calls, cut: text.length };
  const content = String(messages.at(-1)?.["content"] ?? "");
  if (hasCalls && next !== undefined) {
    const cut = placeOf(next, text, format)[last.isCalling === true ? "start" : "end"];
    if (last.text !== "" && format.unwritten === undefined && !text.slice(0, cut).includes(content))
      throw new Error("it writes calls in front of the text");
    return { text, marks, calls, cut };
  }
  return { text, marks, calls, cut: text.lastIndexOf(content) + content.length };
}

interface Filling {
  readonly format: ChatFormat;
  readonly turns: readonly Turn[];
  readonly marks: Marks;
  readonly calls: MarkedCall[];
}

function messageOf(turn: Turn, { format, turns, marks, calls }: Filling): Record<string, unknown> {
  const { role, text, calls: made = [], isCalling = false, callId } = turn;
  if (role === "tool") {
    const all = turns.flatMap((one) => one.calls ?? []);
    const index = all.findIndex(({ id }) => id === callId);
    return { role, name: marks.offer(all[index]?.name ?? ""), tool_call_id: idText(index), content: marks.add(text) };
  }
  const marked = [...made.map((call) => markCall(call, format, marks)), ...(isCalling ? [nextCall(format, marks)] : [])];
  // The prefix ends behind the very text of the last turn.
  if (marked.length === 0) return { role, content: turn === turns.at(-1) && role === "assistant" ? marks.addWhole(text) : marks.add(text) };
  const first = calls.length;
  calls.push(...marked);
  if (format.unwritten !== undefined) return { role, content: marks.add(text) + format.unwritten.text(marked as readonly WrittenCall[]) };
  const content = text === "" ? format.noText : marks.add(text);
  return { role, content, tool_calls: marked.map((call, index) => callValue(call, first + index)) };
}

const HELLO: Turn = { role: "user", text: "ask" };

const CALL = { id: "call", name: "tool", arguments: PROBE_ARGUMENTS };

const SCHEMA = { type: "object", properties: { text: { type: "string", description: "what" } }, required: ["text"] };

const TOOL: Tool = { name: CALL.name, description: "does", parameters: SCHEMA };

const CALLED: readonly Turn[] = [
  { role: "system", text: "system", tools: [TOOL] },
  HELLO,
  { role: "assistant", text: "text", calls: [CALL] },
  { role: "tool", text: "result", callId: CALL.id },
];

const CALLING: readonly Turn[] = [
  ...CALLED,
  { role: "assistant", text: "answer" },
  { role: "user", text: "more" },
  { role: "assistant", text: "", isCalling: true },
];

/** One call, with marks for what it says. */
interface MarkedCall {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>> | string;
}

function markCall(
  { name, arguments: values }: Pick<ToolCall, "name" | "arguments">,
  { argumentsAs }: ChatFormat,
  marks: Marks,
): MarkedCall {
  const marked = marks.addAll(values);
  return { name: marks.add(name), arguments: argumentsAs === "object" ? marked : spaced(marked) };
}

/** The call that is about to be made; nothing of it is in the prefix. */
function nextCall(format: ChatFormat, marks: Marks): MarkedCall {
  const call = markCall({ name: "", arguments: { "": "" } }, format, marks);
  return { ...call, name: marks.addWhole("") };
}

/** A call as templates expect it. Some insist on an id of nine letters and digits. */
function callValue(call: MarkedCall, id: number): Record<string, unknown> {
  return { id: idText(id), type: "function", function: call };
}

function idText(id: number): string {
  return String(id).padStart(9, "0");
}

/** A tool as templates expect it. */
interface ToolValue {
  readonly type: "function";
  readonly function: Record<string, unknown>;
}

function toolValue({ name, description = "", parameters }: Tool, marks: Marks): ToolValue {
  return {
    type: "function",
    function: { name: marks.add(name), description: marks.add(description), parameters: marks.addSchema(parameters) },
  };
}

/** @throws {Error} where the template writes no calls, or leaves this one out */
function placeOf(call: MarkedCall, text: string, { calls }: ChatFormat): { readonly start: number; readonly end: number } {
  if (calls === undefined) throw new Error("it writes calls in a way of its own");
  const plain = withPlainMarks(text);
  const { start, end } = calls.placeOf(plainCall(call), plain.text);
  return { start: plain.placeOf(start), end: plain.placeOf(end) };
}

function plainCall({ name, arguments: values }: MarkedCall) {
  const json = typeof values === "string" ? values : JSON.stringify(values);
  return { name: withPlainMarks(name).text, arguments: JSON.parse(withPlainMarks(json).text) as Record<string, unknown> };
}

/**
 * For templates in which only the first turn may be the system's, or none: what it says goes in front of what the user says next, so that nothing
 * changes its place.
 *
 * @param from the first turn that is folded
 */
function foldSystem(turns: readonly Turn[], from = 0): readonly Turn[] {
  if (!turns.some(({ role }, index) => role === "system" && index >= from)) return turns;
  const folded: Turn[] = [];
  let waiting: Turn | undefined;
  for (const [index, turn] of turns.entries()) {
    if (turn.role === "system" && index >= from) waiting = waiting === undefined ? turn : joined(waiting, turn);
    else if (waiting === undefined) folded.push(turn);
    else if (turn.role === "user") {
      folded.push({ ...joined(waiting, turn), role: "user" });
      waiting = undefined;
    } else {
      folded.push({ ...waiting, role: "user" }, turn);
      waiting = undefined;
    }
  }
  return waiting === undefined ? folded : [...folded, { ...waiting, role: "user" }];
}

function foldLaterSystem(turns: readonly Turn[]): readonly Turn[] {
  return foldSystem(turns, 1);
}

/** Two turns as one. */
function joined(first: Turn, second: Turn): Turn {
  const tools = [...(first.tools ?? []), ...(second.tools ?? [])];
  const text = [first.text, second.text].filter((part) => part !== "").join("\n\n");
  return { ...second, text, ...(tools.length === 0 ? {} : { tools }) };
}

/** For templates that want user and assistant to take turns. */
function mergeSpeakers(turns: readonly Turn[]): readonly Turn[] {
  const merged: Turn[] = [];
  for (const turn of turns) {
    const last = merged.at(-1);
    const isPlain = turn.role !== "tool" && last?.calls === undefined && turn.calls === undefined && turn.isCalling !== true;
    if (isPlain && last?.role === turn.role) merged[merged.length - 1] = joined(last, turn);
    else merged.push(turn);
  }
  return merged.length === turns.length ? turns : merged;
}

/** For templates in which a turn has either text or one call: a turn for the text, and one for each call. */
function splitCalls(turns: readonly Turn[]): readonly Turn[] {
  return turns.flatMap((turn) => {
    const { role, text, calls = [], isCalling = false } = turn;
    if (calls.length === 0 && !isCalling) return [turn];
    const texts: readonly Turn[] = text === "" ? [] : [{ role, text }];
    const made = calls.map((call): Turn => ({ role, text: "", calls: [call] }));
    return [...texts, ...made, ...(isCalling ? [{ role, text: "", isCalling } as const] : [])];
  });
}

/** For templates that write only the calls of a turn, and take no other turn for its text. */
function withoutCallTexts(turns: readonly Turn[]): readonly Turn[] {
  return turns.map((turn) => (turn.isCalling === true || (turn.calls ?? []).length > 0 ? { ...turn, text: "" } : turn));
}

/** For templates that write calls, and leave it to the system's turn to say what may be called; or that cannot read a tool's schema. */
function withToolsAsText(turns: readonly Turn[]): readonly Turn[] {
  const tools = turns.flatMap((turn) => turn.tools ?? []);
  const text = ["You may call these tools:", ...tools.map((tool) => spaced(tool))].join("\n");
  const without = turns.map(({ tools: _, ...turn }) => turn);
  const [first, ...others] = without;
  if (tools.length === 0) return turns;
  return first?.role === "system" ? [joined(first, { role: "system", text }), ...others] : [{ role: "system", text }, ...without];
}
