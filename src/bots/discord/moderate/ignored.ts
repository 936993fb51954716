import { type GuildMember, type GuildTextBasedChannel, PermissionFlagsBits } from "discord.js";
import type { GuildSettings } from "../../guard/index.ts";

/** Somebody in a server. */
interface Somebody {
  readonly author: { readonly id: string };
  readonly guild: { readonly ownerId: string };
}

/** Those whom a server does not have judged: who owns or administers it, and who has one of these roles. */
export function isIgnored({ author, guild }: Somebody, member: GuildMember | null, { moderation: { ignore } }: GuildSettings): boolean {
  const isAdministrator = author.id === guild.ownerId || member?.permissions.has(PermissionFlagsBits.Administrator) === true;
  if (isAdministrator && ignore.administrators) return true;
  return member?.roles.cache.some(({ id }) => ignore.roles.includes(id)) ?? false;
}

/** Whether what this author writes there is left out, whatever roles they have. */
export function isLeftOut(channel: GuildTextBasedChannel, author: string, { moderation: { ignore } }: GuildSettings): boolean {
  const parent = channel.isThread() ? channel.parent : channel;
  const places = [channel.id, parent?.id];
  return (
    ignore.users.includes(author) ||
    places.some((place) => place !== undefined && ignore.channels.includes(place)) ||
    (parent?.parentId != null && ignore.categories.includes(parent.parentId))
  );
}
