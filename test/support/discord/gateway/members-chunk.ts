import type { GatewayGuildMembersChunkDispatchData, GatewayRequestGuildMembersData } from "discord-api-types/v10";
import { memberPayload } from "../payloads/member-payload.ts";
import type { Member } from "../world/member.ts";
import type { World } from "../world/world.ts";

/** The members that a client asked for, all in one piece. */
export function membersChunk(world: World, request: GatewayRequestGuildMembersData): GatewayGuildMembersChunkDispatchData {
  const members = [...(world.guilds.get(request.guild_id)?.members.values() ?? [])].filter((member) => isAskedFor(member, request));
  return {
    guild_id: request.guild_id,
    members: members.map(memberPayload),
    chunk_index: 0,
    chunk_count: 1,
    ...(request.nonce === undefined ? {} : { nonce: request.nonce }),
  };
}

function isAskedFor({ user }: Member, request: GatewayRequestGuildMembersData): boolean {
  if ("user_ids" in request && request.user_ids !== undefined) return [request.user_ids].flat().includes(user.id);
  return "query" in request && user.name.toLowerCase().startsWith(request.query.toLowerCase());
}
