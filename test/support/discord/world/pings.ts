import { AllowedMentionsTypes, type APIAllowedMentions, PermissionFlagsBits } from "discord-api-types/v10";
import type { Channel } from "./channel.ts";
import type { Role } from "./role.ts";
import type { User } from "./user.ts";

/** Whom a message notifies. */
export interface Pings {
  readonly everyone: "@everyone" | "@here" | undefined;
  readonly users: readonly User[];
  readonly roles: readonly Role[];
}

export interface Pinging {
  readonly channel: Channel;
  readonly author: User;
  readonly content: string;
  /** Who wrote what this message replies to. */
  readonly repliedTo: User | undefined;
  /** Unless something is said, everything that a text mentions is pinged. */
  readonly allowed: APIAllowedMentions | undefined;
}

/** What stands in code is shown as it is, and mentions nobody. */
const CODE = /```[\s\S]*?```|`[^`\n]*`/g;

/** Nobody pings themselves, and a webhook cannot be pinged. */
export function pingsOf({ channel, author, content, repliedTo, allowed }: Pinging): Pings {
  const text = content.replace(CODE, "");
  const { world, guild } = channel;
  const permissions = channel.permissionsOf(author) ?? 0n;
  const mayPingAll = guild !== undefined && (permissions & PermissionFlagsBits.MentionEveryone) !== 0n;
  const users = idsIn(text, /<@!?(\d+)>/g)
    .filter((id) => isAllowed(allowed, AllowedMentionsTypes.User, id))
    .flatMap((id) => world.users.get(id) ?? []);
  const roles = idsIn(text, /<@&(\d+)>/g)
    .filter((id) => isAllowed(allowed, AllowedMentionsTypes.Role, id))
    .flatMap((id) => guild?.roles.get(id) ?? [])
    .filter((role) => mayPingAll || role.isMentionable);
  const everyone = mayPingAll && isAllowed(allowed, AllowedMentionsTypes.Everyone) ? /@(?:everyone|here)\b/.exec(text)?.[0] : undefined;
  const replied = repliedTo !== undefined && (allowed === undefined || allowed.replied_user === true) ? [repliedTo] : [];
  const all = [...new Set([...replied, ...users])].filter((user) => user !== author && world.users.has(user.id));
  return { everyone: everyone as Pings["everyone"], users: all, roles };
}

/** The same in words, such as `["@everyone", "@Ada", "@Moderators"]`. */
export function pingNames({ everyone, users, roles }: Pings): string[] {
  return [...(everyone === undefined ? [] : [everyone]), ...[...users, ...roles].map(({ name }) => `@${name}`)];
}

function idsIn(text: string, mention: RegExp): string[] {
  return [...new Set([...text.matchAll(mention)].map(([, id = ""]) => id))];
}

function isAllowed(allowed: APIAllowedMentions | undefined, type: AllowedMentionsTypes, id?: string): boolean {
  if (allowed === undefined || allowed.parse?.includes(type)) return true;
  if (type === AllowedMentionsTypes.Everyone || id === undefined) return false;
  return (type === AllowedMentionsTypes.User ? allowed.users : allowed.roles)?.includes(id) ?? false;
}
