/** What moderators decide on: the whole message, what was said before it, and what was done about it since. */
import { type APIEmbedField, type Message, time, userMention } from "discord.js";
import { isCutJudged, own, type ReviewRecord, type SanctionRecord, say, saying, type TextKey, type Words } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import type { OwnFile } from "../commands/command.ts";
import { cut, messageText, quoted } from "../reply/text.ts";

/** Longer ones are a file as well. Discord's limits for a card, and for five of them together, are higher. */
const LONGEST_TEXT = 1500;

/** Discord's limit is a little more. */
const LONGEST_FIELD = 1000;

const SHOWN_BEFORE = 5;
const LONGEST_BEFORE = 160;

/** As it was written; of one that was decided, what the judge has read of it. */
export function wholeText({ text, judged, excerpt }: ReviewRecord): string {
  return text ?? judged ?? excerpt;
}

/** What is lacking of a text that was decided about, for moderators: as it was written, it is kept only until then. `undefined`: nothing. */
export function cutLine({ text, judged }: ReviewRecord): Words | undefined {
  if (text !== undefined) return undefined;
  if (judged === undefined) return saying("card.text.firstWords");
  return isCutJudged(judged) ? saying("card.text.beginning") : undefined;
}

/** The message as moderators see it, without any effect. */
export function shownText(review: ReviewRecord): string {
  return cut(quoted(wholeText(review)), LONGEST_TEXT);
}

/** The whole message, or all that are decided with it, where a card does not show all of it. */
export function textFiles(language: string | undefined, review: ReviewRecord, incident: readonly ReviewRecord[] = []): readonly OwnFile[] {
  if (incident.length > 1) return [{ name: `messages-${review.id}.txt`, content: Buffer.from(textOfAll(language, incident)) }];
  const whole = wholeText(review);
  return quoted(whole).length <= LONGEST_TEXT ? [] : [{ name: `message-${review.id}.txt`, content: Buffer.from(whole) }];
}

/** Of several messages together: Discord takes files of 10 MiB, and of all that one message shows 25 MiB, which the queue fills five times. */
const LONGEST_TEXTS = 4 * 1024 * 1024;

/** All that are decided together; those that do not fit, by their first words. */
function textOfAll(language: string | undefined, incident: readonly ReviewRecord[]): string {
  const headOf = ({ id, author, createdAt }: ReviewRecord, key: "file.whole" | "file.firstWords") =>
    say(language, key, { id, author, at: new Date(createdAt).toISOString() });
  let length = 0;
  const texts = incident.map((one) => {
    const whole = wholeText(one);
    const size = Buffer.byteLength(whole);
    if (length + size > LONGEST_TEXTS) return { isCut: true, text: `${headOf(one, "file.firstWords")}\n${one.excerpt}\n` };
    length += size;
    return { isCut: false, text: `${headOf(one, "file.whole")}\n${whole}\n` };
  });
  const cuts = texts.filter(({ isCut }) => isCut).length;
  const note = `${say(language, "file.cut", { cut: cuts, count: texts.length })}\n`;
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
  language: string | undefined,
  { channel: id, guild, message, id: review }: ReviewRecord,
): Promise<Before> {
  const channel = await client.channels.fetch(id).catch(() => null);
  if (channel === null || channel.isDMBased() || !channel.isTextBased() || channel.guildId !== guild) return NOTHING_BEFORE;
  const found = await channel.messages.fetch({ before: message, limit: SHOWN_BEFORE }).catch(() => undefined);
  const before: Message<true>[] = [];
  for (const one of [...(found?.values() ?? [])].toReversed()) if (!(await store.isOptedOut(one.author.id))) before.push(one);
  if (before.length === 0) return NOTHING_BEFORE;
  const whole = before.map((one) => lineOf(one)).join("\n");
  if (whole.length <= LONGEST_FIELD) return { fields: [{ name: say(language, "card.before"), value: whole }], files: [] };
  const name = `${BEFORE_FILE}${review}.txt`;
  const shown = before.map((one) => lineOf(one, LONGEST_BEFORE)).join("\n");
  const rest = say(language, "card.before.all", { file: name });
  const texts = before.map(
    (one) => `${say(language, "file.before", { author: one.author.id, at: one.createdAt.toISOString() })}\n${messageText(one)}\n`,
  );
  return {
    fields: [{ name: say(language, "card.before"), value: `${cut(shown, LONGEST_FIELD - rest.length - 1)}\n${rest}` }],
    files: [{ name, content: Buffer.from(texts.join("\n")) }],
  };
}

