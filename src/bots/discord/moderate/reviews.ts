import { type APIEmbed, type Message, PermissionFlagsBits, type SendableChannels } from "discord.js";
import type { Judgement } from "../../guard/moderate.ts";
import type { GuildSettings } from "../../guard/settings.ts";
import { excerptOf, hashOf, judgedText } from "../../guard/store/excerpts.ts";
import type { ReviewRecord } from "../../guard/store/store.ts";
import { once } from "../once.ts";
import type { Parts } from "../parts.ts";
import { cut } from "../text/cut.ts";
import { quoted } from "../text/quoted.ts";
import { act, type Done, removes } from "./actions.ts";
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
export async function openReview(parts: Parts, { message, text, judgement, settings }: Against): Promise<ReviewRecord | undefined> {
  const { store, options, log } = parts;
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
  const reason = parts.door.own(cut(`Review ${number}: against ${against}`, LONGEST_REASON));
  const done: Done = shadow ? { problem: undefined, isRemoved: false } : await act(message, { action, settings, reason });
  log.info({ guild, review: number, action, shadow, problem: done.problem }, "against a principle");
  const problem = isCertain ? done.problem : judgement.unfit.map(unfitLine).join(" ");
  await tellModerators(parts, { guild, settings, embed: reviewCard(record, problem), review: record });
  if (done.isRemoved && settings.moderation.appeals) await tellAuthor(parts, message, record);
  return record;
}

interface Telling {
  readonly guild: string;
  readonly settings: GuildSettings;
  readonly embed: APIEmbed;
  readonly review: ReviewRecord;
}

/** Posts a card in the log channel, if there is one that we may write in; the queue has it in any case. */
export async function tellModerators({ client, door, log }: Parts, { guild, settings, embed, review }: Telling): Promise<void> {
  const { logChannel } = settings.moderation;
  if (logChannel === undefined) return;
  try {
    const channel = await client.channels.fetch(logChannel);
    // A channel of another guild is none of ours.
    if (channel === null || !channel.isSendable() || channel.isDMBased() || channel.guildId !== guild) return;
    if (!mayPost(channel)) return;
    const card = { embeds: [embed], components: reviewButtons(review), allowedMentions: { parse: [] } };
    await channel.send({ ...door.own(card), ...once("card", review.id, review.appeal === undefined ? "new" : "appealed") });
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
async function tellAuthor({ door, log }: Parts, message: Message<true>, review: ReviewRecord): Promise<void> {
  const names = review.findings.filter(({ value, threshold }) => !(value >= threshold)).map(({ principle }) => principle);
  const line =
    `Your message in ${quoted(message.guild.name)} was ${removes(review.action) && review.action === "hide" ? "hidden" : "removed"}: ` +
    `it was judged to be against ${names.join(", ")}. If you think that is wrong, ask the moderators to look at it again.`;
  try {
    const told = { content: line, components: [appealButton(review)], allowedMentions: { parse: [] } };
    await message.author.send({ ...door.own(told), ...once("author", review.id) });
  } catch (error) {
    log.info({ err: error, guild: review.guild }, "author not told");
  }
}
