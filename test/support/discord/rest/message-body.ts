import type { APIAllowedMentions, APIEmbed, APIMessageTopLevelComponent } from "discord-api-types/v10";
import { EmbedType, MessageFlags } from "discord-api-types/v10";
import { checkMessage } from "../limits/message-limits.ts";
import type { Attachment } from "../world/attachment.ts";
import type { Changes, Content, Message } from "../world/message.ts";
import type { World } from "../world/world.ts";
import type { RestFile, RestRequest } from "./rest-request.ts";

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
