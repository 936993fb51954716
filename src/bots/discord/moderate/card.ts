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
import { type Action, type Finding, type KnownJudge, type ReviewRecord, say, type UnfitJudge } from "../../guard/index.ts";
import { wordsOfValue } from "../outbound-filter.ts";
import { cut, quoted } from "../reply/text.ts";
import { BEFORE, type Before, cutLine, SINCE, shownText } from "./evidence.ts";

/** What was done, or would have been. */
const DONE: Readonly<Record<Action, readonly [done: string, would: string]>> = {
  log: ["Nothing was done", "Nothing would have been done"],
  hide: ["Hidden until somebody decides", "Would have been hidden until somebody decides"],
  delete: ["Deleted", "Would have been deleted"],
  timeout: ["Deleted, and its author timed out", "Would have been deleted, and its author timed out"],
};

const COLOURS = { pending: 0xe0a030, approved: 0x3ba55d, rejected: 0xd83c3e } as const;

/** Discord's limits; five cards in one message are limited together, too. */
const LONGEST_TITLE = 256;
const LONGEST_FIELD = 1024;

/** What a card may say beside the review itself. */
interface CardExtras {
  /** What could not be done. */
  readonly problem?: string | undefined;
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
  review: ReviewRecord,
  { problem, before = [], incident = [], since = [], strikes = 0 }: CardExtras = {},
): APIEmbed {
  const { action, author, channel, decision, findings, guild, message, shadow } = review;
  const against = findings.filter(isAgainst);
  const fields = [
    { name: "Author", value: `${userMention(author)}${strikesInWords(strikes)}`, inline: true },
    { name: "Message", value: hyperlink("Show", messageLink(channel, message, guild)), inline: true },
    { name: shadow ? "Shadow mode" : "Done", value: cut(problem ?? DONE[action][shadow ? 1 : 0], LONGEST_FIELD), inline: true },
    ...attachmentsField(review),
    ...cutField(review),
    { name: "Values, from -1 to 1", value: linesOf([...against, ...findings.filter((finding) => !isAgainst(finding))]) },
    ...appealField(review),
    ...before,
    ...incidentField(incident),
    ...since,
    ...decisionField(review),
  ];
  return fitted({
    title: cut(`Against: ${against.map(({ principle }) => principle).join(", ")}`, LONGEST_TITLE),
    description: shownText(review),
    color: COLOURS[decision],
    fields,
    footer: { text: `Review ${review.id}` },
  });
}

function strikesInWords(count: number): string {
  return count === 0 ? "" : ` (${count} ${count === 1 ? "strike" : "strikes"} before)`;
}

/** Discord's limit for all cards of a message together. */
export const LONGEST_CARDS = 6000;

export function lengthOf(card: APIEmbed): number {
  return [...wordsOfValue(card)].join("").length;
}

/** Where Discord takes no more, a card goes without what was said before: *Explain* shows that, too. */
function fitted(card: APIEmbed): APIEmbed {
  return lengthOf(card) <= LONGEST_CARDS ? card : { ...card, fields: (card.fields ?? []).filter(({ name }) => name !== BEFORE) };
}

/** What a card says that stands there. */
export interface CardState {
  /** All that is decided with it. */
  readonly incident: readonly ReviewRecord[];
  /** What could not be done about a message that belongs to it. */
  readonly failure: string | undefined;
  readonly since: readonly APIEmbedField[];
}

/** A card that stands there, once its review is decided or appealed, or more belongs to it: what else it says stays. */
export function followingCard(
  { title, description, fields = [], footer }: APIEmbed,
  review: ReviewRecord,
  { incident, failure, since }: CardState,
): APIEmbed {
  const failed = [...fields.filter(({ name }) => name === FAILED).map(({ value }) => value), ...(failure === undefined ? [] : [failure])];
  return fitted({
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    color: COLOURS[review.decision],
    fields: [
      ...fields.filter(({ name }) => !REPLACED.includes(name) && !INCIDENT.test(name)),
      ...(failed.length === 0 ? [] : [{ name: FAILED, value: cutLines(failed.join("\n").split("\n"), LONGEST_FIELD) }]),
      ...appealField(review),
      ...incidentField(incident),
      ...since,
      ...decisionField(review),
    ],
    footer: { text: footer?.text ?? `Review ${review.id}` },
  });
}

function attachmentsField({ attachments, unread }: ReviewRecord): readonly APIEmbedField[] {
  const lines = [
    ...(attachments === 0 ? [] : [`${attachments}, which I do not keep: they are lost where the message is taken away`]),
    ...(unread === 0 ? [] : [unreadFilesLine(unread)]),
  ];
  return lines.length === 0 ? [] : [{ name: "Attachments", value: lines.join("\n") }];
}

