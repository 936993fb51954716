/** Buttons below an answer, where a server wants them. */
import { type ButtonInteraction, type Message, MessageFlags } from "discord.js";
import { type ReplyRecord, say } from "../../guard/index.ts";
import { type BotContext, privateGuild } from "../bot-context.ts";
import { ANSWER, languageOf, messageTarget } from "../reply/live-reply.ts";
import { isAnswered, readConversation } from "../reply/question.ts";
import { ReplyFlow } from "../reply/reply-flow.ts";
import { settingsOfMessage } from "../whereabouts.ts";
import { answerPrivately, type Component, type PrivateAnswer, Refused, showPrivately } from "./command.ts";
import { accountCard } from "./why.ts";

/** Retry and Explain. The message itself says which answer it is about: nothing can be forged. */
export const answerButton: Component<ButtonInteraction> = {
  prefix: ANSWER,
  async run(interaction, context, [act = ""]) {
    if (act === "explain") await answerPrivately(interaction, context, () => explain(interaction, context));
    else if (act === "retry") await retry(interaction, context);
    else throw Refused.by("unknown.component");
  },
};

/** The numbers alone, for everybody who can read the answer: what was discarded is for moderators, where a server lets them. */
async function explain(interaction: ButtonInteraction, context: BotContext): Promise<PrivateAnswer> {
  const { reply, guild } = await replyOf(interaction, context);
  const { settings } = await context.store.settings(guild);
  const { embed, files } = await accountCard(context, interaction.locale, { reply, settings });
  return { embeds: [embed], files };
}

/** Another answer to the same question, for who asked it, judged as any: it counts as a question of theirs, and the first answer stays. */
async function retry(interaction: ButtonInteraction, context: BotContext): Promise<void> {
  const { order, options, store } = context;
  const askedAt = options.now();
  const place = order.join(interaction.channelId);
  try {
    await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    const { reply, guild } = await replyOf(interaction, context);
    const author = interaction.user.id;
    if (reply.author !== author) throw Refused.by("retry.others");
    const question = await questionOf(interaction, reply);
    const settings = question && settingsOfMessage((await store.settings(guild)).settings, question);
    if (question?.author.id !== author || settings === undefined || !isAnswered(question, settings, options) || !settings.talk.buttons)
      throw Refused.by("retry.over");
    if (await store.isOptedOut(author)) throw Refused.by("ask.optedOut");
    await showPrivately(interaction, context, say(interaction.locale, "retry.begun"));
    await new ReplyFlow(context, {
      guild,
      channel: question.channelId,
      source: interaction.id,
      question: question.id,
      author,
      settings,
      read: () => readConversation(question, { ...context, settings }),
      target: messageTarget(question, context.outbound, { again: interaction.id }),
      language: languageOf(question),
      isDeferred: false,
      isAnew: false,
      typingIn: question.channel,
      before: place.before,
      askedAt,
    }).run();
  } finally {
    place.leave();
  }
}

interface Found {
  readonly reply: ReplyRecord;
  readonly guild: string;
}

async function replyOf({ guildId, user, message }: ButtonInteraction, { store }: BotContext): Promise<Found> {
  const guild = guildId ?? privateGuild(user.id);
  const reply = await store.reply(guild, message.id);
  if (reply === undefined) throw Refused.by("retry.unknown");
  return { reply, guild };
}

/** As it is now: the first message of an answer replies to it. `undefined`: it is gone, or was a command. */
async function questionOf({ channel }: ButtonInteraction, { messages: [first] }: ReplyRecord): Promise<Message | undefined> {
  if (channel === null || first === undefined) return undefined;
  const read = (message: string) => channel.messages.fetch({ message, force: true }).catch(() => undefined);
  const asked = (await read(first))?.reference?.messageId;
  return asked === undefined ? undefined : await read(asked);
}
