import {
  type APIActionRowComponent,
  type APIButtonComponent,
  type APIEmbed,
  ButtonStyle,
  ComponentType,
  escapeMarkdown,
  hyperlink,
  messageLink,
  userMention,
} from "discord.js";
import type { Action } from "../../guard/settings.ts";
import type { Finding, ReviewRecord } from "../../guard/store/store.ts";

/** What was done, or would have been. */
const DONE: Readonly<Record<Action, readonly [done: string, would: string]>> = {
  log: ["Nothing was done", "Nothing would have been done"],
  hide: ["Hidden until somebody decides", "Would have been hidden until somebody decides"],
  delete: ["Deleted", "Would have been deleted"],
  timeout: ["Deleted, and its author timed out", "Would have been deleted, and its author timed out"],
};

const COLOURS = { pending: 0xe0a030, approved: 0x3ba55d, rejected: 0xd83c3e } as const;

/** A review as moderators see it. */
export function reviewCard(review: ReviewRecord, problem?: string): APIEmbed {
  const { action, appeal, author, channel, decidedBy, decision, excerpt, findings, guild, message, shadow } = review;
  const against = findings.filter(isAgainst).map(({ principle }) => principle);
  const decided = decision === "pending" ? undefined : `${capital(decision)} by ${userMention(decidedBy ?? "")}`;
  const fields = [
    { name: "Author", value: userMention(author), inline: true },
    { name: "Message", value: hyperlink("Show", messageLink(channel, message, guild)), inline: true },
    { name: shadow ? "Shadow mode" : "Done", value: problem ?? DONE[action][shadow ? 1 : 0], inline: true },
    { name: "Values, from -1 to 1", value: findings.map(findingLine).join("\n") },
    ...(appeal === undefined ? [] : [{ name: "The author appeals", value: escapeMarkdown(appeal) }]),
    ...(decided === undefined ? [] : [{ name: "Decision", value: decided }]),
  ];
  return {
    title: `Against: ${against.join(", ")}`,
    description: escapeMarkdown(excerpt),
    color: COLOURS[decision],
    fields,
    footer: { text: `Review ${review.id}` },
  };
}

export function findingLine(finding: Finding): string {
  const { principle, value, threshold } = finding;
  return `${isAgainst(finding) ? "✗" : "✓"} ${principle} ${value.toFixed(2)} (limit ${threshold.toFixed(2)})`;
}

export function isAgainst({ value, threshold }: Finding): boolean {
  return !(value >= threshold);
}

/** The first parts of custom ids. What follows is checked as if anybody could have written it. */
export const REVIEW = "review";
export const APPEAL = "appeal";

export function reviewButtons({ id, decision }: ReviewRecord): APIActionRowComponent<APIButtonComponent>[] {
  const isDecided = decision !== "pending";
  const button = (label: string, style: ButtonStyle.Success | ButtonStyle.Danger | ButtonStyle.Secondary, isOver: boolean) =>
    ({ type: ComponentType.Button, style, label, custom_id: `${REVIEW}:${label.toLowerCase()}:${id}`, disabled: isOver }) as const;
  const components = [
    button("Approve", ButtonStyle.Success, isDecided),
    button("Reject", ButtonStyle.Danger, isDecided),
    button("Explain", ButtonStyle.Secondary, false),
  ];
  return [{ type: ComponentType.ActionRow, components }];
}

export function appealButton({ id, guild }: ReviewRecord): APIActionRowComponent<APIButtonComponent> {
  const button = {
    type: ComponentType.Button,
    style: ButtonStyle.Primary,
    label: "Appeal",
    custom_id: `${APPEAL}:${guild}:${id}`,
  } as const;
  return { type: ComponentType.ActionRow, components: [button] };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
