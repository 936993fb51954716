import { ChannelType, PermissionFlagsBits, RESTJSONErrorCodes } from "discord-api-types/v10";
import type { Channel } from "../world/channel.ts";
import { demand, refuse } from "./access.ts";

const { SendMessages, SendMessagesInThreads } = PermissionFlagsBits;

/** Refuses where the bot may not write, be it in public or in private. */
export function demandWriting(channel: Channel): void {
  const { recipient, guild, isThread, world } = channel;
  if (channel.type === ChannelType.GuildCategory) refuse(RESTJSONErrorCodes.CannotSendMessagesInNonTextChannel);
  if (guild !== undefined) demand(channel, isThread ? SendMessagesInThreads : SendMessages);
  if (recipient !== undefined && !world.canWriteTo(recipient)) refuse(RESTJSONErrorCodes.CannotSendMessagesToThisUser);
}
