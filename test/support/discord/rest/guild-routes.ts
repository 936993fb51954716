import { PermissionFlagsBits, RESTJSONErrorCodes } from "discord-api-types/v10";
import { FormErrors } from "../limits/form-errors.ts";
import { channelPayload } from "../payloads/channel-payload.ts";
import { guildPayload } from "../payloads/guild-payload.ts";
import { memberPayload } from "../payloads/member-payload.ts";
import type { Deed } from "../world/guild.ts";
import type { Member } from "../world/member.ts";
import { guildPermissions } from "../world/permissions.ts";
import type { World } from "../world/world.ts";
import { channelOf, guildOf, memberOf, refuse } from "./access.ts";
import { demandWriting } from "./message-routes.ts";
import type { Call, Routes } from "./router.ts";

const { Administrator, BanMembers, ModerateMembers } = PermissionFlagsBits;

const LONGEST_TIME_OUT_MS = 28 * 24 * 60 * 60 * 1000;

/** What the bot reads of guilds, and does to their members. */
export function guildRoutes(world: World): Routes {
  return {
    "GET /guilds/:guild": (call) => guildPayload(guildOf(world, call)),
    "GET /guilds/:guild/members/:user": (call) => memberPayload(memberOf(world, call)),
    "PATCH /guilds/:guild/members/:user": (call) => timeOut(memberOf(world, call), call),
    "PUT /guilds/:guild/bans/:user": (call) => ban(world, call),
  };
}

function timeOut(member: Member, { request }: Call): object {
  const { communication_disabled_until: until } = (request.body ?? {}) as { readonly communication_disabled_until?: string | null };
  if (until === undefined) return memberPayload(member);
  demandOver(member, ModerateMembers);
  if ((guildPermissions(member) & Administrator) !== 0n) refuse(RESTJSONErrorCodes.MissingPermissions);
  const untilMs = until === null ? undefined : Date.parse(until);
  if ((untilMs ?? 0) > member.guild.world.clock.now() + LONGEST_TIME_OUT_MS) refuseTimeOut();
  member.timeOut(untilMs, deedOf(member.guild.world, request));
  return memberPayload(member);
}

/** By the bot. */
function deedOf({ bot }: World, { headers }: Call["request"]): Deed {
  const reason = headers["x-audit-log-reason"];
  return { by: bot, reason: reason === undefined ? undefined : decodeURIComponent(String(reason)) };
}

/** Who is not there can be banned all the same. */
function ban(world: World, call: Call): undefined {
  const guild = guildOf(world, call);
  const user = world.users.get(call.parameters["user"] ?? "") ?? refuse(RESTJSONErrorCodes.UnknownUser);
  const member = guild.members.get(user.id);
  if (member !== undefined) demandOver(member, BanMembers);
  else if ((guildPermissions(guild.bot) & BanMembers) === 0n) refuse(RESTJSONErrorCodes.MissingPermissions);
  guild.ban(user, deedOf(world, call.request));
}

function refuseTimeOut(): void {
  const errors = new FormErrors();
  errors.add(["communication_disabled_until"], {
    code: "INVALID_COMMUNICATION_DISABLED_TIMESTAMP",
    message: "Timestamp must be within 28 days.",
  });
  errors.throwIfAny();
}

/** Besides the permission it takes a higher role. Nobody acts on the owner. */
function demandOver(member: Member, permission: bigint): void {
  const { bot } = member.guild;
  const isBelow = !member.isOwner && member.position < bot.position;
  if (!isBelow || (guildPermissions(bot) & permission) === 0n) refuse(RESTJSONErrorCodes.MissingPermissions);
}

/** Channels and private conversations. */
export function channelRoutes(world: World): Routes {
  return {
    "GET /channels/:channel": (call) => channelPayload(channelOf(world, call)),
    "POST /channels/:channel/typing": (call) => demandWriting(channelOf(world, call)),
    "POST /users/@me/channels": (call) => openConversation(world, call),
  };
}

function openConversation(world: World, { request }: Call): object {
  const { recipient_id: id = "" } = (request.body ?? {}) as { readonly recipient_id?: string };
  const recipient = world.users.get(id);
  return recipient === undefined || recipient === world.bot
    ? refuse(RESTJSONErrorCodes.InvalidRecipients)
    : channelPayload(world.directChannel(recipient));
}
