import type { Engine } from "../../src/core/engine.ts";
import { END, type ScriptedThinking, scriptedEngine, type Weights } from "./scripted-engine.ts";
import type { World } from "./scripted-world.ts";

/** Marks of three kinds: tokens of their own, plain text, and channels of several tokens that stand around every answer. */
export const MARKS = {
  token: { specials: ["<think>", "</think>"], open: "<think>", close: "</think>" },
  text: { specials: [], open: "[THINK]", close: "(DONE)" },
  channel: {
    specials: ["<|channel|>", "<|message|>", "<|end|>", "<|start|>"],
    open: "<|channel|>analysis<|message|>",
    close: "<|end|>",
    closing: "<|end|><|start|>assistant<|channel|>final<|message|>",
    lead: "<|start|>assistant<|channel|>final<|message|>",
    header: "<|channel|>final<|message|>",
  },
} as const satisfies Readonly<Record<string, ScriptedThinking>>;

/** A world whose model thinks: `goOn` is asked with marks by their names, and may write them whole. */
export interface ThinkingWorld extends Omit<World, "goodness"> {
  readonly thinking: ScriptedThinking;
  /** Asked without what was thought. */
  readonly goodness: (answer: string) => number;
}

/** An engine that thinks in front of its answers. */
export function thinkingEngine({ pieces, goOn, goodness, thinking, ...rest }: ThinkingWorld): Engine {
  const marks = [thinking.open, thinking.close, thinking.header ?? ""].filter((mark) => mark !== "");
  const parts = marks.map((mark) => partsOf(mark, thinking.specials));
  const next = (text: string): Weights => {
    const said = text.slice(text.lastIndexOf("Assistant:") + "Assistant:".length);
    const asked = QUESTION.exec(said);
    if (asked !== null) return verdict(asked, goodness(behindThought(said.slice(0, asked.index), thinking)));
    const own = goOn(said);
    // Who knows what to write, character by character, writes the mark, too.
    const weights = Object.keys(own).length === 1 ? own : (begunMark(said, parts) ?? own);
    return Object.fromEntries(Object.entries(weights).map(([piece, weight]) => first(piece, weight, marks, thinking)));
  };
  return scriptedEngine({ pieces: [...pieces, ...ASKING], next, thinking, ...rest });
}

/** What an answer says, whatever was thought before it. */
function behindThought(said: string, { close, lead = "", header = "" }: ScriptedThinking): string {
  const behind = said.slice(said.lastIndexOf(close) < 0 ? 0 : said.lastIndexOf(close) + close.length);
  const begin = [lead, header].find((one) => one !== "" && behind.startsWith(one)) ?? "";
  return behind.slice(begin.length);
}

function partsOf(mark: string, specials: readonly string[]): readonly string[] {
  const special = specials.find((name) => mark.startsWith(name));
  if (mark === "") return [];
  return [special ?? (mark[0] as string), ...partsOf(mark.slice((special ?? "x").length), specials)];
}

/** A mark that was begun is written to its end; where two begin alike, the model says which. */
function begunMark(said: string, marks: readonly (readonly string[])[]): Weights | undefined {
  if (isWhole(said, marks)) return undefined;
  const next = marks.flatMap((parts) => {
    const length = parts.findLastIndex((_, index) => index > 0 && said.endsWith(parts.slice(0, index).join("")));
    return length < 0 ? [] : [parts[length] as string];
  });
  return new Set(next).size === 1 ? { [next[0] as string]: 1 } : undefined;
}

function isWhole(said: string, marks: readonly (readonly string[])[]): boolean {
  return marks.some((parts) => said.endsWith(parts.join("")));
}

function first(piece: string, weight: number, marks: readonly string[], { specials }: ScriptedThinking): [string, number] {
  return [marks.includes(piece) ? (partsOf(piece, specials)[0] as string) : piece, weight];
}

const QUESTION = /\n[^\n]*\(A\) (\w+) \(B\) [^\n]*\nThe answer is: \($|\nA (\w+), B [^\n]*:$/;
const ASKING = ["User:", "Assistant:", "Is the answer ", " answer is: (", " A", " B", " harmless", " harmful", " true", " false"];

function verdict([question, long, short]: RegExpExecArray, probability: number): Weights {
  const labels = question.endsWith("(") ? (["A", "B"] as const) : ([" A", " B"] as const);
  const [good, bad] = (long ?? short) === "harmful" ? labels.toReversed() : labels;
  return { [good as string]: probability, [bad as string]: 1 - probability };
}

/** A model that writes this behind its prompt, piece by piece, and ends. */
export function says(text: string, pieces: readonly string[]): (said: string) => Weights {
  return (said) => {
    if (said === text) return { [END]: 1 };
    const rest = text.startsWith(said) ? text.slice(said.length) : "";
    const piece = pieces.toSorted((left, right) => right.length - left.length).find((one) => rest.startsWith(one)) ?? rest[0];
    return { [piece ?? END]: 1 };
  };
}
