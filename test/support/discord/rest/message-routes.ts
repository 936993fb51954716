import {
  type APIAllowedMentions,
  type APIEmbed,
  type APIMessageTopLevelComponent,
  ChannelType,
  EmbedType,
  MessageFlags,
  PermissionFlagsBits,
  RESTJSONErrorCodes,
} from "discord-api-types/v10";
import { madeAt } from "../clock.ts";
import { FormErrors } from "../limits/form-errors.ts";
import { checkMessage } from "../limits/message-limits.ts";
import { messagePayload } from "../payloads/message-payload.ts";
import type { Channel } from "../world/channel.ts";
import type { Attachment, Changes, Content, Message } from "../world/message.ts";
import type { World } from "../world/world.ts";
import { botMay, channelOf, demand, messageOf, refuse } from "./access.ts";
import type { RestFile, RestRequest } from "./rest-request.ts";
import type { Call, Routes } from "./router.ts";

const { ManageMessages, ReadMessageHistory, EmbedLinks, AttachFiles } = PermissionFlagsBits;

/** So long the same nonce means the same message. */
const NONCE_MS = 5 * 60 * 1000;

export function messageRoutes(world: World): Routes {
  return {
    "GET /channels/:channel/messages": (call) => listMessages(channelOf(world, call), call.request.query),
    "GET /channels/:channel/messages/:message": (call) => shown(messageOf(world, call)),
    "POST /channels/:channel/messages": (call) => shown(createMessage(channelOf(world, call), call)),
    "PATCH /channels/:channel/messages/:message": (call) => shown(editMessage(messageOf(world, call), call)),
    "DELETE /channels/:channel/messages/:message": (call) => deleteMessage(messageOf(world, call)),
  };
}

function shown(message: Message): object {
  return messagePayload(message, message.channel.world.restIntents);
}

/** The newest first, as Discord lists them. */
function listMessages(channel: Channel, query: URLSearchParams): object[] {
  if (!botMay(channel, ReadMessageHistory)) return [];
  const limit = Number(query.get("limit") ?? 50);
  const errors = new FormErrors();
  if (!(limit >= 1 && limit <= 100))
    errors.add(["limit"], { code: "NUMBER_TYPE_RANGE", message: "int value should be between 1 and 100." });
  errors.throwIfAny();
  const all = [...channel.messages.values()].toSorted((left, right) => Number(BigInt(left.id) - BigInt(right.id)));
  return selected(all, query, limit).toReversed().map(shown);
}

function selected(all: readonly Message[], query: URLSearchParams, limit: number): readonly Message[] {
  const [before, after, around] = [query.get("before"), query.get("after"), query.get("around")];
  const isOlder = ({ id }: Message, than: string) => BigInt(id) < BigInt(than);
  if (around !== null) {
    const middle = all.filter((message) => isOlder(message, around)).length;
    const first = Math.max(0, middle - Math.floor(limit / 2));
    return all.slice(first, first + limit);
  }
  if (after !== null) return all.filter((message) => message.id !== after && !isOlder(message, after)).slice(0, limit);
  return all.filter((message) => before === null || isOlder(message, before)).slice(-limit);
}

function createMessage(channel: Channel, { request }: Call): Message {
  const body = (request.body ?? {}) as MessageBody;
  demandWriting(channel);
  const message = readMessage(channel.world, request, body);
  if (message.embeds.length > 0) demand(channel, EmbedLinks);
  if (message.attachments.length > 0) demand(channel, AttachFiles);
  const replyTo = repliedTo(channel, body);
  const sameAsBefore = body.enforce_nonce ? withNonce(channel, message.nonce) : undefined;
  const flags = message.flags & ~MessageFlags.Ephemeral;
  return sameAsBefore ?? channel.post({ ...message, flags, author: channel.world.bot, replyTo });
}

function repliedTo(channel: Channel, { message_reference: reference }: MessageBody): Message | undefined {
  if (reference?.message_id === undefined) return undefined;
  if (!botMay(channel, ReadMessageHistory)) refuse(RESTJSONErrorCodes.CannotReplyWithoutPermissionToReadMessageHistory);
  const message = channel.messages.get(reference.message_id);
  const errors = new FormErrors();
  if (message === undefined && reference.fail_if_not_exists !== false) {
    errors.add(["message_reference"], { code: "REPLIES_UNKNOWN_MESSAGE", message: "Unknown message" });
  }
  errors.throwIfAny();
  return message;
}

/** What the bot has posted here under this nonce a short while ago. */
function withNonce({ messages, world }: Channel, nonce: string | undefined): Message | undefined {
  const isRecent = ({ id }: Message) => madeAt(id) > world.clock.now() - NONCE_MS;
  return [...messages.values()].find(
    (message) => message.author === world.bot && nonce !== undefined && message.nonce === nonce && isRecent(message),
  );
}

