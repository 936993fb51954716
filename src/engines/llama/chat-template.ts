import type { Turn } from "../../core/engine.ts";
import { withoutTools } from "../../core/prompts/tool-text.ts";
import type { CallKeys } from "../../core/tools/tool.ts";
import { failure } from "./failure.ts";
import { callValue, idText, type MarkedCall, markCall, placeOf, toolValue } from "./template-calls.ts";
import { Marks, type Piece } from "./template-marks.ts";
import { foldSystem, mergeSpeakers, splitCalls } from "./turn-arrangements.ts";

export type { Piece } from "./template-marks.ts";

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
export function renderChat(format: ChatFormat, turns: readonly Turn[]): Piece[] {
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
