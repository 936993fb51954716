import { escapeMarkdown, type Message } from "discord.js";
import { withoutUnseen } from "../../guard/index.ts";

/** Stands between the signs of a mention: people see nothing, and Discord sees no mention. */
const GAP = "\u200b";

/** A code block, in which Discord makes nothing of anything. One with backticks inside may end elsewhere than it seems. */
const CODE_BLOCK = /(```[^`]*[^`\s][^`]*```)/;

/**
 * A text that a model wrote, as it may be posted: it pings nobody, its links show where they lead, and it invites nowhere. Formatting
 * and blocks of code stay. Made twice it is the same.
 */
export function defang(text: string): string {
  const seen = withoutUnseen(text);
  const pieces = seen.split(CODE_BLOCK);
  // Where fences are left over, Discord may pair them in another way: then nothing is safe for being code.
  const isClear = pieces.every((piece, index) => index % 2 === 1 || !piece.includes("```"));
  if (!isClear) return harmless(seen);
  return pieces.map((piece, index) => (index % 2 === 1 ? piece : harmless(piece))).join("");
}

function harmless(text: string): string {
  return withoutPings(withoutMasks(withoutInvites(withLinksShown(text))));
}

/** `[a bank](https://elsewhere)` becomes `a bank (https://elsewhere)`; images and angle brackets too. */
const MASKED_LINK = /!?\[([^\]\n]*)\]\(\s*<?([^\s()<>]+(?:\([^\s()]*\)[^\s()<>]*)*)>?(?:\s+["'(][^\n]*?["')])?\s*\)/gi;

/** One link that is taken apart may leave another: the label of one is the end of the next. */
function withLinksShown(text: string): string {
  let masked: string;
  let shown = text;
  do {
    masked = shown;
    shown = masked.replace(MASKED_LINK, (_, label: string, address: string) => `${label} (${address})`);
  } while (shown !== masked);
  return shown;
}

/** Whatever still looks like one: labels may have brackets and lines in them, addresses whatever they like. */
function withoutMasks(text: string): string {
  return text.replace(/\](?=\()/g, `]${GAP}`);
}

/** Every address that Discord itself takes for an invitation, however it is spelled. */
const INVITE =
  /(?:h\s*t\s*t\s*p\s*s?\s*:\s*\/\s*\/\s*)?(?:www\s*\.\s*|canary\s*\.\s*|ptb\s*\.\s*)?(?:discord\s*\.\s*(?:gg|me|io|li)|dsc\s*\.\s*gg|discord(?:app)?\s*\.\s*com\s*[/\\]+\s*invite)\s*[/\\]+\s*[\w%-]+/gi;

/** Whether there is an invitation to a server in it. */
export function hasInvitation(text: string): boolean {
  return withoutInvites(text) !== text;
}

const ADDRESS = /https?:[\\/]+[^\s<>"']+/gi;

const LEFT_OUT = "(an invitation was left out)";

function withoutInvites(text: string): string {
  return text.replace(ADDRESS, (address) => (isInvite(address) ? LEFT_OUT : address)).replace(INVITE, LEFT_OUT);
}

/** As a browser reads it, to which `%64iscord%2egg` and full-width letters are the same place. */
function isInvite(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { hostname, pathname } = new URL(address);
  const plain = `${hostname}${pathname.replace(/%[0-9a-f]{2}/gi, decoded)}`;
  return plain.search(INVITE) === 0;
}

function decoded(sign: string): string {
  return String.fromCharCode(Number.parseInt(sign.slice(1), 16));
}

function withoutPings(text: string): string {
  return text.replace(/@(?=everyone|here)/gi, `@${GAP}`).replace(/<(?=(?:@[!&]?|#|id:|\/[^>]*:)\w+>)/g, `<${GAP}`);
}

/** What a person wrote, between words of ours: as they wrote it, without any effect. */
export function quoted(text: string): string {
  return escapeMarkdown(defang(text));
}

const REST = " ...";

/** No longer than this, in UTF-16 units, as Discord counts: it refuses what is longer, and all that is with it. */
export function cut(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - REST.length)}${REST}`;
}

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

/**
 * All that people read of a message, as plain text for a judge: the title of a thread that it began, what was forwarded and asked in a poll, previews,
 * links with where they lead; without the signs that format or hide it.
 */
export function messageText(message: Message): string {
  const files = [message, ...message.messageSnapshots.values()].flatMap(filesOf);
  const said = [titleOf(message), message.content, ...sharedIn(message)].map(plain);
  return [...said, ...files].filter((part) => part !== "").join("\n");
}

/** What people read in a message beside its own words and files: what it forwards, what it asks in a poll, previews of links, and boxes. */
export function sharedIn(message: Message): readonly string[] {
  const forwarded = [...message.messageSnapshots.values()].flatMap((snapshot) => [snapshot.content ?? "", previewText(snapshot)]);
  const poll = message.poll === null ? [] : [message.poll.question.text ?? "", ...message.poll.answers.map(({ text }) => text ?? "")];
  return [...forwarded, ...poll, previewText(message)].filter((part) => part !== "");
}

/** What people read in previews of links, and in the boxes that programs post. */
function previewText({ embeds }: Pick<Message, "embeds">): string {
  const parts = embeds.flatMap(({ provider, author, title, description, fields, footer }) => [
    provider?.name,
    author?.name,
    title,
    description,
    ...fields.flatMap(({ name, value }) => [name, value]),
    footer?.text,
  ]);
  return parts.filter(Boolean).join("\n");
}

/** The title of a thread that began with this message, in its author's words. */
export function titleOf({ channel, id, author }: Message): string {
  return channel.isThread() && channel.id === id && channel.ownerId === author.id ? channel.name : "";
}

/** What cameras and programs call files says nothing. */
const USUAL_NAME = /^(?:image|img|dsc|pxl|photo|video|vid|file|document|message|unknown|untitled|screen ?shot)?[^\p{L}]*$/iu;

/** What people read beside a file: its name in words, its title, its description. */
function filesOf({ attachments }: Pick<Message, "attachments">): readonly string[] {
  return [...attachments.values()].map(({ name, title, description }) => {
    const words = name.replace(/\.\w{1,8}$/, "").replace(/[_.-]+/g, " ");
    return [USUAL_NAME.test(words) ? undefined : words, title, description].filter(Boolean).join(" ");
  });
}

/** Emphasis and spoilers may stand within a word; names of emoji are read, their numbers are not. */
function plain(content: string): string {
  return content
    .replace(/\[([^\]\n]*)\]\(\s*<?([^\s()<>]+)>?\s*\)/g, "$1 ($2)")
    .replace(/<a?:(\w+):\d+>/g, ":$1:")
    .replace(/\|\||\*+|~~|__|`+/g, "");
}
