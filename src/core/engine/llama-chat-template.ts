import type { Turn } from "./engine.ts";
import { failure } from "./llama-failure.ts";

/** A stretch of a rendered conversation. What turns say is data; the rest is the template's, special tokens included. */
export interface Piece {
  readonly text: string;
  readonly isData: boolean;
}

/** The model's own template (Jinja, in its file's metadata), ready to be filled in. */
export interface ChatTemplate {
  render(values: Record<string, unknown>): string;
}

/** Texts that templates write between turns. */
export interface SpecialTexts {
  readonly bos_token: string;
  readonly eos_token: string;
}

/**
 * Fills in the template with a mark for each turn, and puts what the turn says in the mark's place: so the template never
 * sees it, and nothing in it can be taken for the template's own text.
 */
export function renderChat(template: ChatTemplate, turns: readonly Turn[], specials: SpecialTexts): Piece[] {
  let complaint: unknown;
  for (const variant of [turns, foldSystem(turns), mergeSpeakers(foldSystem(turns))]) {
    try {
      const text = fillIn(template, variant, specials);
      if (variant.every((_, index) => text.includes(mark(index)))) return pieces(text, variant);
      complaint = new Error("it leaves out a turn");
    } catch (cause) {
      // Templates refuse roles and orders that their model was not trained on: the next variant avoids them.
      complaint = cause;
    }
  }
  throw failure(
    "model-unsupported",
    `the model's chat template to render turns of ${turns.map(({ role }) => role).join(", ") || "nobody"}`,
    complaint,
  );
}

function fillIn(template: ChatTemplate, turns: readonly Turn[], specials: SpecialTexts): string {
  const isOpen = turns.at(-1)?.role === "assistant";
  const messages = turns.map(({ role }, index) => ({ role, content: mark(index) }));
  const text = template.render({ ...specials, messages, add_generation_prompt: !isOpen });
  if (!isOpen) return text;
  const last = mark(turns.length - 1);
  return text.slice(0, text.lastIndexOf(last) + last.length);
}

/** Characters for private use, which no template contains. */
function mark(index: number): string {
  return `\uE000${index}\uE001`;
}

const MARKS = /\uE000(\d+)\uE001/;

function pieces(text: string, turns: readonly Turn[]): Piece[] {
  return text
    .split(MARKS)
    .map((part, index) => (index % 2 === 0 ? { text: part, isData: false } : { text: turns[Number(part)]?.text ?? "", isData: true }));
}

/** For templates without a system role: what it says goes in front of what the user says first. */
function foldSystem(turns: readonly Turn[]): readonly Turn[] {
  const system = turns.filter(({ role }) => role === "system").map(({ text }) => text);
  const others = turns.filter(({ role }) => role !== "system");
  const first = others.findIndex(({ role }) => role === "user");
  if (system.length === 0) return turns;
  if (first < 0) return [{ role: "user", text: system.join("\n\n") }, ...others];
  return others.map((turn, index) => (index === first ? { ...turn, text: [...system, turn.text].join("\n\n") } : turn));
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
