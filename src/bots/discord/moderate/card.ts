import {
  type APIActionRowComponent,
  type APIButtonComponent,
  type APIEmbed,
  type APIEmbedField,
  ButtonStyle,
  ComponentType,
  hyperlink,
  messageLink,
  userMention,
} from "discord.js";
import {
  type Finding,
  isSaid,
  type KnownJudge,
  LANGUAGES,
  oneOrMany,
  type PlainKey,
  type ReviewRecord,
  retold,
  say,
  saying,
  type TextKey,
  type UnfitJudge,
  type Words,
} from "../../guard/index.ts";
import { wordsOfValue } from "../outbound-filter.ts";
import { cut, quoted } from "../reply/text.ts";
import { type Before, cutLine, shownText } from "./evidence.ts";

const COLOURS = { pending: 0xe0a030, approved: 0x3ba55d, rejected: 0xd83c3e } as const;

/** Discord's limits; five cards in one message are limited together, too. */
const LONGEST_TITLE = 256;
const LONGEST_FIELD = 1024;

/** What a card may say beside the review itself. */
interface CardExtras {
  /** What could not be done. */
  readonly problem?: Words | undefined;
  /** What was said before. */
  readonly before?: Before["fields"];
  /** All that is decided with it. @default itself alone */
  readonly incident?: readonly ReviewRecord[];
  /** What was done since. */
  readonly since?: readonly APIEmbedField[];
  /** How often of late its author wrote what was rejected. @default 0 */
  readonly strikes?: number;
}

/** A review as moderators see it. */
export function reviewCard(
  language: string | undefined,
  review: ReviewRecord,
  { problem, before = [], incident = [], since = [], strikes = 0 }: CardExtras = {},
): APIEmbed {
  const { action, author, channel, decision, findings, guild, message, shadow } = review;
  const against = findings.filter(isAgainst);
  const said = (key: PlainKey) => say(language, key);
  const done = problem?.(language) ?? said(`card.${shadow ? "would" : "done"}.${action}`);
  const fields = [
    { name: said("card.author"), value: `${userMention(author)}${strikesInWords(language, strikes)}`, inline: true },
    { name: said("card.message"), value: hyperlink(said("card.show"), messageLink(channel, message, guild)), inline: true },
    { name: said(shadow ? "card.shadow" : "card.done"), value: cut(done, LONGEST_FIELD), inline: true },
    ...attachmentsField(language, review),
    ...cutField(language, review),
    { name: said("card.values"), value: linesOf(language, [...against, ...findings.filter((finding) => !isAgainst(finding))]) },
    ...appealField(language, review),
    ...before,
    ...incidentField(language, incident),
    ...since,
    ...decisionField(language, review),
  ];
  const principles = against.map(({ principle }) => principle).join(", ");
  return fitted(language, {
    title: cut(say(language, "card.title", { principles }), LONGEST_TITLE),
    description: shownText(review),
    color: COLOURS[decision],
    fields,
    footer: { text: say(language, "card.footer", { id: review.id }) },
  });
}

/** In which language a card is that stands there. `undefined`: in English, or in one that we do not speak any more. */
export function languageOfCard({ footer }: APIEmbed): string | undefined {
  return Object.keys(LANGUAGES).find((language) => isSaid(language, "card.footer", footer?.text ?? ""));
}

function strikesInWords(language: string | undefined, count: number): string {
  return count === 0 ? "" : ` ${say(language, `card.strikes.${oneOrMany(count)}`, { count })}`;
}

/** Discord's limit for all cards of a message together. */
export const LONGEST_CARDS = 6000;

export function lengthOf(card: APIEmbed): number {
  return [...wordsOfValue(card)].join("").length;
}

/** Where Discord takes no more, a card goes without what was said before: *Explain* shows that, too. */
function fitted(language: string | undefined, card: APIEmbed): APIEmbed {
  if (lengthOf(card) <= LONGEST_CARDS) return card;
  return { ...card, fields: (card.fields ?? []).filter(({ name }) => !isSaid(language, "card.before", name)) };
}

