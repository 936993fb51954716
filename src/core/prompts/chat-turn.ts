import type { Turn } from "../engine.ts";
import { type PlainTurn, withoutTools } from "./tool-text.ts";

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
 * What a turn says stays on its own line, so that nobody can forge the line of another speaker or a judge's question:
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

/** Everything that Unicode calls a line break, vertical tab and form feed included. */
const LINE_BREAKS = /\s*[\n\r\v\f\u0085\u2028\u2029]\s*/g;

function onOneLine(text: string): string {
  return text.replace(LINE_BREAKS, " ").trim();
}
