import type { CallKeys, Tool, ToolCall, Turn } from "../../core/engine.ts";
import { spaced, withoutTools } from "../../core/plain-conversation.ts";
import { MOST_STEPS_OF_PROBE, TemplateLimitError, today } from "../../jinja.ts";
import { failure } from "./failure.ts";
import { escaped, Marks, type TemplatePiece, withMarksEscaped } from "./marks.ts";

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
  /** How the template writes calls. `undefined`: it knows no tools, or writes calls in a way that no schema can constrain. */
  readonly callKeys: CallKeys | undefined;
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
  const plain = { template, specials, toolsAs: ways[0], argumentsAs: "object", callKeys: undefined } as const;
  const toolsAs =
    ways.find((way) => attempt(() => fillIn({ ...plain, toolsAs: way }, [HELLO], MOST_STEPS_OF_PROBE)) !== undefined) ?? plain.toolsAs;
  const takes = (argumentsAs: ArgumentsAs, turns: readonly Turn[]) =>
    attempt(() => fillIn({ ...plain, toolsAs, argumentsAs }, turns, MOST_STEPS_OF_PROBE));
  const argumentsAs = (["object", "text"] as const).find((way) => [CALLED, splitCalls(CALLED)].some((turns) => isWhole(takes(way, turns))));
  // Then tools are text like everything else.
  if (argumentsAs === undefined) return { ...plain, toolsAs };
  const callKeys = [CALLING, splitCalls(CALLING)].map((turns) => {
    const filled = takes(argumentsAs, turns);
    const next = filled?.calls.at(-1);
    return isWhole(filled) && next !== undefined ? placeOf(next, filled.text).keys : undefined;
  });
  return { ...plain, toolsAs, argumentsAs, callKeys: callKeys.find((keys) => keys !== undefined) };
}

function isWhole(filled: FilledIn | undefined): filled is FilledIn {
  return filled?.marks.areAllIn(filled.text) === true;
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
function arrangements(turns: readonly Turn[], { callKeys }: ChatFormat): ReadonlySet<readonly Turn[]> {
  const withTools = callKeys === undefined ? [] : [turns, splitCalls(turns)];
  return new Set(
    [...withTools, withoutTools(turns)].flatMap((arranged) => {
      const folded = [arranged, foldLaterSystem(arranged), foldSystem(arranged)];
      return [...folded, ...folded.map(mergeSpeakers)];
    }),
  );
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
  if (hasCalls && next !== undefined) return { text, marks, calls, cut: placeOf(next, text)[last.isCalling === true ? "start" : "end"] };
  const content = String(messages.at(-1)?.["content"]);
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
  return { role, content: marks.add(text), tool_calls: marked.map((call, index) => callValue(call, first + index)) };
}

const HELLO: Turn = { role: "user", text: "ask" };

const CALL = { id: "call", name: "tool", arguments: { place: "here" } };

const CALLED: readonly Turn[] = [
  { role: "system", text: "system", tools: [{ name: "tool", description: "does", parameters: schemaOf("place") }] },
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

function schemaOf(name: string) {
  return { type: "object", properties: { [name]: { type: "string", description: "where" } }, required: [name] };
}

/** One call, with marks for what it says. */
interface MarkedCall {
  readonly name: string;
  readonly arguments: unknown;
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

/** Where a template writes a call as a JSON object, and how it names its parts. */
interface CallPlace {
  readonly start: number;
  readonly end: number;
  readonly keys: CallKeys;
}

/** @throws {Error} when the template writes calls in some other way: then they cannot be constrained by a schema */
function placeOf(call: MarkedCall, text: string): CallPlace {
  const at = Math.max(text.indexOf(call.name), text.indexOf(escaped(call.name)));
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
  const values = JSON.stringify(typeof call.arguments === "string" ? JSON.parse(call.arguments) : call.arguments);
  const name = entries.find(([, value]) => value === call.name)?.[0];
  const key = entries.find(([, value]) => JSON.stringify(value) === values)?.[0];
  return name === undefined || key === undefined ? undefined : { name, arguments: key };
}

function entriesOf(object: string): [string, unknown][] {
  try {
    return Object.entries(JSON.parse(withMarksEscaped(object)) as Record<string, unknown>);
  } catch {
    // Braces of the template's own.
    return [];
  }
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
