/** What moderators decide on: the whole message, what was said before it, and what was done about it since. */
import { type APIEmbedField, type Message, time, userMention } from "discord.js";
import { isCutJudged, type ReviewRecord, type SanctionRecord } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import type { OwnFile } from "../commands/command.ts";
import { cut, messageText, quoted } from "../reply/text.ts";

/** Longer ones are a file as well. Discord's limits for a card, and for five of them together, are higher. */
const LONGEST_TEXT = 1500;

/** Discord's limit is a little more. */
const LONGEST_FIELD = 1000;

const SHOWN_BEFORE = 5;
const LONGEST_BEFORE = 160;

/** Names of a card's fields. */
export const BEFORE = "Before it";
export const SINCE = "Since then";

/** As it was written; of one that was decided, what the judge has read of it. */
export function wholeText({ text, judged, excerpt }: ReviewRecord): string {
  return text ?? judged ?? excerpt;
}

/** What is lacking of a text that was decided about, for moderators: as it was written, it is kept only until then. `undefined`: nothing. */
export function cutLine({ text, judged }: ReviewRecord): string | undefined {
  if (text !== undefined) return undefined;
  if (judged === undefined) return "Only the first words of the message are kept";
  return isCutJudged(judged) ? "Only the beginning of the message is kept, 2,000 characters, as the judge has read them" : undefined;
}

/** The message as moderators see it, without any effect. */
export function shownText(review: ReviewRecord): string {
  return cut(quoted(wholeText(review)), LONGEST_TEXT);
}

/** The whole message, or all that are decided with it, where a card does not show all of it. */
export function textFiles(review: ReviewRecord, incident: readonly ReviewRecord[] = []): readonly OwnFile[] {
  if (incident.length > 1) return [{ name: `messages-${review.id}.txt`, content: Buffer.from(textOfAll(incident)) }];
  const whole = wholeText(review);
  return quoted(whole).length <= LONGEST_TEXT ? [] : [{ name: `message-${review.id}.txt`, content: Buffer.from(whole) }];
}

/** Of several messages together: Discord takes files of 10 MiB, and of all that one message shows 25 MiB, which the queue fills five times. */
const LONGEST_TEXTS = 4 * 1024 * 1024;

/** All that are decided together; those that do not fit, by their first words. */
function textOfAll(incident: readonly ReviewRecord[]): string {
  const headOf = ({ id, author, createdAt }: ReviewRecord) => `Review ${id}, by ${author}, ${new Date(createdAt).toISOString()}`;
  let length = 0;
  const texts = incident.map((one) => {
    const whole = wholeText(one);
    const size = Buffer.byteLength(whole);
    if (length + size > LONGEST_TEXTS) return { isCut: true, text: `${headOf(one)}, its first words:\n${one.excerpt}\n` };
    length += size;
    return { isCut: false, text: `${headOf(one)}:\n${whole}\n` };
  });
  const cuts = texts.filter(({ isCut }) => isCut).length;
  const note = `Of ${cuts} of ${texts.length} messages here are only the first words, as Discord takes no longer file; /moderate audit exports more.\n`;
  return [...(cuts === 0 ? [] : [note]), ...texts.map(({ text }) => text)].join("\n");
}

/** What was said before a message, for a card. */
export interface Before {
  readonly fields: readonly APIEmbedField[];
  /** All of it, where that is too long for a field. */
  readonly files: readonly OwnFile[];
}

const NOTHING_BEFORE: Before = { fields: [], files: [] };

/** What was said before a message, be it there still or not. It is read when it is asked for, and not kept; of people who opted out it is not read. */
export async function saidBefore(
  { client, store }: BotContext,
  { channel: id, guild, message, id: review }: ReviewRecord,
): Promise<Before> {
  const channel = await client.channels.fetch(id).catch(() => null);
  if (channel === null || channel.isDMBased() || !channel.isTextBased() || channel.guildId !== guild) return NOTHING_BEFORE;
  const found = await channel.messages.fetch({ before: message, limit: SHOWN_BEFORE }).catch(() => undefined);
  const before: Message<true>[] = [];
  for (const one of [...(found?.values() ?? [])].toReversed()) if (!(await store.isOptedOut(one.author.id))) before.push(one);
  if (before.length === 0) return NOTHING_BEFORE;
  const whole = before.map((one) => lineOf(one)).join("\n");
  if (whole.length <= LONGEST_FIELD) return { fields: [{ name: BEFORE, value: whole }], files: [] };
  const name = `${BEFORE_FILE}${review}.txt`;
  const shown = before.map((one) => lineOf(one, LONGEST_BEFORE)).join("\n");
  const rest = `(All of it: ${name})`;
  const texts = before.map((one) => `By ${one.author.id}, ${one.createdAt.toISOString()}:\n${messageText(one)}\n`);
  return {
    fields: [{ name: BEFORE, value: `${cut(shown, LONGEST_FIELD - rest.length - 1)}\n${rest}` }],
    files: [{ name, content: Buffer.from(texts.join("\n")) }],
  };
}

