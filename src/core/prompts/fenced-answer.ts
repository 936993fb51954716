import { type Boundary, possibleStop } from "../boundary.ts";

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
 * stay whole: one with a language opens a block, and one without closes the innermost. The published code of URIAL
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
    // A fence at the very end closes: a line break is all that its reader still waits for.
    wholeLength: (text) => endOf(`${text}\n`) ?? text.length,
  };
}

/** The fence to put around a text, so that nothing in it closes it. */
export function fenceFor(text: string): string {
  const { end, depth } = scan(`${text}\n`, { fence: FENCE, from: 0 });
  if (end === undefined && depth === 0) return FENCE;
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
  return "`".repeat(Math.max(FENCE.length, longest + 1));
}

interface Scanned {
  readonly end: number | undefined;
  /** How much of the text is part of it, whatever follows. */
  readonly safe: number;
  /** Code blocks that are open. */
  readonly depth: number;
}

/** A fence, with all that stands before it on its line where that is nothing but space; or a heading. Each line may hold several. */
const MARKS = /(?:(?<indent>(?<![^\n])[ \t]*)|)(?<run>`{3,})|(?<![^\n])# (?:Query|User)/g;

/** @param from what stands before it is known to be part of the text */
function scan(text: string, { fence, from }: { readonly fence: string; readonly from: number }): Scanned {
  /** Lengths of the fences of open code blocks, the innermost last. */
  const open: number[] = [];
  for (const { index, 0: mark, groups } of text.matchAll(MARKS)) {
    const { indent, run } = groups ?? {};
    const isInside = index < from;
    if (run === undefined) {
      if (open.length === 0 && !isInside) return ended(text, index);
      continue;
    }
    const follows = /^[ \t\r]*(\n|\S|$)/.exec(text.slice(index + mark.length))?.[1];
    if (follows === "") return { end: undefined, safe: open.length > 0 ? index + mark.length : trimmed(text, index), depth: open.length };
    const isBare = follows === "\n";
    if (indent === undefined) {
      if (isBare && open.length === 0 && !isInside && run.length >= fence.length && !isInCode(text, index)) return ended(text, index);
    } else if (!isBare) open.push(run.length);
    else if (open.length > 0) closeBlock(open, run.length);
    else if (run.length >= fence.length && !isInside) return ended(text, index);
    else open.push(run.length);
  }
  return { end: undefined, safe: open.length > 0 ? text.length : trimmed(text, text.length - heldBack(text)), depth: open.length };
}

function ended(text: string, index: number): Scanned {
  return { end: trimmed(text, index), safe: trimmed(text, index), depth: 0 };
}

/** A shorter fence than the one that opened the block is part of the code. */
function closeBlock(open: number[], length: number): void {
  if (length >= (open.at(-1) as number)) open.pop();
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
