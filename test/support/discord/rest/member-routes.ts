import { PermissionFlagsBits, RESTJSONErrorCodes } from "discord-api-types/v10";
import { FormErrors } from "../limits/form-errors.ts";
import { memberPayload } from "../payloads/member-payload.ts";
import type { Member } from "../world/member.ts";
import { guildPermissions } from "../world/permissions.ts";
import type { Role } from "../world/role.ts";
import type { World } from "../world/world.ts";
import { guildOf, memberOf, refuse } from "./access.ts";
import type { Call, Routes } from "./router.ts";

const { Administrator, KickMembers, ManageRoles, ModerateMembers } = PermissionFlagsBits;

const LONGEST_TIME_OUT_MS = 28 * 24 * 60 * 60 * 1000;

/** What the bot can do to members. */
export function memberRoutes(world: World): Routes {
  return {
    "PATCH /guilds/:guild/members/:user": (call) => timeOut(memberOf(world, call), call),
    "DELETE /guilds/:guild/members/:user": (call) => kick(memberOf(world, call)),
    "PUT /guilds/:guild/members/:user/roles/:role": (call) => memberOf(world, call).addRole(grantedRole(world, call)),
    "DELETE /guilds/:guild/members/:user/roles/:role": (call) => memberOf(world, call).removeRole(grantedRole(world, call)),
  };
}

function timeOut(member: Member, { request }: Call): object {
  const { communication_disabled_until: until } = (request.body ?? {}) as { readonly communication_disabled_until?: string | null };
  if (until === undefined) return memberPayload(member);
  demandOver(member, ModerateMembers);
  if ((guildPermissions(member) & Administrator) !== 0n) refuse(RESTJSONErrorCodes.MissingPermissions);
  const untilMs = until === null ? undefined : Date.parse(until);
  if ((untilMs ?? 0) > member.guild.world.clock.now() + LONGEST_TIME_OUT_MS) refuseTimeOut();
  member.timeOut(untilMs);
  return memberPayload(member);
}

function refuseTimeOut(): void {
  const errors = new FormErrors();
  errors.add(["communication_disabled_until"], {
    code: "INVALID_COMMUNICATION_DISABLED_TIMESTAMP",
    message: "Timestamp must be within 28 days.",
  });
  errors.throwIfAny();
}

function kick(member: Member): undefined {
  demandOver(member, KickMembers);
  member.leave();
}

/** A role that the bot may give and take. */
function grantedRole(world: World, call: Call): Role {
  const guild = guildOf(world, call);
  const role = guild.roles.get(call.parameters["role"] ?? "") ?? refuse(RESTJSONErrorCodes.UnknownRole);
  const isAllowed = (guildPermissions(guild.bot) & ManageRoles) !== 0n && role.position < guild.bot.position;
  return isAllowed ? role : refuse(RESTJSONErrorCodes.MissingPermissions);
}

/** Besides the permission it takes a higher role. Nobody acts on the owner. */
function demandOver(member: Member, permission: bigint): void {
  const { bot } = member.guild;
  const isBelow = !member.isOwner && member.position < bot.position;
  if (!isBelow || (guildPermissions(bot) & permission) === 0n) refuse(RESTJSONErrorCodes.MissingPermissions);
}
