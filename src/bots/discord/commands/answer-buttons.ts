/** Buttons below an answer, where a server wants them. */
import { type ButtonInteraction, type Message, MessageFlags } from "discord.js";
import type { ReplyRecord } from "../../guard/index.ts";
import { type BotContext, privateGuild } from "../bot-context.ts";
import { ANSWER, messageTarget } from "../reply/live-reply.ts";
import { isAnswered, readConversation } from "../reply/question.ts";
import { ReplyFlow } from "../reply/reply-flow.ts";
import { settingsOfMessage } from "../whereabouts.ts";
import { answerPrivately, type Component, type PrivateAnswer, Refused, showPrivately } from "./command.ts";
import { accountCard } from "./why.ts";

const UNKNOWN = "I know of no answer of mine in this message any more.";

/** Retry and Explain. The message itself says which answer it is about: nothing can be forged. */
export const answerButton: Component<ButtonInteraction> = {
  prefix: ANSWER,
  async run(interaction, context, [act = ""]) {
    if (act === "explain") await answerPrivately(interaction, context, () => explain(interaction, context));
    else if (act === "retry") await retry(interaction, context);
    else throw new Refused("I do not know what this is.");
  },
};

/** The numbers alone, for everybody who can read the answer: what was discarded is for moderators, where a server lets them. */
async function explain(interaction: ButtonInteraction, context: BotContext): Promise<PrivateAnswer> {
  const { reply, guild } = await replyOf(interaction, context);
  const { embed, files } = await accountCard(context, reply, (await context.store.settings(guild)).settings);
  return { embeds: [embed], files };
}

/** Another answer to the same question, for who asked it, judged as any: it counts as a question of theirs, and the first answer stays. */
async function retry(interaction: ButtonInteraction, context: BotContext): Promise<void> {
  const { order, options, store, log } = context;
  const askedAt = options.now();
  const place = order.join(interaction.channelId);
  try {
    await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    const { reply, guild } = await replyOf(interaction, context);
    const author = interaction.user.id;
    if (reply.author !== author) throw new Refused("Only who asked may have another answer.");
    const question = await questionOf(interaction, reply);
    const settings = question && settingsOfMessage((await store.settings(guild)).settings, question);
    if (question?.author.id !== author || settings === undefined || !isAnswered(question, settings, options) || !settings.talk.buttons)
      throw new Refused("I do not answer that question any more.");
    if (await store.isOptedOut(author)) throw new Refused("You opted out: I do not read what you write.");
    await showPrivately(interaction, context, "I write another answer.");
    await new ReplyFlow(context, {
      guild,
      channel: question.channelId,
      source: interaction.id,
      question: question.id,
      author,
      settings,
      read: () => readConversation(question, { settings, store, log }),
      target: messageTarget(question, context.outbound, { again: interaction.id }),
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
  if (reply === undefined) throw new Refused(UNKNOWN);
  return { reply, guild };
}

/** As it is now: the first message of an answer replies to it. `undefined`: it is gone, or was a command. */
async function questionOf({ channel }: ButtonInteraction, { messages: [first] }: ReplyRecord): Promise<Message | undefined> {
  if (channel === null || first === undefined) return undefined;
  const read = (message: string) => channel.messages.fetch({ message, force: true }).catch(() => undefined);
  const asked = (await read(first))?.reference?.messageId;
  return asked === undefined ? undefined : await read(asked);
}
