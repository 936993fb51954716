/** What moderators decide on: the whole message, what was said before it, and what was done about it since. */
import { type APIEmbedField, type Message, time, userMention } from "discord.js";
import type { ReviewRecord } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import type { OwnFile } from "../commands/command.ts";
import { cut, messageText, quoted } from "../reply/text.ts";

/** Longer ones are a file as well. Discord's limits for a card, and for five of them together, are higher. */
const LONGEST_TEXT = 1500;

/** Discord's limit is a little more. */
const LONGEST_FIELD = 1000;

const SHOWN_BEFORE = 5;
const LONGEST_BEFORE = 180;

/** As it was written; of one that was decided, what the judge has read of it. */
export function wholeText({ text, judged, excerpt }: ReviewRecord): string {
  return text ?? judged ?? excerpt;
}

/** The message as moderators see it, without any effect. */
export function shownText(review: ReviewRecord): string {
  return cut(quoted(wholeText(review)), LONGEST_TEXT);
}

/** The whole message, or all that are decided with it, where a card does not show all of it. */
export function textFiles(review: ReviewRecord, incident: readonly ReviewRecord[] = []): readonly OwnFile[] {
  if (incident.length > 1) {
    const texts = incident.map(
      (one) => `Review ${one.id}, by ${one.author}, ${new Date(one.createdAt).toISOString()}:\n${wholeText(one)}\n`,
    );
    return [{ name: `messages-${review.id}.txt`, content: Buffer.from(texts.join("\n")) }];
  }
  const whole = wholeText(review);
  return quoted(whole).length <= LONGEST_TEXT ? [] : [{ name: `message-${review.id}.txt`, content: Buffer.from(whole) }];
}

/** What was said before a message, be it there still or not. It is read when it is asked for, and not kept; of people who opted out it is not read. */
export async function beforeField(
  { client, store }: BotContext,
  { channel: id, guild, message }: ReviewRecord,
): Promise<readonly APIEmbedField[]> {
  const channel = await client.channels.fetch(id).catch(() => null);
  if (channel === null || channel.isDMBased() || !channel.isTextBased() || channel.guildId !== guild) return [];
  const before = await channel.messages.fetch({ before: message, limit: SHOWN_BEFORE }).catch(() => undefined);
  const lines: string[] = [];
  for (const one of [...(before?.values() ?? [])].toReversed()) if (!(await store.isOptedOut(one.author.id))) lines.push(lineOf(one));
  return lines.length === 0 ? [] : [{ name: "Before it", value: cut(lines.join("\n"), LONGEST_FIELD) }];
}

function lineOf(message: Message<true>): string {
  const text = messageText(message).replace(/\s+/g, " ");
  return `${userMention(message.author.id)}: ${cut(quoted(text), LONGEST_BEFORE)}`;
}

const EVENTS: Readonly<Record<string, string>> = {
  "review.approved": "approved",
  "review.rejected": "rejected",
  "review.appealed": "appealed",
  "review.undone": "could not do all that the rule asks for",
  "settings.changed": "changed the settings",
  "judge.calibrated": "let the judge learn",
  "audit.exported": "exported the audit",
};

/** What the audit says that a filter did; its kind follows. */
const FOUND_BY = "filters.";

/** What the audit calls it, for one review. */
export function auditDetail(id: number): string {
  return `review ${id}`;
}

/** The review that a detail of the audit is about, if it is about one. */
export function reviewOfDetail(detail: string): number | undefined {
  const id = /^review (\d{1,15})$/.exec(detail)?.[1];
  return id === undefined ? undefined : Number(id);
}

/** Behind who did it. */
export function eventInWords(event: string): string {
  return EVENTS[event] ?? (event.startsWith(FOUND_BY) ? `found it by the filter ${event.slice(FOUND_BY.length)}` : event);
}

/** More was never done about one message. */
const MOST_EVENTS = 20;

/** Who did what about it, the oldest first. */
export async function sinceField({ store }: BotContext, { guild, id, createdAt }: ReviewRecord): Promise<APIEmbedField> {
  const events = (await store.audit(guild, MOST_EVENTS, auditDetail(id))).toReversed();
  const lines = events.map(
    ({ actor, event, at }) => `${momentOf(at)}: ${actor === undefined ? "I" : userMention(actor)} ${eventInWords(event)}`,
  );
  return { name: "Since then", value: cut([`${momentOf(createdAt)}: judged`, ...lines].join("\n"), LONGEST_FIELD) };
}

export function momentOf(at: number): string {
  return time(Math.floor(at / 1000), "f");
}
