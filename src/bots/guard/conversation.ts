import type { Turn } from "../../core/index.ts";
import { cleaned } from "./normalise.ts";

/** Something that was said before, or just now. */
export interface Utterance {
  /** Of the speaker; `undefined`: the bot itself. */
  readonly speaker: { readonly id: string; readonly name: string } | undefined;
  readonly text: string;
}

/**
 * A conversation as a model reads it. What people say is data: it is never in the system's role. Where several people speak,
 * it is said who says what.
 */
export function conversationTurns(said: readonly Utterance[], instructions: string): readonly Turn[] {
  const names = speakerNames(said);
  const turns: Turn[] = instructions === "" ? [] : [{ role: "system", text: instructions }];
  for (const { speaker, text } of said) {
    const line = cleaned(text);
    if (line === "") continue;
    const role = speaker === undefined ? "assistant" : "user";
    const spoken = speaker !== undefined && names.size > 1 ? `${names.get(speaker.id)}: ${line.replaceAll("\n", GOES_ON)}` : line;
    const last = turns.at(-1);
    // Chat formats take turns: what one side says in several messages is one turn.
    if (last?.role === role) turns[turns.length - 1] = { role, text: `${last.text}\n${spoken}` };
    else turns.push({ role, text: spoken });
  }
  return turns;
}

/** What somebody says in several lines stays theirs: no line of it can look like another one's. */
const GOES_ON = "\n  ";

/** By id. Two of the same name are told apart by numbers. */
function speakerNames(said: readonly Utterance[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { speaker } of said) {
    if (speaker === undefined || names.has(speaker.id)) continue;
    const name = speakerName(speaker.name);
    const taken = [...names.values()];
    let [unique, number] = [name, 1];
    while (taken.includes(unique)) unique = `${name} ${++number}`;
    names.set(speaker.id, unique);
  }
  return names;
}

const LONGEST_NAME = 32;

/** Names that chat formats use for their own ends. */
const RESERVED = /^(?:user|assistant|system|tool|human|bot)$/i;

/** People choose their names, also to look like a role or like more lines. */
function speakerName(name: string): string {
  const plain = cleaned(name)
    .replace(/[^\p{L}\p{M}\p{N} _.-]/gu, "")
    .trim()
    .slice(0, LONGEST_NAME);
  return plain === "" || RESERVED.test(plain) ? "Somebody" : plain;
}
