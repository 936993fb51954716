import { type GuildMember, PermissionFlagsBits } from "discord.js";
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
