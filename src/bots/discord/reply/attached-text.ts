import type { Attachment, Message } from "discord.js";
import type { Logger } from "pino";

/** Of all files of one message together; Discord makes a file of what is too long to be sent as a message. */
const MOST_BYTES = 64 * 1024;

const PATIENCE_MS = 10_000;

/** What people read in the text files that are with a message, such as `message.txt`: as much as is judged. What cannot be read is left out, and logged. */
export async function attachedText({ attachments, guildId, id }: Message, log: Logger): Promise<string> {
  let left = MOST_BYTES;
  const texts: string[] = [];
  for (const file of attachments.values()) {
    if (!isText(file) || left === 0) continue;
    try {
      const bytes = await firstBytes(file.url, left);
      left -= bytes.length;
      texts.push(new TextDecoder().decode(bytes));
    } catch (error) {
      log.warn({ err: error, guild: guildId, message: id }, "a file was not read");
    }
  }
  return texts.join("\n");
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
