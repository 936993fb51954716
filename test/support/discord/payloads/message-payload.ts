import {
  type APIAttachment,
  type APIMessage,
  type APIMessageReference,
  type APIMessageSnapshotFields,
  type APIPoll,
  GatewayIntentBits,
  type GatewayMessageCreateDispatchData,
  type MessageFlags,
  MessageReferenceType,
  PollLayoutType,
} from "discord-api-types/v10";
import type { Attachment, Message, Poll, Snapshot } from "../world/message.ts";
import { memberWithoutUser, timestamp, userPayload } from "./member-payload.ts";

/** Who may read everything. */
export const ALL_INTENTS = ~0;

/** A message as a reader with these intents sees it: without Message Content, only what was meant for the bot is more than a shell. */
export function messagePayload(message: Message, intents: number): APIMessage {
  const { replyTo } = message;
  if (replyTo === undefined) return ownPayload(message, intents);
  return { ...ownPayload(message, intents), referenced_message: replyTo.isDeleted ? null : ownPayload(replyTo, intents) };
}

/** The same as the gateway tells it. */
export function messageEventPayload(message: Message, intents: number): GatewayMessageCreateDispatchData {
  const { guild, type } = message.channel;
  const member = guild?.members.get(message.author.id);
  return {
    ...messagePayload(message, intents),
    channel_type: type as NonNullable<GatewayMessageCreateDispatchData["channel_type"]>,
    ...(guild === undefined ? {} : { guild_id: guild.id }),
    ...(member === undefined ? {} : { member: memberWithoutUser(member) }),
  };
}

export function attachmentPayload({ id, name, content, contentType, description, url }: Attachment): APIAttachment {
  return {
    id,
    filename: name,
    size: content.length,
    url,
    proxy_url: url,
    ...(contentType === undefined ? {} : { content_type: contentType }),
    ...(description === undefined ? {} : { description }),
  };
}

function isMeantForBot({ author, channel, mentions }: Message): boolean {
  const { bot } = channel.world;
  return author === bot || channel.guild === undefined || mentions.users.includes(bot);
}

/** A message without the one it replies to. */
function ownPayload(message: Message, intents: number): APIMessage {
  const isReadable = (intents & GatewayIntentBits.MessageContent) !== 0 || isMeantForBot(message);
  const { channel, mentions } = message;
  return {
    id: message.id,
    channel_id: channel.id,
    type: message.type,
    author: userPayload(message.author),
    content: isReadable ? message.content : "",
    embeds: isReadable ? [...message.embeds] : [],
    components: isReadable ? [...message.components] : [],
    attachments: isReadable ? message.attachments.map(attachmentPayload) : [],
    ...(isReadable ? sharedBy(message) : {}),
    timestamp: timestamp(message.createdAtMs),
    edited_timestamp: message.editedAtMs === undefined ? null : timestamp(message.editedAtMs),
    mentions: mentions.users.map(userPayload),
    mention_roles: mentions.roles.map(({ id }) => id),
    mention_everyone: mentions.everyone !== undefined,
    flags: message.flags as MessageFlags,
    tts: false,
    pinned: false,
    ...originOf(message),
  };
}

/** What it asks in a poll, and what it forwards. */
function sharedBy({ poll, forwarded }: Message): Partial<APIMessage> {
  return {
    ...(poll === undefined ? {} : { poll: pollPayload(poll) }),
    ...(forwarded === undefined ? {} : { message_snapshots: [{ message: snapshotPayload(forwarded) }] }),
  };
}

function pollPayload({ question, answers }: Poll): APIPoll {
  return {
    question: { text: question },
    answers: answers.map((text, index) => ({ answer_id: index + 1, poll_media: { text } })),
    expiry: null,
    allow_multiselect: false,
    layout_type: PollLayoutType.Default,
  };
}

function snapshotPayload({ of, content, embeds, attachments }: Snapshot): APIMessageSnapshotFields {
  return {
    type: of.type,
    content,
    embeds: [...embeds],
    attachments: attachments.map(attachmentPayload),
    timestamp: timestamp(of.createdAtMs),
    edited_timestamp: of.editedAtMs === undefined ? null : timestamp(of.editedAtMs),
    flags: of.flags as MessageFlags,
    mentions: of.mentions.users.map(userPayload),
    mention_roles: of.mentions.roles.map(({ id }) => id),
    components: [],
  };
}

/** Where a message comes from, as far as there is something to say. */
function originOf({ nonce, webhookId, interaction, replyTo, forwarded, channel }: Message): Partial<APIMessage> {
  return {
    ...(nonce === undefined ? {} : { nonce }),
    ...(webhookId === undefined ? {} : { webhook_id: webhookId }),
    ...(interaction === undefined ? {} : { application_id: channel.world.bot.id, interaction_metadata: interaction.metadata }),
    ...(replyTo === undefined ? {} : { message_reference: referenceTo(replyTo, MessageReferenceType.Default) }),
    ...(forwarded === undefined ? {} : { message_reference: referenceTo(forwarded.of, MessageReferenceType.Forward) }),
  };
}

function referenceTo(message: Message, type: MessageReferenceType): APIMessageReference {
  return { type, message_id: message.id, ...placeOf(message) };
}

function placeOf({ channel: { id, guild } }: Message): { readonly channel_id: string; readonly guild_id?: string } {
  return guild === undefined ? { channel_id: id } : { channel_id: id, guild_id: guild.id };
}
