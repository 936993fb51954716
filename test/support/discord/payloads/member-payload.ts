import type { APIGuildMember, APIRole, APIUser, GuildMemberFlags } from "discord-api-types/v10";
import type { Member } from "../world/member.ts";
import type { Role } from "../world/role.ts";
import type { User } from "../world/user.ts";

/** Discord's time stamps. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000+00:00");
}

export function userPayload(user: User): APIUser {
  return {
    id: user.id,
    username: user.name.toLowerCase().replaceAll(/[^a-z0-9_.]/g, "_"),
    discriminator: "0",
    global_name: user.name,
    avatar: null,
    bot: user.isBot,
  };
}

export type MemberWithoutUser = Omit<APIGuildMember, "user">;

/** A member as messages tell of them, beside their author. */
export function memberWithoutUser(member: Member): MemberWithoutUser {
  return {
    nick: null,
    avatar: null,
    banner: null,
    roles: [...member.roles].map(({ id }) => id),
    joined_at: timestamp(member.joinedAtMs),
    deaf: false,
    mute: false,
    flags: 0 as GuildMemberFlags,
    communication_disabled_until: member.timedOutUntilMs === undefined ? null : timestamp(member.timedOutUntilMs),
  };
}

export function memberPayload(member: Member): APIGuildMember {
  return { ...memberWithoutUser(member), user: userPayload(member.user) };
}

export function rolePayload(role: Role): APIRole {
  return {
    id: role.id,
    name: role.name,
    color: 0,
    colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
    hoist: false,
    position: role.position,
    permissions: String(role.permissions),
    managed: false,
    mentionable: role.isMentionable,
    flags: 0 as APIRole["flags"],
  };
}
