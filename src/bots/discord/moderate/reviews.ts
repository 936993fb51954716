import { type APIEmbed, type GuildMember, type Message, PermissionFlagsBits, type SendableChannels } from "discord.js";
import type { Judgement } from "../../guard/moderate.ts";
import { ACTIONS, type Action, type GuildSettings } from "../../guard/settings.ts";
import { excerptOf, hashOf, judgedText } from "../../guard/store/excerpts.ts";
import type { ReviewRecord } from "../../guard/store/store.ts";
import type { BotContext } from "../bot-context.ts";
import { once } from "../reply/live-reply.ts";
import { cut, quoted } from "../reply/text.ts";
import { appealButton, reviewButtons, reviewCard, unfitLine } from "./card.ts";

/** In Discord's own audit log. */
const LONGEST_REASON = 500;

/** A message that a principle speaks against. */
interface Against {
  readonly message: Message<true>;
  /** All that people read of it. */
  readonly text: string;
  readonly judgement: Judgement;
  readonly settings: GuildSettings;
}

/**
 * Enters a message into the review queue, then does what the rules ask for, or in shadow mode nothing, and tells the moderators. Where no fit judge speaks
 * against it, it is as in shadow mode.
 * What cannot be entered is left as it is: nothing happens of which nobody can find out.
 */
export async function openReview(context: BotContext, { message, text, judgement, settings }: Against): Promise<ReviewRecord | undefined> {
  const { store, options, log } = context;
  const { action = "log", findings, isCertain } = judgement;
  const shadow = settings.moderation.shadow || !isCertain;
  const { guildId: guild, channelId: channel, id, author } = message;
  const review = {
    guild,
    channel,
    message: id,
    author: author.id,
    hash: hashOf(text),
    excerpt: excerptOf(text),
    text: action === "hide" && !shadow ? text : undefined,
    judged: judgedText(text),
    findings,
    action,
    shadow,
    createdAt: options.clock(),
  };
  const number = await store.addReview(review);
  if (number === undefined) return undefined;
  const record: ReviewRecord = {
    ...review,
    id: number,
    decision: "pending",
    decidedBy: undefined,
    decidedAt: undefined,
    appeal: undefined,
  };
  const against = judgement.against.map(({ principle }) => principle).join(", ");
  const reason = context.outbound.own(cut(`Review ${number}: against ${against}`, LONGEST_REASON));
  const done: Done = shadow ? { problem: undefined, isRemoved: false } : await act(message, { action, settings, reason });
  log.info({ guild, review: number, action, shadow, problem: done.problem }, "against a principle");
  const problem = isCertain ? done.problem : judgement.unfit.map(unfitLine).join(" ");
  await tellModerators(context, { guild, settings, embed: reviewCard(record, problem), review: record });
  if (done.isRemoved && settings.moderation.appeals) await tellAuthor(context, message, record);
  return record;
}

interface Telling {
  readonly guild: string;
  readonly settings: GuildSettings;
  readonly embed: APIEmbed;
  readonly review: ReviewRecord;
}

/** Posts a card in the log channel, if there is one that we may write in; the queue has it in any case. */
export async function tellModerators({ client, outbound, log }: BotContext, { guild, settings, embed, review }: Telling): Promise<void> {
  const { logChannel } = settings.moderation;
  if (logChannel === undefined) return;
  try {
    const channel = await client.channels.fetch(logChannel);
    // A channel of another guild is none of ours.
    if (channel === null || !channel.isSendable() || channel.isDMBased() || channel.guildId !== guild) return;
    if (!mayPost(channel)) return;
    const card = { embeds: [embed], components: reviewButtons(review), allowedMentions: { parse: [] } };
    await channel.send({ ...outbound.own(card), ...once("card", review.id, review.appeal === undefined ? "new" : "appealed") });
  } catch (error) {
    log.warn({ err: error, guild }, "log channel");
  }
}

function mayPost(channel: SendableChannels): boolean {
  if (channel.isDMBased()) return true;
  const { me } = channel.guild.members;
  return (
    me !== null &&
    channel.permissionsFor(me).has([PermissionFlagsBits.ViewChannel, PermissionFlagsBits.SendMessages, PermissionFlagsBits.EmbedLinks])
  );
}

/** Many people take no private messages: they are told nothing, and moderators still have the card. */
async function tellAuthor({ outbound, log }: BotContext, message: Message<true>, review: ReviewRecord): Promise<void> {
  const names = review.findings.filter(({ value, threshold }) => !(value >= threshold)).map(({ principle }) => principle);
  const line =
    `Your message in ${quoted(message.guild.name)} was ${removes(review.action) && review.action === "hide" ? "hidden" : "removed"}: ` +
    `it was judged to be against ${names.join(", ")}. If you think that is wrong, ask the moderators to look at it again.`;
  try {
    const told = { content: line, components: [appealButton(review)], allowedMentions: { parse: [] } };
    await message.author.send({ ...outbound.own(told), ...once("author", review.id) });
  } catch (error) {
    log.info({ err: error, guild: review.guild }, "author not told");
  }
}

/** What came of an action. */
export interface Done {
  /** Why it could not be done, or not all of it. */
  readonly problem: string | undefined;
  readonly isRemoved: boolean;
}

interface Wanted {
  readonly action: Action;
  readonly settings: GuildSettings;
  /** For Discord's own audit log. */
  readonly reason: string;
}

/** Does what a rule asks for, as far as the bot's permissions go at this moment. */
export async function act(message: Message<true>, { action, settings, reason }: Wanted): Promise<Done> {
  if (action === "log") return { problem: undefined, isRemoved: false };
  const problems: string[] = [];
  const isRemoved = await remove(message, problems);
  if (action === "timeout") await silence(await authorOf(message), { settings, reason, problems });
  return { problem: problems.length === 0 ? undefined : problems.join("; "), isRemoved };
}

/** Whether an action takes a message away. */
export function removes(action: Action): boolean {
  return ACTIONS.indexOf(action) >= ACTIONS.indexOf("hide");
}

async function remove(message: Message<true>, problems: string[]): Promise<boolean> {
  const { me } = message.guild.members;
  if (me === null || !message.channel.permissionsFor(me).has(PermissionFlagsBits.ManageMessages)) {
    problems.push("Not deleted: I lack the permission Manage Messages here");
    return false;
  }
  try {
    await message.delete();
    return true;
  } catch (error) {
    problems.push(`Not deleted: ${said(error)}`);
    return false;
  }
}

interface Silencing extends Omit<Wanted, "action"> {
  readonly problems: string[];
}

/** `message.member` is whom discord.js happens to remember. `null`: whoever has left. */
export function authorOf(message: Message<true>): Promise<GuildMember | null> {
  return message.guild.members.fetch(message.author).catch(() => null);
}

async function silence(member: GuildMember | null, { settings, reason, problems }: Silencing): Promise<void> {
  if (member === null) problems.push("Not timed out: its author has left");
  else if (!member.moderatable) problems.push("Not timed out: I lack the permission Moderate Members, or its author's role is above mine");
  else {
    try {
      await member.timeout(settings.moderation.timeoutMinutes * 60_000, reason);
    } catch (error) {
      problems.push(`Not timed out: ${said(error)}`);
    }
  }
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