function cutField(review: ReviewRecord): readonly APIEmbedField[] {
  const value = cutLine(review);
  return value === undefined ? [] : [{ name: "Text", value }];
}

/** What nobody has judged. */
export function unreadFilesLine(count: number): string {
  const were = count === 1 ? "1 file was not judged, or not to its end" : `${count} files were not judged, or not to their end`;
  return `${were}: what is no text, or more than 64 KiB in all`;
}

const INCIDENT = /^\d+ messages\b/;
const LONGEST_LINE = 120;

/** What is decided together, the newest first, as far as it fits; a file has all of it. */
function incidentField(incident: readonly ReviewRecord[]): readonly APIEmbedField[] {
  if (incident.length < 2) return [];
  const people = new Set(incident.map(({ author }) => author)).size;
  const lines = incident.toReversed().map(({ author, channel, excerpt, guild, message }) => {
    const who = people === 1 ? "" : `${userMention(author)}: `;
    return `${hyperlink("Show", messageLink(channel, message, guild))} ${who}${cut(quoted(excerpt.replace(/\s+/g, " ")), LONGEST_LINE)}`;
  });
  const name = `${incident.length} messages${people === 1 ? "" : ` of ${people} people, who joined lately`}, decided together`;
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

const FAILED = "Not done";
const DECISION = "Decision";
const APPEALED = "The author appeals";

/** What is told anew. */
const REPLACED: readonly string[] = [DECISION, APPEALED, FAILED, SINCE];

function appealField({ appeal }: ReviewRecord): readonly APIEmbedField[] {
  return appeal === undefined ? [] : [{ name: APPEALED, value: cut(quoted(appeal), LONGEST_FIELD) }];
}

function decisionField({ decision, decidedBy }: ReviewRecord): readonly APIEmbedField[] {
  return decision === "pending" ? [] : [{ name: DECISION, value: `${capital(decision)} by ${userMention(decidedBy ?? "")}` }];
}

/** As many as fit. */
function linesOf(findings: readonly Finding[]): string {
  return cut(findings.map(findingLine).join("\n"), LONGEST_FIELD);
}

export function findingLine(finding: Finding): string {
  const { principle, value, threshold, found } = finding;
  if (found !== undefined) return `✗ ${principle}: ${quoted(found)}`;
  return `${isAgainst(finding) ? "✗" : "✓"} ${principle} ${value.toFixed(2)} (limit ${threshold.toFixed(2)})`;
}

export function isAgainst({ value, threshold }: Finding): boolean {
  return !(value >= threshold);
}

/** What it means that a rule does not act by its judge. */
export function unfitLine({ principle, judge }: UnfitJudge): string {
  return `By ${principle} my judge ${doubtOf(judge)}: what it says is only shown, and nothing is done by it. \`/rain status\` says more.`;
}

/** Completes "My judge ...". */
export function doubtOf({ fitness, isFit }: KnownJudge): string {
  if (fitness === undefined) return isFit ? "was never measured" : "is not fit";
  return `${isFit ? "may not be fit" : "is not fit"} (${fitnessText(fitness)})`;
}

/** How well a judge tells good from bad. */
export function fitnessText({ auroc, low, high, n }: NonNullable<KnownJudge["fitness"]>): string {
  return `AUROC ${auroc.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)}) on ${n} examples`;
}

/** The first parts of custom ids. What follows is untrusted input, and checked as such. */
export const REVIEW = "review";
export const APPEAL = "appeal";
export const ACT = "act";

/** @param incident all that is decided with it: as far as the card shows it, and no further */
export function reviewButtons(
  { id, decision }: ReviewRecord,
  incident: readonly ReviewRecord[] = [],
): APIActionRowComponent<APIButtonComponent>[] {
  const isDecided = decision !== "pending";
  const last = Math.max(id, ...incident.map((one) => one.id));
  const button = (act: string, style: ButtonStyle.Success | ButtonStyle.Danger | ButtonStyle.Secondary, isOver: boolean) => {
    const isForAll = incident.length > 1 && act !== "Explain";
    const custom_id = [REVIEW, act.toLowerCase(), id, ...(isForAll ? [last] : [])].join(":");
    return { type: ComponentType.Button, style, label: isForAll ? `${act} all` : act, custom_id, disabled: isOver } as const;
  };
  const components = [
    button("Approve", ButtonStyle.Success, isDecided),
    button("Reject", ButtonStyle.Danger, isDecided),
    button("Explain", ButtonStyle.Secondary, false),
    {
      type: ComponentType.Button as const,
      style: ButtonStyle.Secondary as const,
      label: "Act",
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

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
