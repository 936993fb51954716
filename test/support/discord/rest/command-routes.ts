import { RESTJSONErrorCodes, type RESTPutAPIApplicationCommandsJSONBody } from "discord-api-types/v10";
import { checkCommands } from "../limits/command-limits.ts";
import type { World } from "../world/world.ts";
import { guildOf, refuse } from "./access.ts";
import type { Call, Routes } from "./router.ts";

/** Commands for everybody, and for single guilds. */
export function commandRoutes(world: World): Routes {
  return {
    "GET /applications/:application/commands": (call) => list(world, call),
    "PUT /applications/:application/commands": (call) => replace(world, call),
    "GET /applications/:application/guilds/:guild/commands": (call) => list(world, call),
    "PUT /applications/:application/guilds/:guild/commands": (call) => replace(world, call),
  };
}

function list(world: World, call: Call): readonly object[] {
  return world.commands.in(scopeOf(world, call));
}

function replace(world: World, call: Call): readonly object[] {
  const definitions = call.request.body as RESTPutAPIApplicationCommandsJSONBody;
  const scope = scopeOf(world, call);
  checkCommands(definitions);
  return world.commands.register(definitions, scope);
}

function scopeOf(world: World, call: Call): string | undefined {
  if (call.parameters["application"] !== world.bot.id) refuse(RESTJSONErrorCodes.UnknownApplication);
  return call.parameters["guild"] === undefined ? undefined : guildOf(world, call).id;
}
