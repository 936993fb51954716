/** The message of a review, where it stands. */
import { DiscordAPIError, type GuildTextBasedChannel, type Message, RESTJSONErrorCodes } from "discord.js";
import type { ReviewRecord } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { Refused } from "../commands/command.ts";

/** The message, as Discord knows it at this moment; `undefined` where it is gone. @throws where that cannot be known */
export async function standing({ messages }: GuildTextBasedChannel, { message }: ReviewRecord): Promise<Message<true> | undefined> {
  try {
    return await messages.fetch({ message, force: true });
  } catch (error) {
    if (error instanceof DiscordAPIError && error.code === RESTJSONErrorCodes.UnknownMessage) return undefined;
    throw error;
  }
}

export async function channelOf({ client }: BotContext, { channel: id, guild }: ReviewRecord): Promise<GuildTextBasedChannel> {
  const channel = await client.channels.fetch(id);
  if (channel === null || channel.isDMBased() || !channel.isTextBased() || channel.guildId !== guild)
    throw Refused.by("reason.channelGone");
  return channel;
}
