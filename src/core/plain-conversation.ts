import type { Role, Turn } from "./engine.ts";
import type { Tool, ToolCall } from "./tool.ts";

/** A turn that any chat format can write. */
export interface PlainTurn {
  readonly role: Exclude<Role, "tool">;
  readonly text: string;
}

/**
 * For models whose chat format knows no tools: the same conversation with everything about tools as text. What may be called stands
 * in the system's turn, calls are a JSON list at the end of the assistant's, and a result is a turn of the user.
 */
export function withoutTools(turns: readonly Turn[]): readonly PlainTurn[] {
  const tools = turns.flatMap((turn) => turn.tools ?? []);
  const texts = turns.map((turn, index): PlainTurn => {
    const isLast = index === turns.length - 1;
    return { role: turn.role === "tool" ? "user" : turn.role, text: textOf(turn, { isLast, turns }) };
  });
  return tools.length === 0 ? texts : describe(tools, texts);
}

/** Calls as JSON, with the spaces that models saw most in training. */
function callText({ name, arguments: values }: Pick<ToolCall, "name" | "arguments">): string {
  return `{"name": ${JSON.stringify(name)}, "arguments": ${spaced(values)}}`;
}

/** JSON with a space behind each comma and colon. */
export function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  return `{${entries.map(([key, part]) => `${JSON.stringify(key)}: ${spaced(part)}`).join(", ")}}`;
}

function textOf(turn: Turn, { isLast, turns }: { readonly isLast: boolean; readonly turns: readonly Turn[] }): string {
  if (turn.role === "tool") return `Result of ${nameOf(turn.callId, turns)}: ${turn.text}`;
  const { calls = [], isCalling = false, text } = turn;
  if (calls.length === 0 && !isCalling) return text;
  const made = calls.map(callText).join(", ");
  const next = calls.length > 0 ? ", " : "";
  // A last turn stays open: behind its last call, or where the next one begins.
  const end = isCalling ? next : isLast ? "" : "]";
  return `${text === "" ? "" : `${text}\n`}[${made}${end}`;
}

function nameOf(callId: string | undefined, turns: readonly Turn[]): string {
  const calls = turns.flatMap((turn) => turn.calls ?? []);
  return calls.find(({ id }) => id === callId)?.name ?? "a tool";
}

function describe(tools: readonly Tool[], turns: readonly PlainTurn[]): readonly PlainTurn[] {
  const list = tools.map(({ name, description, parameters }) => spaced({ name, description, parameters }));
  const text = `To call tools, answer with a JSON list of calls and nothing else: ${EXAMPLE}. The tools:\n${list.join("\n")}`;
  const [first, ...others] = turns;
  if (first?.role !== "system") return [{ role: "system", text }, ...turns];
  return [{ role: "system", text: `${first.text}\n\n${text}` }, ...others];
}

const EXAMPLE = '[{"name": "...", "arguments": {...}}]';

const SPEAKERS: Readonly<Record<PlainTurn["role"], string>> = { system: "System", user: "User", assistant: "Assistant" };

/** What the assistant is called. */
export interface AssistantNames {
  /** In turns that are over. @default "Assistant" */
  readonly earlier?: string;
  /** Where it is to speak. @default "Assistant" */
  readonly next?: string;
}

/**
 * A conversation as plain lines, one a turn, up to where the assistant's answer begins: `User: Hello\nAssistant:`.
 * If the last turn is the assistant's, the text ends inside it, open for more.
 *
 * What a turn says stays on its own line, so that no text can forge the line of another speaker or a judge's question:
 * line breaks, with the white space around them, become one space.
 */
export function plainConversation(turns: readonly Turn[], names: AssistantNames = {}): string {
  const { earlier = SPEAKERS.assistant, next = SPEAKERS.assistant } = names;
  const isContinued = turns.at(-1)?.role === "assistant";
  const lines = withoutTools(turns).map(({ role, text }, index) => {
    const assistant = isContinued && index === turns.length - 1 ? next : earlier;
    return `${role === "assistant" ? assistant : SPEAKERS[role]}: ${onOneLine(text)}`.trimEnd();
  });
  return (isContinued ? lines : [...lines, `${next}:`]).join("\n");
}

/** What a model writes that goes on with a conversation in plain lines: the next speaker's. */
export const NEXT_PLAIN_TURN: readonly string[] = [`\n${SPEAKERS.user}:`, `\n${SPEAKERS.system}:`];

/** Everything that Unicode calls a line break, vertical tab and form feed included. */
const LINE_BREAKS = /\s*[\n\r\v\f\u0085\u2028\u2029]\s*/g;

function onOneLine(text: string): string {
  return text.replace(LINE_BREAKS, " ").trim();
}
