import {
  type ButtonInteraction,
  ComponentType,
  codeBlock,
  type GuildTextBasedChannel,
  type ModalSubmitInteraction,
  TextInputStyle,
  userMention,
} from "discord.js";
import { normalise, type ReviewRecord } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { answerPrivately, type Component, checkModerates, guildOf, type PrivateAnswer, Refused } from "../commands/command.ts";
import { once } from "../reply/live-reply.ts";
import { cut, defang, quoted, splitMessage } from "../reply/text.ts";
import { APPEAL, decidedCard, findingLine, isAgainst, REVIEW, reviewButtons } from "./card.ts";
import { auditDetail, beforeField, shownText, sinceField, textFiles } from "./evidence.ts";
import { tellModerators } from "./reviews.ts";

/** Approve, Reject and Explain, under a review's card. */
export const reviewButton: Component<ButtonInteraction> = {
  prefix: REVIEW,
  async run(interaction, context, [act = "", id = ""]) {
    await answerPrivately(interaction, context, async () => {
      checkModerates(interaction);
      const guild = guildOf(interaction);
      if (!/^\d{1,15}$/.test(id)) throw new Refused(UNKNOWN);
      if (act === "explain") return await explain(context, guild, Number(id));
      if (act !== "approve" && act !== "reject") throw new Refused(UNKNOWN);
      return await decide(interaction, context, { guild, id: Number(id), decision: act === "approve" ? "approved" : "rejected" });
    });
  },
};

const UNKNOWN = "I do not know this review.";

async function decide(
  interaction: ButtonInteraction,
  context: BotContext,
  { guild, id, decision }: { readonly guild: string; readonly id: number; readonly decision: "approved" | "rejected" },
): Promise<string> {
  const { store, options, log, outbound } = context;
  const by = interaction.user.id;
  const at = options.clock();
  const review = await store.decide({ guild, id, decision, by, at });
  if (review === undefined) {
    const known = await store.review(guild, id);
    throw new Refused(known === undefined ? UNKNOWN : `It was ${known.decision} by ${userMention(known.decidedBy ?? "")} already.`);
  }
  await store.addAudit({ guild, actor: by, event: `review.${decision}`, detail: auditDetail(id), at });
  log.info({ guild, review: id, decision }, "decided");
  const problem = decision === "approved" ? await undo(context, review) : await carryOut(context, review);
  const [card, ...others] = interaction.message.embeds;
  // The queue shows several cards in one private message: only a card of its own is changed.
  if (card !== undefined && others.length === 0) {
    await interaction.message
      .edit(outbound.own({ embeds: [decidedCard(card.toJSON(), review)], components: reviewButtons(review) }))
      .catch((error: unknown) => log.info({ err: error, guild }, "card"));
  }
  if (review.appeal !== undefined) await tellAppellant(context, review);
  return [`Review ${id}: ${decision}.`, problem].filter((line) => line !== undefined).join(" ");
}

/** A message that is fine: what was done is taken back as far as it can be. */
async function undo(context: BotContext, review: ReviewRecord): Promise<string | undefined> {
  if (review.shadow) return undefined;
  const problems: string[] = [];
  if (review.action === "timeout")
    await endTimeout(context, review).catch((error: unknown) => problems.push(`The time-out stays: ${String(error)}`));
  if (review.action === "hide" && review.text !== undefined)
    await showAgain(context, review).catch((error: unknown) => problems.push(`Not shown again: ${String(error)}`));
  return problems.length === 0 ? undefined : problems.join(" ");
}

async function endTimeout({ client, outbound }: BotContext, { guild, author, id }: ReviewRecord): Promise<void> {
  const member = await (await client.guilds.fetch(guild)).members.fetch(author);
  await member.timeout(null, outbound.own(`Review ${id}: approved`));
}

/** In its author's name, and in words that a person let pass. */
async function showAgain(context: BotContext, review: ReviewRecord): Promise<void> {
  const channel = await channelOf(context, review);
  const text = `${userMention(review.author)} wrote, and a moderator approved:\n${defang(review.text ?? "")}`;
  for (const [index, part] of splitMessage(text).entries())
    await channel.send({ content: context.outbound.own(part), allowedMentions: { parse: [] }, ...once("shown", review.id, index) });
}

