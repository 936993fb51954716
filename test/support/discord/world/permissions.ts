import { ChannelType, PermissionFlagsBits } from "discord-api-types/v10";
import type { Channel, Overwrite } from "./channel.ts";
import type { Member } from "./member.ts";

const { Administrator, AttachFiles, EmbedLinks, ManageThreads, MentionEveryone, ReadMessageHistory, SendMessages, ViewChannel } =
  PermissionFlagsBits;

const ALL_PERMISSIONS = Object.values(PermissionFlagsBits).reduce((all, permission) => all | permission, 0n);

/** What is left to somebody with a time-out. */
const WITH_TIME_OUT = ViewChannel | ReadMessageHistory;

/** What makes no sense for somebody who may not write. */
const NEEDS_WRITING = AttachFiles | EmbedLinks | MentionEveryone;

/** What a member may do in a guild where no channel says otherwise. */
export function guildPermissions(member: Member): bigint {
  if (member.isOwner) return ALL_PERMISSIONS;
  const permissions = [...member.roles].reduce((sum, role) => sum | role.permissions, member.guild.everyone.permissions);
  return (permissions & Administrator) === 0n ? permissions : ALL_PERMISSIONS;
}

/** What a member may do in a channel. A thread has the permissions of its parent. */
export function channelPermissions(member: Member, channel: Channel): bigint {
  const base = guildPermissions(member);
  if (base === ALL_PERMISSIONS) return base;
  const { overwrites } = channel.isThread ? (channel.parent as Channel) : channel;
  const permissions = withImplied(withOverwrites(base, member, overwrites));
  if (isHidden(channel, member, permissions)) return 0n;
  return member.isTimedOut ? permissions & WITH_TIME_OUT : permissions;
}

/** A private thread is there for its members, and for who looks after threads. */
function isHidden({ type, threadMembers }: Channel, { user }: Member, permissions: bigint): boolean {
  return type === ChannelType.PrivateThread && !threadMembers.has(user) && (permissions & ManageThreads) === 0n;
}

/** First what concerns everybody, then all roles together, then the member. */
function withOverwrites(base: bigint, member: Member, overwrites: readonly Overwrite[]): bigint {
  const { everyone } = member.guild;
  const stages = [
    overwrites.filter(({ target }) => target === everyone),
    overwrites.filter(({ target }) => [...member.roles].some((role) => role === target)),
    overwrites.filter(({ target }) => target === member.user),
  ];
  return stages.reduce((permissions, stage) => {
    const denied = stage.reduce((sum, { deny = 0n }) => sum | deny, 0n);
    const allowed = stage.reduce((sum, { allow = 0n }) => sum | allow, 0n);
    return (permissions & ~denied) | allowed;
  }, base);
}

function withImplied(permissions: bigint): bigint {
  if ((permissions & ViewChannel) === 0n) return 0n;
  return (permissions & SendMessages) === 0n ? permissions & ~NEEDS_WRITING : permissions;
}
