/** What is kept of a text instead of the text. */
import { createHash } from "node:crypto";
import { normalise } from "../normalise.ts";
import { wellFormed } from "./database.ts";

/** Long enough to recognise what one has read; too short to read it again. In characters as people count them. */
const LONGEST_EXCERPT = 80;

/** As UTF-16: some characters have very many parts. */
const LONGEST_EXCERPT_UNITS = 400;

/** The beginning, in one line. An emoji of many parts stays whole or goes. */
export function excerptOf(text: string): string {
  const start = text.slice(0, LONGEST_EXCERPT_UNITS);
  const line = wellFormed(start)
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim();
  const characters = Array.from(new Intl.Segmenter("en", { granularity: "grapheme" }).segment(line), ({ segment }) => segment);
  if (characters.length <= LONGEST_EXCERPT && start.length === text.length) return line;
  return `${characters.slice(0, LONGEST_EXCERPT - 1).join("")}…`;
}

/** SHA-256 in hexadecimal: tells whether two texts are the same, and nothing more. */
export function hashOf(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

/** As UTF-16. A judge reads no more of it when it learns. */
const LONGEST_JUDGED = 2000;

/** Whether this is only the beginning of what the judge has read. */
export function isCutJudged(judged: string): boolean {
  // Half a character at the end is left out.
  return judged.length >= LONGEST_JUDGED - 1;
}

/** What the judge has read of a message, or the beginning of that. */
export function judgedText(text: string): string {
  return wellFormed(normalise(text).slice(0, LONGEST_JUDGED));
}