/** A message that is not fine: if it still stands, what its rule asked for is done to it now. In shadow mode nothing ever is. */
async function carryOut(context: BotContext, review: ReviewRecord): Promise<string | undefined> {
  if (review.shadow || review.action === "log") return undefined;
  try {
    const channel = await channelOf(context, review);
    const message = await channel.messages.fetch(review.message).catch(() => undefined);
    await message?.delete();
    return undefined;
  } catch (error) {
    return `The message stays: ${String(error)}`;
  }
}

async function channelOf({ client }: BotContext, { channel: id, guild }: ReviewRecord): Promise<GuildTextBasedChannel> {
  const channel = await client.channels.fetch(id);
  if (channel === null || channel.isDMBased() || !channel.isTextBased() || channel.guildId !== guild)
    throw new Refused("its channel is gone");
  return channel;
}

async function tellAppellant({ client, outbound, log }: BotContext, { id, guild, author, decision }: ReviewRecord): Promise<void> {
  const word = decision === "approved" ? "in your favour: your message was fine" : "and stay with it: your message was against the rules";
  const name = quoted(client.guilds.cache.get(guild)?.name ?? "a server");
  try {
    const user = await client.users.fetch(author);
    await user.send({
      content: outbound.own(`The moderators of ${name} looked at your message again, ${word}.`),
      allowedMentions: { parse: [] },
      ...once("appellant", id),
    });
  } catch (error) {
    log.info({ err: error, guild }, "appellant not told");
  }
}

async function explain(context: BotContext, guild: string, id: number): Promise<PrivateAnswer> {
  const review = await context.store.review(guild, id);
  if (review === undefined) throw new Refused(UNKNOWN);
  const against = review.findings.filter(isAgainst);
  const lines = [
    "By each principle a value says how much likelier the model finds it that the message is good than that it is bad.",
    ...review.findings.map(findingLine),
    `Below its limit: ${against.map(({ principle }) => principle).join(", ")}. The rule asks for: ${review.action}${review.shadow ? " (shadow mode: nothing was done)" : ""}.`,
    "As it was written:",
    shownText(review),
    "As the judge reads it:",
    codeBlock(cut((review.judged ?? normalise(review.excerpt)).replaceAll("`", "'"), LONGEST_JUDGED)),
  ];
  const fields = [...(await beforeField(context, review)), await sinceField(context, review)];
  return { embeds: [{ description: lines.join("\n"), fields }], files: textFiles(review) };
}

/** Discord's limits are more, also for all of a card together. */
const LONGEST_JUDGED = 1000;

const REASON = "reason";
const LONGEST_REASON = 500;

/** The affected person's button: asks for their words. */
export const appealButtonPressed: Component<ButtonInteraction> = {
  prefix: APPEAL,
  async run(interaction, { outbound }, [guild = "", id = ""]) {
    checkIds(guild, id);
    const input = {
      type: ComponentType.TextInput,
      custom_id: REASON,
      style: TextInputStyle.Paragraph,
      max_length: LONGEST_REASON,
    } as const;
    const label = { type: ComponentType.Label, label: "Why was your message fine?", component: { ...input, required: true } } as const;
    await interaction.showModal(outbound.own({ custom_id: `${APPEAL}:${guild}:${id}`, title: "Appeal", components: [label] }));
  },
};

/** Their words, for the moderators. The store takes one appeal for each review, of its author alone. */
export const appealSubmitted: Component<ModalSubmitInteraction> = {
  prefix: APPEAL,
  async run(interaction, context, [guild = "", id = ""]) {
    await answerPrivately(interaction, context, async () => {
      checkIds(guild, id);
      return await appeal(context, {
        guild,
        id: Number(id),
        author: interaction.user.id,
        text: interaction.fields.getTextInputValue(REASON),
      });
    });
  },
};

async function appeal(context: BotContext, words: Parameters<BotContext["store"]["appeal"]>[0]): Promise<string> {
  const { store, options } = context;
  const { settings } = await store.settings(words.guild);
  if (!settings.moderation.appeals) throw new Refused("This server takes no appeals.");
  const review = await store.appeal(words);
  if (review === undefined) throw new Refused("You have appealed already, or there is nothing of yours to appeal against.");
  await store.addAudit({
    guild: words.guild,
    actor: words.author,
    event: "review.appealed",
    detail: auditDetail(words.id),
    at: options.clock(),
  });
  await tellModerators(context, settings, review);
  return "The moderators will look at it again. I tell you what they decide.";
}

function checkIds(guild: string, id: string): void {
  if (!/^\d{17,20}$/.test(guild) || !/^\d{1,15}$/.test(id)) throw new Refused("I do not know what this is about.");
}