/** How its name begins. */
export const BEFORE_FILE = "before-";

function lineOf(message: Message<true>, longest = Number.POSITIVE_INFINITY): string {
  const text = quoted(messageText(message).replace(/\s+/g, " "));
  return `${userMention(message.author.id)}: ${cut(text, longest)}`;
}

const EVENTS: Readonly<Record<string, string>> = {
  "review.approved": "approved",
  "review.rejected": "rejected",
  "review.appealed": "appealed",
  "review.undone": "could not do all that the rule asks for",
  "settings.changed": "changed the settings",
  "judge.calibrated": "let the judge learn",
  "audit.exported": "exported the audit",
  "sanction.deleted": "took the messages away",
  "sanction.warned": "warned the author",
  "sanction.timed-out": "timed the author out",
  "sanction.banned": "banned the author",
  "sanction.undone": "could not do that",
  "raid.began": "began raid mode",
  "raid.ended": "ended raid mode",
  "message.gone": "saw that it was taken away, by its author or by hand",
};

/** Behind who did it and before to whom. */
const SANCTIONED: Readonly<Record<SanctionRecord["kind"], string>> = {
  warned: "warned",
  deleted: "took away a message of",
  "timed-out": "timed out",
  "timeout-ended": "ended the time-out of",
  kicked: "kicked",
  banned: "banned",
  unbanned: "lifted the ban of",
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

/** The filter whose find an event is, if it is one. */
export function filterOf(event: string): string | undefined {
  return event.startsWith(FOUND_BY) ? event.slice(FOUND_BY.length) : undefined;
}

/** Behind who did it. */
export function eventInWords(event: string): string {
  const filter = filterOf(event);
  return EVENTS[event] ?? (filter === undefined ? event : `found it by the filter ${filter}`);
}

/** The newest that are looked at. */
const MOST_EVENTS = 20;

/** Whose time-outs and bans a card of many people tells. */
const MOST_PEOPLE = 10;

interface Event {
  readonly at: number;
  readonly words: string;
}

/** Who did what about a message, and by hand about those who wrote what is decided with it, the oldest first. */
async function eventsSince(
  { store }: BotContext,
  { guild, id, author, createdAt }: ReviewRecord,
  incident: readonly ReviewRecord[],
): Promise<readonly Event[]> {
  // What moderators did about people is told below, where it was done.
  const found = (await store.audit(guild, MOST_EVENTS, { detail: auditDetail(id) })).filter(({ event }) => !event.startsWith("sanction."));
  const audited = found.map(({ actor, event, at }) => ({
    at,
    words: `${actor === undefined ? "I" : userMention(actor)} ${eventInWords(event)}`,
  }));
  const people = [...new Set([author, ...incident.map((one) => one.author)])].slice(0, MOST_PEOPLE);
  const sanctioned: Event[] = [];
  for (const person of people)
    for (const { actor, at, kind } of await store.sanctions(guild, person, MOST_EVENTS))
      if (at >= createdAt)
        sanctioned.push({
          at,
          words: `${actor === undefined ? "somebody" : userMention(actor)} ${SANCTIONED[kind]} ${userMention(person)}`,
        });
  return [...audited.toReversed(), ...sanctioned.toReversed()].toSorted((one, other) => one.at - other.at);
}

/** What was done since a message was judged; none where nothing was. */
export async function sinceFields(
  context: BotContext,
  review: ReviewRecord,
  incident: readonly ReviewRecord[] = [],
): Promise<readonly APIEmbedField[]> {
  const events = await eventsSince(context, review, incident);
  return events.length === 0 ? [] : [sinceField(review, events)];
}

/** The same for who asks about it: with when it was judged, also where that is all. */
export async function wholeSinceField(context: BotContext, review: ReviewRecord): Promise<APIEmbedField> {
  return sinceField(review, await eventsSince(context, review, []));
}

/** Of many the newest. */
function sinceField({ createdAt }: ReviewRecord, events: readonly Event[]): APIEmbedField {
  const lines = [{ at: createdAt, words: "judged" }, ...events].map(({ at, words }) => `${momentOf(at)}: ${words}`);
  while (lines.join("\n").length > LONGEST_FIELD) lines.shift();
  return { name: SINCE, value: lines.join("\n") };
}

export function momentOf(at: number): string {
  return time(Math.floor(at / 1000), "f");
}
