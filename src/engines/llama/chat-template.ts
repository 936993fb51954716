import type { CallKeys, Tool, ToolCall, Turn } from "../../core/engine.ts";
import { spaced, withoutTools } from "../../core/plain-conversation.ts";
import { failure } from "./failure.ts";

/** The model's own template (Jinja, in its file's metadata), ready to be filled in. */
export interface ChatTemplate {
  render(values: Record<string, unknown>): string;
}

/** Texts that templates write between turns. */
export interface SpecialTexts {
  readonly bos_token: string;
  readonly eos_token: string;
}

export interface ChatFormat {
  readonly template: ChatTemplate;
  readonly specials: SpecialTexts;
  /** How the template writes calls. `undefined`: it knows no tools, or writes calls in a way that no schema can constrain. */
  readonly callKeys: CallKeys | undefined;
}

/** Finds out what a template knows of tools: it is tried on a conversation in which everything occurs. */
export function chatFormat(template: ChatTemplate, specials: SpecialTexts): ChatFormat {
  for (const turns of [PROBE, splitCalls(PROBE)]) {
    try {
      const { marks, text, calls } = fillIn(template, turns, specials);
      const next = calls.at(-1);
      if (marks.areAllIn(text) && next !== undefined) return { template, specials, callKeys: placeOf(next, text).keys };
    } catch {
      // Then tools are text like everything else.
    }
  }
  return { template, specials, callKeys: undefined };
}

