import {
  type APIChannel,
  type APIOverwrite,
  type APIThreadChannel,
  ChannelType,
  OverwriteType,
  ThreadAutoArchiveDuration,
} from "discord-api-types/v10";
import { madeAt } from "../clock.ts";
import type { Channel, Overwrite } from "../world/channel.ts";
import { Role } from "../world/role.ts";
import { timestamp, userPayload } from "./member-payload.ts";

export function channelPayload(channel: Channel): APIChannel {
  if (channel.isThread) return threadPayload(channel);
  const { id, guild, name } = channel;
  const lastMessage = { last_message_id: lastMessageId(channel) };
  if (guild === undefined) {
    const recipients = channel.recipient === undefined ? [] : [userPayload(channel.recipient)];
    return { id, type: ChannelType.DM, name: null, recipients, ...lastMessage };
  }
  return {
    id,
    type: channel.type,
    guild_id: guild.id,
    name,
    position: [...guild.channels.values()].indexOf(channel),
    parent_id: channel.parent?.id ?? null,
    permission_overwrites: channel.overwrites.map(overwritePayload),
    nsfw: false,
    ...lastMessage,
  } as APIChannel;
}

export function threadPayload(thread: Channel): APIThreadChannel {
  const madeAtTimestamp = timestamp(madeAt(thread.id));
  return {
    id: thread.id,
    type: thread.type as APIThreadChannel["type"],
    guild_id: thread.guild?.id as string,
    parent_id: thread.parent?.id as string,
    owner_id: thread.owner?.id as string,
    name: thread.name,
    last_message_id: lastMessageId(thread),
    message_count: thread.messages.size,
    member_count: 1,
    thread_metadata: {
      archived: false,
      locked: false,
      auto_archive_duration: ThreadAutoArchiveDuration.OneDay,
      archive_timestamp: madeAtTimestamp,
      create_timestamp: madeAtTimestamp,
    },
  };
}

function lastMessageId(channel: Channel): string | null {
  return [...channel.messages.keys()].at(-1) ?? null;
}

function overwritePayload({ target, allow = 0n, deny = 0n }: Overwrite): APIOverwrite {
  const type = target instanceof Role ? OverwriteType.Role : OverwriteType.Member;
  return { id: target.id, type, allow: String(allow), deny: String(deny) };
}