/** How its name begins. */
export const BEFORE_FILE = "before-";

function lineOf(message: Message<true>, longest = Number.POSITIVE_INFINITY): string {
  const text = quoted(messageText(message).replace(/\s+/g, " "));
  return `${userMention(message.author.id)}: ${cut(text, longest)}`;
}

const EVENTS = {
  "review.approved": "event.approved",
  "review.rejected": "event.rejected",
  "review.appealed": "event.appealed",
  "review.undone": "event.undone",
  "settings.changed": "event.settings",
  "judge.calibrated": "event.learned",
  "audit.exported": "event.exported",
  "sanction.deleted": "event.deleted",
  "sanction.warned": "event.warned",
  "sanction.timed-out": "event.timedOut",
  "sanction.banned": "event.banned",
  "sanction.undone": "event.unacted",
  "raid.began": "event.raidBegan",
  "raid.ended": "event.raidEnded",
  "message.gone": "event.gone",
} as const satisfies Readonly<Record<string, TextKey>>;

const SANCTIONED = {
  warned: "sanctioned.warned",
  deleted: "sanctioned.deleted",
  "timed-out": "sanctioned.timedOut",
  "timeout-ended": "sanctioned.timeoutEnded",
  kicked: "sanctioned.kicked",
  banned: "sanctioned.banned",
  unbanned: "sanctioned.unbanned",
} as const satisfies Readonly<Record<SanctionRecord["kind"], TextKey>>;

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

/** Who did what. @param actor nobody: the bot itself */
export function eventWords(actor: string | undefined, event: string): Words {
  const who = actor === undefined ? saying("who.me") : userMention(actor);
  const filter = filterOf(event);
  if (filter !== undefined) return saying("event.filter", { who, filter });
  const known = own<(typeof EVENTS)[keyof typeof EVENTS]>(EVENTS, event);
  return known === undefined ? saying("event.other", { who, event }) : saying(known, { who });
}

/** The newest that are looked at. */
const MOST_EVENTS = 20;

/** Whose time-outs and bans a card of many people tells. */
const MOST_PEOPLE = 10;

interface Event {
  readonly at: number;
  readonly words: Words;
}

/** Who did what about a message, and by hand about those who wrote what is decided with it, the oldest first. */
async function eventsSince(
  { store }: BotContext,
  { guild, id, author, createdAt }: ReviewRecord,
  incident: readonly ReviewRecord[],
): Promise<readonly Event[]> {
  // What moderators did about people is told below, where it was done.
  const found = (await store.audit(guild, MOST_EVENTS, { detail: auditDetail(id) })).filter(({ event }) => !event.startsWith("sanction."));
  const audited = found.map(({ actor, event, at }) => ({ at, words: eventWords(actor, event) }));
  const people = [...new Set([author, ...incident.map((one) => one.author)])].slice(0, MOST_PEOPLE);
  const sanctioned: Event[] = [];
  for (const person of people)
    for (const { actor, at, kind } of await store.sanctions(guild, person, MOST_EVENTS))
      if (at >= createdAt) {
        const who = actor === undefined ? saying("who.somebody") : userMention(actor);
        sanctioned.push({ at, words: saying(SANCTIONED[kind], { who, person: userMention(person) }) });
      }
  return [...audited.toReversed(), ...sanctioned.toReversed()].toSorted((one, other) => one.at - other.at);
}

/** What was done since a message was judged; none where nothing was. */
export async function sinceFields(
  context: BotContext,
  language: string | undefined,
  review: ReviewRecord,
  incident: readonly ReviewRecord[] = [],
): Promise<readonly APIEmbedField[]> {
  const events = await eventsSince(context, review, incident);
  return events.length === 0 ? [] : [sinceField(language, review, events)];
}

/** The same for who asks about it: with when it was judged, also where that is all. */
export async function wholeSinceField(context: BotContext, language: string | undefined, review: ReviewRecord): Promise<APIEmbedField> {
  return sinceField(language, review, await eventsSince(context, review, []));
}

/** Of many the newest. */
function sinceField(language: string | undefined, { createdAt }: ReviewRecord, events: readonly Event[]): APIEmbedField {
  const all = [{ at: createdAt, words: saying("event.judged") }, ...events];
  const lines = all.map(({ at, words }) => `${momentOf(at)}: ${words(language)}`);
  while (lines.join("\n").length > LONGEST_FIELD) lines.shift();
  return { name: say(language, "card.since"), value: lines.join("\n") };
}

export function momentOf(at: number): string {
  return time(Math.floor(at / 1000), "f");
}