/** What a card says that stands there. */
export interface CardState {
  /** All that is decided with it. */
  readonly incident: readonly ReviewRecord[];
  /** What could not be done about a message that belongs to it. */
  readonly failure: Words | undefined;
  readonly since: readonly APIEmbedField[];
}

/** A card that stands there, once its review is decided or appealed, or more belongs to it: what else it says stays. @param language its own */
export function followingCard(
  language: string | undefined,
  { title, description, fields = [], footer }: APIEmbed,
  review: ReviewRecord,
  { incident, failure, since }: CardState,
): APIEmbed {
  const isCalled = (name: string, key: TextKey) => isSaid(language, key, name);
  const failures = fields.filter(({ name }) => isCalled(name, "card.failed")).map(({ value }) => value);
  const failed = [...failures, ...(failure === undefined ? [] : [failure(language)])];
  return fitted(language, {
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    color: COLOURS[review.decision],
    fields: [
      ...fields.filter(({ name }) => !REPLACED.some((key) => isCalled(name, key))),
      ...(failed.length === 0
        ? []
        : [{ name: say(language, "card.failed"), value: cutLines(failed.join("\n").split("\n"), LONGEST_FIELD) }]),
      ...appealField(language, review),
      ...incidentField(language, incident),
      ...since,
      ...decisionField(language, review),
    ],
    footer: { text: footer?.text ?? say(language, "card.footer", { id: review.id }) },
  });
}

function attachmentsField(language: string | undefined, { attachments, unread }: ReviewRecord): readonly APIEmbedField[] {
  const lines = [
    ...(attachments === 0 ? [] : [say(language, "card.attachments.lost", { count: attachments })]),
    ...(unread === 0 ? [] : [unreadFilesLine(language, unread)]),
  ];
  return lines.length === 0 ? [] : [{ name: say(language, "card.attachments"), value: lines.join("\n") }];
}

function cutField(language: string | undefined, review: ReviewRecord): readonly APIEmbedField[] {
  const value = cutLine(review)?.(language);
  return value === undefined ? [] : [{ name: say(language, "card.text"), value }];
}

/** What nobody has judged. */
export function unreadFilesLine(language: string | undefined, count: number): string {
  return count === 1 ? say(language, "card.unread.one") : say(language, "card.unread.many", { count });
}

const LONGEST_LINE = 120;

/** What is decided together, the newest first, as far as it fits; a file has all of it. */
function incidentField(language: string | undefined, incident: readonly ReviewRecord[]): readonly APIEmbedField[] {
  if (incident.length < 2) return [];
  const people = new Set(incident.map(({ author }) => author)).size;
  const lines = incident.toReversed().map(({ author, channel, excerpt, guild, message }) => {
    const who = people === 1 ? "" : `${userMention(author)}: `;
    return `${hyperlink(say(language, "card.show"), messageLink(channel, message, guild))} ${who}${cut(quoted(excerpt.replace(/\s+/g, " ")), LONGEST_LINE)}`;
  });
  const count = incident.length;
  const name = people === 1 ? say(language, "card.incident", { count }) : say(language, "card.incident.people", { count, people });
  return [{ name, value: cutLines(lines, LONGEST_FIELD) }];
}

/** Whole lines, as many as fit: half of a link would be none. */
function cutLines(lines: readonly string[], longest: number): string {
  const kept: string[] = [];
  for (const line of lines) {
    if ([...kept, line, MORE].join("\n").length > longest) return [...kept, MORE].join("\n");
    kept.push(line);
  }
  return kept.join("\n");
}

const MORE = "...";

/** Names of fields that are told anew. */
const REPLACED = [
  "card.decision",
  "card.appealed",
  "card.failed",
  "card.since",
  "card.incident",
  "card.incident.people",
] as const satisfies readonly TextKey[];