/** The conversation as the template writes it, in the first arrangement of its turns that the template takes. */
export function renderChat(format: ChatFormat, turns: readonly Turn[]): TemplatePiece[] {
  let complaint: unknown;
  for (const arranged of arrangements(turns, format)) {
    try {
      const { marks, text, cut } = fillIn(format.template, arranged, format.specials);
      if (marks.areAllIn(text)) return marks.pieces(text.slice(0, cut));
      complaint = new Error("it leaves out a turn");
    } catch (cause) {
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

function arrangements(turns: readonly Turn[], { callKeys }: ChatFormat): readonly (readonly Turn[])[] {
  const plain = withoutTools(turns);
  const native = callKeys === undefined ? [] : [turns, splitCalls(turns), foldSystem(turns), foldSystem(splitCalls(turns))];
  return [...native, plain, foldSystem(plain), mergeSpeakers(foldSystem(plain))];
}

interface FilledIn {
  readonly text: string;
  readonly marks: Marks;
  /** All calls, the one that is about to be made included. */
  readonly calls: readonly MarkedCall[];
  /** Where the prefix ends. */
  readonly cut: number;
}

function fillIn(template: ChatTemplate, turns: readonly Turn[], specials: SpecialTexts): FilledIn {
  const marks = new Marks();
  const calls: MarkedCall[] = [];
  const messages = turns.map((turn) => messageOf(turn, { turns, marks, calls }));
  const tools = turns.flatMap((turn) => turn.tools ?? []).map((tool) => toolValue(tool, marks));
  const last = turns.at(-1);
  const isOpen = last?.role === "assistant";
  const values = { ...specials, messages, add_generation_prompt: !isOpen };
  const text = template.render(tools.length === 0 ? values : { ...values, tools });
  const next = calls.at(-1);
  const hasCalls = last?.isCalling === true || (last?.calls ?? []).length > 0;
  if (!isOpen) return { text, marks, calls, cut: text.length };
  if (hasCalls && next !== undefined) return { text, marks, calls, cut: placeOf(next, text)[last.isCalling === true ? "start" : "end"] };
  const content = String(messages.at(-1)?.["content"]);
  return { text, marks, calls, cut: text.lastIndexOf(content) + content.length };
}

interface Filling {
  readonly turns: readonly Turn[];
  readonly marks: Marks;
  readonly calls: MarkedCall[];
}

function messageOf(turn: Turn, { turns, marks, calls }: Filling): Record<string, unknown> {
  const { role, text, calls: made = [], isCalling = false, callId } = turn;
  if (role === "tool") {
    const all = turns.flatMap((one) => one.calls ?? []);
    const index = all.findIndex(({ id }) => id === callId);
    return { role, name: marks.offer(all[index]?.name ?? ""), tool_call_id: idText(index), content: marks.add(text) };
  }
  const marked = [...made, ...(isCalling ? [NEXT] : [])].map((call) => markCall(call, marks));
  if (marked.length === 0) return { role, content: marks.add(text) };
  const first = calls.length;
  calls.push(...marked);
  return { role, content: text === "" ? "" : marks.add(text), tool_calls: marked.map((call, index) => callValue(call, first + index)) };
}

/** The call that is about to be made; nothing of it is in the prefix. */
const NEXT = { name: "", arguments: {} };

const CALL = { id: "call", name: "tool", arguments: {} };

const PROBE: readonly Turn[] = [
  { role: "system", text: "system", tools: [{ name: "tool", description: "does", parameters: {} }] },
  { role: "user", text: "ask" },
  { role: "assistant", text: "text", calls: [CALL] },
  { role: "tool", text: "result", callId: CALL.id },
  { role: "assistant", text: "answer" },
  { role: "user", text: "more" },
  { role: "assistant", text: "", isCalling: true },
];

/** The marks of one call in a template's text. */
interface MarkedCall {
  readonly name: string;
  readonly arguments: string;
}

/** Where a template writes a call as a JSON object, and how it names its parts. */
interface CallPlace {
  readonly start: number;
  readonly end: number;
  readonly keys: CallKeys;
}

function markCall({ name, arguments: values }: Pick<ToolCall, "name" | "arguments">, marks: Marks): MarkedCall {
  return { name: marks.add(name), arguments: marks.add(values) };
}

/** A call as templates expect it. Some insist on an id of nine letters and digits. */
function callValue({ name, arguments: values }: MarkedCall, id: number): Record<string, unknown> {
  return { id: idText(id), type: "function", function: { name, arguments: markedObject(values) } };
}

function idText(id: number): string {
  return String(id).padStart(9, "0");
}

function toolValue({ name, description = "", parameters }: Tool, marks: Marks): Record<string, unknown> {
  const value = { name: marks.add(name), description: marks.add(description), parameters: marks.add(parameters) };
  return { type: "function", function: value };
}

/** @throws {Error} when the template writes calls in some other way: then they cannot be constrained by a schema */
function placeOf(call: MarkedCall, text: string): CallPlace {
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

/** A part of a rendered conversation. What turns say is data; the rest is the template's, special tokens included. */
export interface TemplatePiece {
  readonly text: string;
  readonly isData: boolean;
}

/**
 * Stand-ins for data: a template is filled in with marks, and what they stand for is put in their places afterwards. So the template never
 * sees what turns and tools say, and nothing in it can be taken for the template's own text.
 */
class Marks {
  readonly #values: unknown[] = [];
  readonly #needed: string[] = [];

  /** A mark for something that no template may leave out. */
  add(value: unknown): string {
    const mark = this.offer(value);
    this.#needed.push(mark);
    return mark;
  }

  /** ... and for something that it may. */
  offer(value: unknown): string {
    this.#values.push(value);
    // Characters for private use, which no template contains.
    return `\uE000${this.#values.length - 1}\uE001`;
  }

  areAllIn(text: string): boolean {
    return this.#needed.every((mark) => text.includes(mark));
  }

  pieces(text: string): TemplatePiece[] {
    const pieces: TemplatePiece[] = [];
    let done = 0;
    for (const { 0: found, 1: object, 2: quoted, 3: bare, index } of text.matchAll(MARKS)) {
      const value = this.#values[Number(object ?? quoted ?? bare)];
      pieces.push(
        { text: text.slice(done, index), isData: false },
        { text: bare === undefined ? spaced(value) : String(value), isData: true },
      );
      done = index + found.length;
    }
    return [...pieces, { text: text.slice(done), isData: false }];
  }
}

/** An object of which a mark is the only key, a mark in quotes, or a mark alone. Where the template writes JSON, so must the data be. */
const MARKS = /\{\s*"\uE000(\d+)\uE001"\s*:\s*1\s*\}|"\uE000(\d+)\uE001"|\uE000(\d+)\uE001/g;

/** What a template is given as arguments of a call. */
function markedObject(mark: string): Record<string, unknown> {
  return { [mark]: 1 };
}

/** For templates without a system role: what it says goes in front of what the user says first. */
function foldSystem(turns: readonly Turn[]): readonly Turn[] {
  const system = turns.filter(({ role }) => role === "system");
  const others = turns.filter(({ role }) => role !== "system");
  if (system.length === 0) return turns;
  const tools = system.flatMap((turn) => turn.tools ?? []);
  const first = Math.max(
    0,
    others.findIndex(({ role }) => role === "user"),
  );
  const folded = others[first]?.role === "user" ? others : [{ role: "user", text: "" } as const, ...others];
  const text = system.map((turn) => turn.text);
  return folded.map((turn, index) =>
    index === first
      ? { ...turn, text: [...text, turn.text].filter((part) => part !== "").join("\n\n"), ...(tools.length === 0 ? {} : { tools }) }
      : turn,
  );
}

/** For templates that want user and assistant to take turns. */
function mergeSpeakers(turns: readonly Turn[]): readonly Turn[] {
  const merged: Turn[] = [];
  for (const turn of turns) {
    const last = merged.at(-1);
    if (last?.role === turn.role) merged[merged.length - 1] = { ...last, text: `${last.text}\n\n${turn.text}` };
    else merged.push(turn);
  }
  return merged;
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
