/** The same conversation, arranged for templates that do not take it as it is. */
import type { Turn } from "../../core/engine.ts";

/** For templates without a system role: what it says goes in front of what the user says first. */
export function foldSystem(turns: readonly Turn[]): readonly Turn[] {
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
export function mergeSpeakers(turns: readonly Turn[]): readonly Turn[] {
  const merged: Turn[] = [];
  for (const turn of turns) {
    const last = merged.at(-1);
    if (last?.role === turn.role) merged[merged.length - 1] = { ...last, text: `${last.text}\n\n${turn.text}` };
    else merged.push(turn);
  }
  return merged;
}

/** For templates in which a turn has either text or one call: a turn for the text, and one for each call. */
export function splitCalls(turns: readonly Turn[]): readonly Turn[] {
  return turns.flatMap((turn) => {
    const { role, text, calls = [], isCalling = false } = turn;
    if (calls.length === 0 && !isCalling) return [turn];
    const texts: readonly Turn[] = text === "" ? [] : [{ role, text }];
    const made = calls.map((call): Turn => ({ role, text: "", calls: [call] }));
    return [...texts, ...made, ...(isCalling ? [{ role, text: "", isCalling } as const] : [])];
  });
}
