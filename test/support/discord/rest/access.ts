import { PermissionFlagsBits, RESTJSONErrorCodes } from "discord-api-types/v10";
import type { Channel } from "../world/channel.ts";
import type { Guild } from "../world/guild.ts";
import type { Member } from "../world/member.ts";
import type { Message } from "../world/message.ts";
import type { World } from "../world/world.ts";
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

/** What Discord says when it refuses a request. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: number;
  /** What is wrong with which field. */
  readonly errors: object | undefined;

  constructor(code: RESTJSONErrorCodes, errors?: object) {
    const [status, message] = REFUSALS[code] ?? [400, "Bad Request"];
    super(message);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }

  get body(): object {
    return { message: this.message, code: this.code, ...(this.errors === undefined ? {} : { errors: this.errors }) };
  }
}

const REFUSALS: Partial<Record<RESTJSONErrorCodes, readonly [status: number, message: string]>> = {
  [RESTJSONErrorCodes.GeneralError]: [404, "404: Not Found"],
  [RESTJSONErrorCodes.UnknownApplication]: [404, "Unknown Application"],
  [RESTJSONErrorCodes.UnknownChannel]: [404, "Unknown Channel"],
  [RESTJSONErrorCodes.UnknownGuild]: [404, "Unknown Guild"],
  [RESTJSONErrorCodes.UnknownMember]: [404, "Unknown Member"],
  [RESTJSONErrorCodes.UnknownMessage]: [404, "Unknown Message"],
  [RESTJSONErrorCodes.UnknownRole]: [404, "Unknown Role"],
  [RESTJSONErrorCodes.UnknownUser]: [404, "Unknown User"],
  [RESTJSONErrorCodes.UnknownEmoji]: [404, "Unknown Emoji"],
  [RESTJSONErrorCodes.UnknownWebhook]: [404, "Unknown Webhook"],
  [RESTJSONErrorCodes.UnknownInteraction]: [404, "Unknown interaction"],
  [RESTJSONErrorCodes.UnknownApplicationCommand]: [404, "Unknown application command"],
  [RESTJSONErrorCodes.RequestEntityTooLarge]: [413, "Request entity too large"],
  [RESTJSONErrorCodes.InteractionHasAlreadyBeenAcknowledged]: [400, "Interaction has already been acknowledged."],
  [RESTJSONErrorCodes.MissingAccess]: [403, "Missing Access"],
  [RESTJSONErrorCodes.CannotExecuteActionOnDMChannel]: [403, "Cannot execute action on a DM channel"],
  [RESTJSONErrorCodes.CannotEditMessageAuthoredByAnotherUser]: [403, "Cannot edit a message authored by another user"],
  [RESTJSONErrorCodes.CannotSendAnEmptyMessage]: [400, "Cannot send an empty message"],
  [RESTJSONErrorCodes.CannotSendMessagesToThisUser]: [403, "Cannot send messages to this user"],
  [RESTJSONErrorCodes.CannotSendMessagesInNonTextChannel]: [400, "Cannot send messages in a non-text channel"],
  [RESTJSONErrorCodes.MissingPermissions]: [403, "Missing Permissions"],
  [RESTJSONErrorCodes.InvalidToken]: [401, "Invalid token"],
  [RESTJSONErrorCodes.InvalidWebhookToken]: [401, "Invalid Webhook Token"],
  [RESTJSONErrorCodes.InvalidFormBodyOrContentType]: [400, "Invalid Form Body"],
  [RESTJSONErrorCodes.InvalidRecipients]: [400, "Invalid Recipient(s)"],
  [RESTJSONErrorCodes.CannotExecuteActionOnThisChannelType]: [400, "Cannot execute action on this channel type"],
  [RESTJSONErrorCodes.ProvidedTooFewOrTooManyMessagesToDelete]: [
    400,
    "Provided too few or too many messages to delete. Must provide at least 2 and fewer than 100 messages to delete",
  ],
  [RESTJSONErrorCodes.OneOfTheMessagesProvidedWasTooOldForBulkDelete]: [400, "A message provided was too old to bulk delete"],
  [RESTJSONErrorCodes.CannotReplyWithoutPermissionToReadMessageHistory]: [400, "Cannot reply without permission to read message history"],
};
