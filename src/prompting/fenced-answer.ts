import { type Boundary, possibleStop } from "../core/index.ts";

/** The shortest fence, as in Markdown: three backticks. */
const FENCE = "```";

/** Headings with which a base model goes on behind an answer: with a question of its own. */
const HEADINGS = ["# Query", "# User"] as const;

/** A text between two fences, as far as it is known. */
interface Fenced {
  /** The fence that it follows: one that closes it is as long, or longer. */
  readonly fence: string;
  /** The beginning of it that was written before. */
  readonly begun: string;
}

/**
 * Where an answer behind an opening fence ends: at the fence that closes it, or at the next query. Fences are balanced, so that code blocks
 * stay whole: one with a language opens a block, and one without closes the innermost. Where none is open, what follows tells: behind the
 * answer there is an empty line, the next query or nothing, and behind a fence that opens a block there is code. The published code of URIAL
 * (https://arxiv.org/abs/2312.01552) takes every fence out of an answer instead.
 */
export function fencedAnswer({ fence, begun }: Fenced): Boundary {
  const scanned = (text: string) => scan(`${begun}${text}`, { fence, from: begun.length });
  const endOf = (text: string) => {
    const { end } = scanned(text);
    return end === undefined ? undefined : Math.max(0, end - begun.length);
  };
  return {
    reach: Number.POSITIVE_INFINITY,
    endOf,
    safeLength: (text) => Math.max(0, scanned(text).safe - begun.length),
    // A fence at the very end closes: an empty line is all that its reader still waits for.
    wholeLength: (text) => endOf(`${text}\n\n`) ?? text.length,
  };
}

/** The fence to put around a text, so that nothing in it closes it, nor seems to. */
export function fenceFor(text: string): string {
  const { end, isClear } = scan(`${text}\n\n`, { fence: FENCE, from: 0 });
  if (end === undefined && isClear) return FENCE;
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
  return "`".repeat(Math.max(FENCE.length, longest + 1));
}

interface Scanned {
  /** Where the text ends; `undefined` while it is open. */
  readonly end: number | undefined;
  /** How much of the text is part of it, whatever follows. */
  readonly safe: number;
  /** Whether each code block names its language and is closed. */
  readonly isClear: boolean;
}

interface Scan {
  /** That of the whole text. */
  readonly fence: string;
  /** What stands before it is known to be part of the text. */
  readonly from: number;
}

function scan(text: string, { fence, from }: Scan): Scanned {
  /** Lengths of the fences of open code blocks, the innermost last. */
  const blocks: number[] = [];
  let isLabelled = true;
  const isClear = () => isLabelled && blocks.length === 0;
  const ended = (at: number): Scanned => ({ end: trimmed(text, at), safe: trimmed(text, at), isClear: isClear() });
  const open = (safe: number): Scanned => ({ end: undefined, safe, isClear: isClear() });
  for (const mark of marksIn(text)) {
    switch (meaningOf(mark, { text, blocks, fence, isKnown: mark.index < from })) {
      case "unknown":
        return open(blocks.length > 0 ? mark.end : trimmed(text, mark.index));
      case "closes the text":
        return ended(mark.index);
      case "opens a block":
        blocks.push(mark.length);
        isLabelled &&= mark.line === "labelled";
        break;
      case "closes a block":
        blocks.pop();
    }
  }
  return open(blocks.length > 0 ? text.length : trimmed(text, text.length - heldBack(text)));
}

/** A fence or a heading. */
interface Mark {
  /** Where it stands, with the space before it if nothing else does on its line. */
  readonly index: number;
  readonly end: number;
  /** Of its backticks; a heading has none. */
  readonly length: number;
  /** Whether nothing but space stands before it on its line. */
  readonly isFirst: boolean;
  /** What follows on its line: nothing, something such as a language, or what is not written yet. */
  readonly line: "bare" | "labelled" | "unknown";
  /** Where the next line begins, if nothing follows on its own. */
  readonly next: number;
}

/** Not `(?<indent> ..)?`, which forgets a group that matched nothing. */
const MARKS = /(?:(?<indent>(?<![^\n])[ \t]*)|)(?<ticks>`{3,})|(?<![^\n])# (?:Query|User)/g;

function* marksIn(text: string): Generator<Mark, void, void> {
  for (const { index, 0: mark, groups } of text.matchAll(MARKS)) {
    const { indent, ticks = "" } = groups ?? {};
    const end = index + mark.length;
    const [rest = "", follows] = /^[ \t\r]*(\n|\S|$)/.exec(text.slice(end)) ?? [];
    const line = follows === "\n" ? "bare" : follows === "" ? "unknown" : "labelled";
    yield { index, end, length: ticks.length, isFirst: indent !== undefined, line, next: end + rest.length };
  }
}

interface Around {
  readonly text: string;
  readonly blocks: readonly number[];
  readonly fence: string;
  /** Whether the mark is known to be part of the text. */
  readonly isKnown: boolean;
}

type Meaning = "text" | "opens a block" | "closes a block" | "closes the text" | "unknown";

function meaningOf(mark: Mark, { text, blocks, fence, isKnown }: Around): Meaning {
  const innermost = blocks.at(-1);
  if (mark.length === 0) return innermost === undefined && !isKnown ? "closes the text" : "text";
  if (mark.line === "unknown") return "unknown";
  if (mark.line === "labelled") return mark.isFirst ? "opens a block" : "text";
  // A shorter fence than the one that opened the block is part of the code.
  if (innermost !== undefined) return mark.isFirst && mark.length >= innermost ? "closes a block" : "text";
  if (!mark.isFirst && isInCode(text, mark.index)) return "text";
  if (isKnown || mark.length < fence.length) return mark.isFirst ? "opens a block" : "text";
  return byNextLine(text.slice(mark.next));
}

/** What follows the fence that closes an answer: an empty line, the next query, or another fence. */
const BEHIND_ANSWER = /^(?:[ \t\r]*\n|# (?:Query|User)|`{3})/;

/** What a bare fence means where no block is open. `next`: the text from the next line on. */
function byNextLine(next: string): Meaning {
  if (BEHIND_ANSWER.test(next)) return "closes the text";
  const mayBecome = next.trim() === "" || [...HEADINGS, FENCE].some((one) => one.startsWith(next));
  return mayBecome ? "unknown" : "opens a block";
}

/** Whether a fence in the middle of a line closes one before it on that line, which is code within a sentence. */
function isInCode(text: string, index: number): boolean {
  const before = text.slice(text.lastIndexOf("\n", index) + 1, index);
  return (before.match(/`{3,}/g) ?? []).length % 2 === 1;
}

/** How much of the end may yet become a fence or a heading. */
function heldBack(text: string): number {
  return Math.max(possibleStop(text, HEADINGS), /`*$/.exec(text)?.[0].length ?? 0);
}

/** The line breaks before a closing fence are not part of the text. */
function trimmed(text: string, length: number): number {
  return text.slice(0, length).trimEnd().length;
}
