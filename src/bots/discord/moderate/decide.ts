/** What moderators decide about a message, and what comes of it. */
import {
  type ButtonInteraction,
  DiscordAPIError,
  type GuildTextBasedChannel,
  type Message,
  RESTJSONErrorCodes,
  userMention,
} from "discord.js";
import type { ReviewRecord } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { Refused } from "../commands/command.ts";
import { once } from "../reply/live-reply.ts";
import { defang, quoted, splitMessage } from "../reply/text.ts";
import { auditDetail } from "./evidence.ts";
import { updateCards } from "./follow-cards.ts";
import { reasonOf } from "./reviews.ts";

export const UNKNOWN = "I do not know this review.";

interface Decision {
  readonly guild: string;
  readonly id: number;
  readonly decision: "approved" | "rejected";
}

/**
 * Decides a review once, and does what follows from it. Gives what came of it, for the moderator.
 *
 * @throws {Refused} where there is none, or it was decided before
 */
export async function decide(interaction: ButtonInteraction, context: BotContext, { guild, id, decision }: Decision): Promise<string> {
  const { store, options, log } = context;
  const by = interaction.user.id;
  const at = options.clock();
  const review = await store.decide({ guild, id, decision, by, at });
  if (review === undefined) {
    const known = await store.review(guild, id);
    throw new Refused(known === undefined ? UNKNOWN : `It was ${known.decision} by ${userMention(known.decidedBy ?? "")} already.`);
  }
  await store.addAudit({ guild, actor: by, event: `review.${decision}`, detail: auditDetail(id), at });
  log.info({ guild, review: id, decision }, "decided");
  const outcome = decision === "approved" ? await undo(context, review) : await carryOut(context, review);
  await updateCards(context, review, interaction.message);
  if (review.appeal !== undefined) await tellAppellant(context, review, outcome);
  return `Review ${id}: ${decision}. ${outcome}`;
}

/** A message that is fine: what was done is taken back as far as it can be. Gives what was and what cannot be, for moderators and its author. */
async function undo(context: BotContext, review: ReviewRecord): Promise<string> {
  const nothing = nothingAsked(review);
  if (nothing !== undefined) return `${nothing}: nothing was done to the message.`;
  const steps = review.action === "timeout" ? [endTimeout(context, review), showAgain(context, review)] : [showAgain(context, review)];
  return (await Promise.all(steps)).join(" ");
}

/** Why a rule does nothing to a message. */
function nothingAsked({ shadow, action }: ReviewRecord): string | undefined {
  if (shadow) return "It was in shadow mode";
  return action === "log" ? "The rule asks for nothing but a card" : undefined;
}

async function endTimeout({ client, outbound, options }: BotContext, { guild, author, id }: ReviewRecord): Promise<string> {
  try {
    const member = await (await client.guilds.fetch(guild)).members.fetch({ user: author, force: true });
    if ((member.communicationDisabledUntilTimestamp ?? 0) <= options.clock()) return "The time-out had ended already.";
    await member.timeout(null, outbound.own(`Review ${id}: approved`));
    return "The time-out is over.";
  } catch (error) {
    return `The time-out stays: ${reasonOf(error)}.`;
  }
}

/** In its author's name, and in words that a person let pass; never where it still stands. */
async function showAgain(context: BotContext, review: ReviewRecord): Promise<string> {
  try {
    const channel = await channelOf(context, review);
    if ((await standing(channel, review)) !== undefined) return "The message still stands there.";
    if (review.action !== "hide") return `The message stays deleted, as only what was hidden is shown again: ${MAY_POST_IT}`;
    if (review.text === undefined) return `How the message was written was forgotten when it was rejected: ${MAY_POST_IT}`;
    const { attachments } = review;
    const lost = attachments === 0 ? "" : ` (${attachments === 1 ? "an " : ""}${attachmentsInWords(attachments)} lost)`;
    const text = `${userMention(review.author)} wrote, and a moderator approved${lost}:\n${defang(review.text)}`;
    for (const [index, part] of splitMessage(text).entries())
      await channel.send({ content: context.outbound.own(part), allowedMentions: { parse: [] }, ...once("shown", review.id, index) });
    if (attachments === 0) return "The message is shown again.";
    return `The message is shown again. Its ${attachmentsInWords(attachments)} lost: its author may post ${attachments === 1 ? "it" : "them"} again.`;
  } catch (error) {
    return `Not shown again: ${reasonOf(error)}.`;
  }
}

const MAY_POST_IT = "its author may post it again.";

/** Such as "2 attachments are". */
function attachmentsInWords(count: number): string {
  return count === 1 ? "attachment is" : `${count} attachments are`;
}

/** A message that is not fine: if it still stands, it is taken away now, where its rule asked for that. In shadow mode nothing ever is. */
async function carryOut(context: BotContext, review: ReviewRecord): Promise<string> {
  const nothing = nothingAsked(review);
  if (nothing !== undefined) return `${nothing}: nothing is done to the message.`;
  try {
    const message = await standing(await channelOf(context, review), review);
    const { attachments } = review;
    if (message === undefined)
      return `The message is gone already${attachments === 0 ? "" : `, and its ${attachmentsInWords(attachments)} lost`}.`;
    await message.delete();
    return "The message is deleted now.";
  } catch (error) {
    return `The message stays: ${reasonOf(error)}.`;
  }
}

/** The message, as Discord knows it at this moment; `undefined` where it is gone. @throws where that cannot be known */
async function standing({ messages }: GuildTextBasedChannel, { message }: ReviewRecord): Promise<Message<true> | undefined> {
  try {
    return await messages.fetch({ message, force: true });
  } catch (error) {
    if (error instanceof DiscordAPIError && error.code === RESTJSONErrorCodes.UnknownMessage) return undefined;
    throw error;
  }
}

async function channelOf({ client }: BotContext, { channel: id, guild }: ReviewRecord): Promise<GuildTextBasedChannel> {
  const channel = await client.channels.fetch(id);
  if (channel === null || channel.isDMBased() || !channel.isTextBased() || channel.guildId !== guild)
    throw new Refused("its channel is gone");
  return channel;
}

async function tellAppellant(
  { client, outbound, log }: BotContext,
  { id, guild, author, decision }: ReviewRecord,
  outcome: string,
): Promise<void> {
  const word =
    decision === "approved" ? `in your favour: your message was fine. ${outcome}` : "and stay with it: your message was against the rules.";
  const name = quoted(client.guilds.cache.get(guild)?.name ?? "a server");
  try {
    const user = await client.users.fetch(author);
    await user.send({
      content: outbound.own(`The moderators of ${name} looked at your message again, ${word}`),
      allowedMentions: { parse: [] },
      ...once("appellant", id),
    });
  } catch (error) {
    log.info({ err: error, guild }, "appellant not told");
  }
}
