import { type Message, PermissionFlagsBits, type TextBasedChannel } from "discord.js";
import type { GuildSettings } from "../../guard/settings.ts";
import { type BotOptions, isServed } from "../parts.ts";

/** Whether a message is a question to us, and may be answered where it was asked. */
export function isAnswered(message: Message, settings: GuildSettings, options: BotOptions): boolean {
  if (!isAddressed(message, settings)) return false;
  if (!message.inGuild()) return options.dms;
  const { me } = message.guild.members;
  const write = message.channel.isThread() ? PermissionFlagsBits.SendMessagesInThreads : PermissionFlagsBits.SendMessages;
  const needed = [PermissionFlagsBits.ViewChannel, PermissionFlagsBits.ReadMessageHistory, write];
  return isServed(options, message.guildId) && me !== null && message.channel.permissionsFor(me).has(needed);
}

/**
 * Whether a message is a question to us: it mentions us by name or, in reply to us, goes on. Bots, webhooks and we ourselves ask
 * nothing, so no two bots can talk for ever.
 */
function isAddressed(message: Message, { talk }: GuildSettings): boolean {
  if (!talk.enabled || !isByPerson(message)) return false;
  if (!message.inGuild()) return true;
  if (!isTalkedIn(message, talk.channels)) return false;
  const { user } = message.client;
  const isMention = new RegExp(`<@!?${user.id}>`).test(message.content);
  const isReply = message.reference?.messageId !== undefined && message.mentions.repliedUser?.id === user.id;
  return (talk.mentions && isMention) || (talk.replies && isReply);
}

export function isByPerson({ author, webhookId, system }: Message): boolean {
  return !author.bot && !author.system && webhookId === null && !system;
}

/** Where something was said; the channel may not be known. */
interface Place {
  readonly channelId: string;
  readonly channel: TextBasedChannel | null;
}

/** Whether the guild wants it to talk there. */
export function isTalkedIn({ channel, channelId }: Place, channels: readonly string[]): boolean {
  if (channels.length === 0 || channels.includes(channelId)) return true;
  return channel?.isThread() === true && channel.parentId !== null && channels.includes(channel.parentId);
}
