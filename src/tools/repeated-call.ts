/** Small models call again instead of reading a result, and an agent never comes to an end: such a call is found, and the result pointed out. */
import type { ToolCall, Turn } from "../core/index.ts";

/** Of some that were tried, what Qwen2.5-Coder 1.5B went by. */
const POINTED_OUT = "Answer the user in words now, with this result.";

/** The conversation with what its last result is for, where it ends with one. */
export function withResultPointedOut(turns: readonly Turn[]): readonly Turn[] {
  const last = turns.at(-1);
  return last?.role === "tool" ? [...turns.slice(0, -1), { ...last, text: `${last.text}\n\n${POINTED_OUT}` }] : turns;
}

export function isPointedOut(turns: readonly Turn[]): boolean {
  const last = turns.at(-1);
  return last?.role === "tool" && last.text.endsWith(POINTED_OUT);
}

/** How often a call was made since the user spoke, with what came of it: where the conversation ends with a result. */
export function timesAnswered({ name, arguments: values }: Pick<ToolCall, "name" | "arguments">, turns: readonly Turn[]): number {
  if (turns.at(-1)?.role !== "tool") return 0;
  const since = turns.slice(turns.findLastIndex(({ role }) => role === "user") + 1);
  const answered = new Set(since.filter(({ role }) => role === "tool").map(({ callId }) => callId));
  const earlier = since.flatMap((turn) => turn.calls ?? []).filter(({ id }) => answered.has(id));
  return earlier.filter((one) => one.name === name && isSame(one.arguments, values)).length;
}

/** Of JSON, whatever the order of its properties. */
function isSame(left: unknown, right: unknown): boolean {
  if (!isObject(left) || !isObject(right)) return left === right;
  const names = Object.keys(left);
  const areAsMany = names.length === Object.keys(right).length && Array.isArray(left) === Array.isArray(right);
  return areAsMany && names.every((name) => isSame(Reflect.get(left, name), Reflect.get(right, name)));
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