function editMessage(message: Message, { request }: Call): Message {
  if (message.author !== message.channel.world.bot) refuse(RESTJSONErrorCodes.CannotEditMessageAuthoredByAnotherUser);
  message.edit(readChanges(message, request, (request.body ?? {}) as MessageBody));
  return message;
}

function deleteMessage(message: Message): undefined {
  const { channel, author } = message;
  if (author !== channel.world.bot) {
    if (channel.guild === undefined) refuse(RESTJSONErrorCodes.CannotExecuteActionOnDMChannel);
    demand(channel, ManageMessages);
  }
  message.delete(channel.world.bot);
}

/** A message as the bot sends it, or what it wants to change about one. */
export interface MessageBody {
  readonly content?: string | null;
  readonly embeds?: readonly APIEmbed[] | null;
  readonly components?: readonly APIMessageTopLevelComponent[] | null;
  readonly attachments?: readonly { readonly id: string; readonly description?: string }[] | null;
  readonly allowed_mentions?: APIAllowedMentions | null;
  readonly flags?: number | null;
  readonly nonce?: string | number;
  readonly enforce_nonce?: boolean;
  readonly message_reference?: { readonly message_id?: string; readonly fail_if_not_exists?: boolean };
}

export interface ReadMessage extends Content {
  readonly flags: number;
  readonly nonce: string | undefined;
  readonly allowedMentions: APIAllowedMentions | undefined;
}

const NOTHING = { content: "", embeds: [], components: [], attachments: [] } as const;

const { SuppressEmbeds, SuppressNotifications, Ephemeral, IsComponentsV2 } = MessageFlags;

/** What a bot may say of a new message, and what of these stays as it is afterwards. */
const FIRST_FLAGS = SuppressEmbeds | SuppressNotifications | Ephemeral | IsComponentsV2;
const LASTING_FLAGS = SuppressNotifications | Ephemeral | IsComponentsV2;
const CHANGING_FLAGS = SuppressEmbeds | IsComponentsV2;

/** A new message. @throws {ApiError} where it breaks a limit */
export function readMessage(world: World, request: RestRequest, body: MessageBody): ReadMessage {
  return read({ world, files: request.files, body, before: NOTHING, flags: (body.flags ?? 0) & FIRST_FLAGS });
}

/** What becomes of `message`: what is not named stays as it is. @throws {ApiError} where that breaks a limit */
export function readChanges(message: Message, request: RestRequest, body: MessageBody): Changes {
  const flags = (message.flags & LASTING_FLAGS) | ((body.flags ?? message.flags) & CHANGING_FLAGS);
  return read({ world: message.channel.world, files: request.files, body, before: message, flags });
}

interface Reading {
  readonly world: World;
  readonly files: readonly RestFile[];
  readonly body: MessageBody;
  readonly before: Content;
  readonly flags: number;
}

function read({ world, files, body, before, flags }: Reading): ReadMessage {
  const { content = before.content, embeds = before.embeds, components = before.components } = body;
  const message = {
    // Discord cuts off white space at both ends.
    content: (content ?? "").trim(),
    embeds: (embeds ?? []).map((embed) => ({ type: EmbedType.Rich, ...embed })),
    components: components ?? [],
    attachments: [...keptAttachments(body, before), ...newAttachments(world, files, body)],
    flags,
    nonce: body.nonce === undefined ? undefined : String(body.nonce),
    allowedMentions: body.allowed_mentions ?? undefined,
  };
  checkMessage(message);
  return message;
}

/** Without a list, all stay. */
function keptAttachments({ attachments }: MessageBody, before: Content): readonly Attachment[] {
  if (attachments === undefined) return before.attachments;
  return before.attachments.filter(({ id }) => attachments?.some((kept) => kept.id === id));
}

function newAttachments(world: World, files: readonly RestFile[], { attachments }: MessageBody): readonly Attachment[] {
  return files.map(({ field, name, content, contentType }) => {
    const index = /^files\[(\d+)\]$/.exec(field)?.[1];
    const description = attachments?.find(({ id }) => String(id) === index)?.description;
    return world.store({ name, content, contentType, description });
  });
}

const { SendMessages, SendMessagesInThreads } = PermissionFlagsBits;

/** Refuses where the bot may not write, be it in public or in private. */
export function demandWriting(channel: Channel): void {
  const { recipient, guild, isThread, world } = channel;
  if (channel.type === ChannelType.GuildCategory) refuse(RESTJSONErrorCodes.CannotSendMessagesInNonTextChannel);
  if (guild !== undefined) demand(channel, isThread ? SendMessagesInThreads : SendMessages);
  if (recipient !== undefined && !world.canWriteTo(recipient)) refuse(RESTJSONErrorCodes.CannotSendMessagesToThisUser);
}
