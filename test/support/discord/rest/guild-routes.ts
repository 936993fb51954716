import { GatewayIntentBits, RESTJSONErrorCodes } from "discord-api-types/v10";
import { channelPayload, threadPayload } from "../payloads/channel-payload.ts";
import { guildPayload } from "../payloads/guild-payload.ts";
import { memberPayload, rolePayload } from "../payloads/member-payload.ts";
import type { Guild } from "../world/guild.ts";
import type { World } from "../world/world.ts";
import { guildOf, memberOf, refuse } from "./access.ts";
import type { Call, Routes } from "./router.ts";

/** What can be read of guilds, and how the bot leaves one. */
export function guildRoutes(world: World): Routes {
  return {
    "GET /users/@me/guilds": () => [...world.guilds.values()].map(({ id, name }) => ({ id, name, icon: null, owner: false, features: [] })),
    "DELETE /users/@me/guilds/:guild": (call) => guildOf(world, call).removeBot(),
    "GET /guilds/:guild": (call) => guildPayload(guildOf(world, call)),
    "GET /guilds/:guild/roles": (call) => [...guildOf(world, call).roles.values()].map(rolePayload),
    "GET /guilds/:guild/channels": (call) => channelsOf(guildOf(world, call)),
    "GET /guilds/:guild/threads/active": (call) => ({ threads: threadsOf(guildOf(world, call)), members: [] }),
    "GET /guilds/:guild/members": (call) => membersOf(world, call),
    "GET /guilds/:guild/members/:user": (call) => memberPayload(memberOf(world, call)),
  };
}

function channelsOf({ channels }: Guild): readonly object[] {
  return [...channels.values()].filter(({ isThread }) => !isThread).map(channelPayload);
}

function threadsOf({ channels }: Guild): readonly object[] {
  return [...channels.values()].filter(({ isThread }) => isThread).map(threadPayload);
}

/** All of them may only be listed with an intent that Discord has to grant. */
function membersOf(world: World, call: Call): readonly object[] {
  const { members } = guildOf(world, call);
  if ((world.restIntents & GatewayIntentBits.GuildMembers) === 0) refuse(RESTJSONErrorCodes.MissingAccess);
  const after = BigInt(call.request.query.get("after") ?? 0);
  const limit = Number(call.request.query.get("limit") ?? 1);
  return [...members.values()]
    .filter(({ user }) => BigInt(user.id) > after)
    .slice(0, limit)
    .map(memberPayload);
}
