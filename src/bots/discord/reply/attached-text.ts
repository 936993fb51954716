import type { Attachment, Message, MessageSnapshot } from "discord.js";
import type { Logger } from "pino";
import { messageText } from "./text.ts";

/** Of all files of one message together; Discord makes a file of what is too long to be sent as a message. */
const MOST_BYTES = 64 * 1024;

const PATIENCE_MS = 10_000;

/** Where files are, such as in a message. */
interface Attached {
  readonly attachments: ReadonlyMap<string, Attachment>;
  /** What a message forwards. */
  readonly messageSnapshots?: ReadonlyMap<string, Pick<MessageSnapshot, "attachments">>;
  readonly guildId: string | null;
  readonly id: string;
}

/** What is read of files. */
export interface AttachedText {
  readonly text: string;
  /** How many of them were not read, or not to their end: what is no text, what is too long, what could not be had. */
  readonly unread: number;
}

/** All that people read of a message, with its text files. */
export async function readMessage(message: Message, log: Logger): Promise<AttachedText> {
  const { text, unread } = await attachedText(message, log);
  return { text: [messageText(message), text].filter((part) => part !== "").join("\n"), unread };
}

/**
 * What people read in the text files that are with a message, or with what it forwards, such as `message.txt`: as much as is judged. What cannot be read
 * is left out, and logged.
 */
export async function attachedText({ attachments, messageSnapshots, guildId, id }: Attached, log: Logger): Promise<AttachedText> {
  let left = MOST_BYTES;
  let unread = 0;
  const texts: string[] = [];
  const forwarded = [...(messageSnapshots?.values() ?? [])].flatMap((snapshot) => [...snapshot.attachments.values()]);
  for (const file of [...attachments.values(), ...forwarded]) {
    if (!isText(file) || file.size > left) unread++;
    if (!isText(file) || left === 0) continue;
    try {
      const bytes = await firstBytes(file.url, left);
      left -= bytes.length;
      texts.push(new TextDecoder().decode(bytes));
    } catch (error) {
      if (file.size <= left) unread++;
      log.warn({ err: error, guild: guildId, message: id }, "a file was not read");
    }
  }
  return { text: texts.join("\n"), unread };
}

function isText({ contentType }: Attachment): boolean {
  return contentType?.startsWith("text/") ?? false;
}

async function firstBytes(url: string, most: number): Promise<Buffer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!response.ok) throw new TypeError(`Expected a file, got status ${response.status}`);
  const read: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    read.push(chunk);
    length += chunk.length;
    if (length >= most) break;
  }
  return Buffer.concat(read).subarray(0, most);
}