function appealField(language: string | undefined, { appeal }: ReviewRecord): readonly APIEmbedField[] {
  return appeal === undefined ? [] : [{ name: say(language, "card.appealed"), value: cut(quoted(appeal), LONGEST_FIELD) }];
}

function decisionField(language: string | undefined, { decision, decidedBy }: ReviewRecord): readonly APIEmbedField[] {
  if (decision === "pending") return [];
  const value = say(language, `card.decision.${decision}`, { who: userMention(decidedBy ?? "") });
  return [{ name: say(language, "card.decision"), value }];
}

/** As many as fit. */
function linesOf(language: string | undefined, findings: readonly Finding[]): string {
  return cut(findings.map((finding) => findingLine(language, finding)).join("\n"), LONGEST_FIELD);
}

export function findingLine(language: string | undefined, finding: Finding): string {
  const { principle, value, threshold, found } = finding;
  if (found !== undefined) return `✗ ${principle}: ${quoted(retold(language, found))}`;
  const line = say(language, "card.value", { principle, value: value.toFixed(2), limit: threshold.toFixed(2) });
  return `${isAgainst(finding) ? "✗" : "✓"} ${line}`;
}

export function isAgainst({ value, threshold }: Finding): boolean {
  return !(value >= threshold);
}

/** What it means that a rule does not act by its judge. */
export function unfitLine({ principle, judge }: UnfitJudge): Words {
  return saying("card.unfit", { principle, doubt: doubtOf(judge) });
}

/** Completes "My judge ...". */
export function doubtOf({ fitness, isFit }: KnownJudge): Words {
  if (fitness === undefined) return saying(isFit ? "doubt.never" : "doubt.unfit");
  return saying(isFit ? "doubt.perhaps" : "doubt.unfit.figure", { figure: fitnessWords(fitness) });
}

/** How well a judge tells good from bad. */
export function fitnessWords({ auroc, low, high, n: count }: NonNullable<KnownJudge["fitness"]>): Words {
  return saying("doubt.figure", { auroc: auroc.toFixed(2), low: low.toFixed(2), high: high.toFixed(2), count });
}

/** The first parts of custom ids. What follows is untrusted input, and checked as such. */
export const REVIEW = "review";
export const APPEAL = "appeal";
export const ACT = "act";

/** @param incident all that is decided with it: as far as the card shows it, and no further */
export function reviewButtons(
  language: string | undefined,
  { id, decision }: ReviewRecord,
  incident: readonly ReviewRecord[] = [],
): APIActionRowComponent<APIButtonComponent>[] {
  const isDecided = decision !== "pending";
  const last = Math.max(id, ...incident.map((one) => one.id));
  const deciding = (act: "approve" | "reject", style: ButtonStyle.Success | ButtonStyle.Danger) => {
    const isForAll = incident.length > 1;
    const custom_id = [REVIEW, act, id, ...(isForAll ? [last] : [])].join(":");
    const label = say(language, isForAll ? `${act}.all.button` : `${act}.button`);
    return { type: ComponentType.Button, style, label, custom_id, disabled: isDecided } as const;
  };
  const components = [
    deciding("approve", ButtonStyle.Success),
    deciding("reject", ButtonStyle.Danger),
    {
      type: ComponentType.Button as const,
      style: ButtonStyle.Secondary as const,
      label: say(language, "explain.button"),
      custom_id: `${REVIEW}:explain:${id}`,
    },
    {
      type: ComponentType.Button as const,
      style: ButtonStyle.Secondary as const,
      label: say(language, "act.button"),
      custom_id: `${ACT}:menu:${id}`,
      disabled: decision === "approved",
    },
  ];
  return [{ type: ComponentType.ActionRow, components }];
}

export function appealButton({ id, guild }: ReviewRecord, language: string): APIActionRowComponent<APIButtonComponent> {
  const button = {
    type: ComponentType.Button,
    style: ButtonStyle.Primary,
    label: say(language, "appeal.button"),
    custom_id: `${APPEAL}:${guild}:${id}`,
  } as const;
  return { type: ComponentType.ActionRow, components: [button] };
}
