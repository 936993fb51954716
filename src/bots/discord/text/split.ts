/** Discord's limit for one message, in UTF-16 units. */
const MESSAGE_LIMIT = 2000;

const CLOSING = "\n```";

/** The most that closing a fence and opening it again can take. */
const LONGEST_LANGUAGE = 40;

/**
 * A text in parts that fit into messages, split where it hurts least: between paragraphs, lines, sentences, words. A code block that
 * goes on is closed at the end of a part and opened again, in its language, in the next one.
 */
export function splitMessage(text: string, limit = MESSAGE_LIMIT): string[] {
  const parts: string[] = [];
  let rest = text.trim();
  let opening = "";
  while (rest !== "") {
    const whole = opening + rest;
    if (whole.length <= limit - CLOSING.length) {
      // What was cut short may end in code.
      parts.push(openFence(whole) === undefined ? whole : `${whole.trimEnd()}${CLOSING}`);
      break;
    }
    // Room for the fence that may have to be closed.
    const end = breakAt(whole, limit - CLOSING.length, opening.length);
    const part = whole.slice(0, end);
    const fence = openFence(part);
    rest = fence === undefined ? whole.slice(end).trimStart() : whole.slice(end).replace(/^\n/, "");
    parts.push(fence === undefined ? part.trimEnd() : `${part.trimEnd()}${CLOSING}`);
    opening = fence ?? "";
  }
  return parts;
}

const BREAKS = [/\n\n/g, /\n/g, /[.!?]\s/g, /\s/g] as const;

/** The last good place to break before `limit`, in the later half if there is one there. */
function breakAt(text: string, limit: number, least: number): number {
  const window = text.slice(0, limit);
  const from = Math.max(least + 1, Math.floor(limit / 2));
  for (const pattern of BREAKS) {
    const last = [...window.matchAll(pattern)].at(-1);
    const end = last === undefined ? 0 : last.index + last[0].length;
    if (end > from && !isInsideFenceLine(window, end)) return end;
  }
  // Not between the halves of a character.
  const isHalf = /[\ud800-\udbff]/.test(text.charAt(limit - 1));
  return isHalf ? limit - 1 : limit;
}

/** The line that opened the code block in which this text ends, to open it again. */
function openFence(text: string): string | undefined {
  const fences = [...text.matchAll(/```([^\n`]*)(\n?)/g)];
  const last = fences.at(-1);
  if (fences.length % 2 === 0 || last === undefined) return undefined;
  const [, language = "", lineBreak] = last;
  return lineBreak === "" || language.length > LONGEST_LANGUAGE ? "```\n" : `\`\`\`${language}\n`;
}

function isInsideFenceLine(text: string, end: number): boolean {
  const line = text.slice(text.lastIndexOf("\n", end - 1) + 1, end);
  return line.includes("```") && !text.slice(0, end).endsWith("\n");
}
