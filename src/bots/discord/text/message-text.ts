import type { Message, MessageSnapshot } from "discord.js";

/**
 * All that people read of a message, as plain text for a judge: what was forwarded and asked in a poll too, links with where they
 * lead, and without the signs that format or hide it.
 */
export function messageText(message: Message): string {
  const snapshots = [...message.messageSnapshots.values()].map((snapshot) => plain(contentOf(snapshot)));
  const poll = message.poll === null ? [] : [message.poll.question.text ?? "", ...message.poll.answers.map(({ text }) => text ?? "")];
  const files = [...message.attachments.values()].map(({ title, description }) => [title, description].filter(Boolean).join(" "));
  return [plain(message.content), ...snapshots, ...poll, ...files].filter((part) => part !== "").join("\n");
}

function contentOf({ content }: MessageSnapshot): string {
  return content ?? "";
}

/** Emphasis and spoilers may stand within a word; names of emoji are read, their numbers are not. */
function plain(content: string): string {
  return content
    .replace(/\[([^\]\n]*)\]\(\s*<?([^\s()<>]+)>?\s*\)/g, "$1 ($2)")
    .replace(/<a?:(\w+):\d+>/g, ":$1:")
    .replace(/\|\||\*+|~~|__|`+/g, "");
}
