import { PermissionFlagsBits, RESTJSONErrorCodes } from "discord-api-types/v10";
import type { Channel } from "../world/channel.ts";
import type { Guild } from "../world/guild.ts";
import type { Member } from "../world/member.ts";
import type { Message } from "../world/message.ts";
import type { World } from "../world/world.ts";
import { ApiError } from "./api-error.ts";
import type { Call } from "./router.ts";

const { ViewChannel, ReadMessageHistory } = PermissionFlagsBits;

/** The guild that a path names. */
export function guildOf(world: World, { parameters }: Call): Guild {
  return world.guilds.get(parameters["guild"] ?? "") ?? refuse(RESTJSONErrorCodes.UnknownGuild);
}

export function memberOf(world: World, call: Call): Member {
  return guildOf(world, call).members.get(call.parameters["user"] ?? "") ?? refuse(RESTJSONErrorCodes.UnknownMember);
}

/** The channel that a path names, if the bot can see it. */
export function channelOf(world: World, { parameters }: Call): Channel {
  const channel = world.channel(parameters["channel"] ?? "") ?? refuse(RESTJSONErrorCodes.UnknownChannel);
  if (!botMay(channel, ViewChannel)) refuse(RESTJSONErrorCodes.MissingAccess);
  return channel;
}

/** The message that a path names. Nobody else's can be read without the history. */
export function messageOf(world: World, call: Call): Message {
  const channel = channelOf(world, call);
  const message = channel.messages.get(call.parameters["message"] ?? "") ?? refuse(RESTJSONErrorCodes.UnknownMessage);
  if (message.author !== world.bot && !botMay(channel, ReadMessageHistory)) refuse(RESTJSONErrorCodes.MissingPermissions);
  return message;
}

/** In private, the bot may do whatever makes sense there. */
export function botMay(channel: Channel, permission: bigint): boolean {
  const permissions = channel.permissionsOf(channel.world.bot);
  return permissions === undefined || (permissions & permission) === permission;
}

export function demand(channel: Channel, permission: bigint): void {
  if (!botMay(channel, permission)) refuse(RESTJSONErrorCodes.MissingPermissions);
}

export function refuse(code: RESTJSONErrorCodes): never {
  throw new ApiError(code);
}
