import {
  type APIApplicationCommand,
  RESTJSONErrorCodes,
  type RESTPostAPIApplicationCommandsJSONBody,
  type RESTPutAPIApplicationCommandsJSONBody,
} from "discord-api-types/v10";
import { checkCommands } from "../limits/command-limits.ts";
import type { World } from "../world/world.ts";
import { guildOf, refuse } from "./access.ts";
import type { Call, Routes } from "./router.ts";

/** Commands for everybody, and for single guilds. */
export function commandRoutes(world: World): Routes {
  return { ...routesBelow(world, "/applications/:application"), ...routesBelow(world, "/applications/:application/guilds/:guild") };
}

function routesBelow(world: World, scope: `/${string}`): Routes {
  return {
    [`GET ${scope}/commands`]: (call: Call) => world.commands.in(guildIdOf(world, call)),
    [`PUT ${scope}/commands`]: (call: Call) => replace(world, call),
    [`POST ${scope}/commands`]: (call: Call) => add(world, call),
    [`GET ${scope}/commands/:command`]: (call: Call) => commandOf(world, call),
    [`DELETE ${scope}/commands/:command`]: (call: Call) => world.commands.remove(commandOf(world, call), guildIdOf(world, call)),
  };
}

function replace(world: World, call: Call): readonly object[] {
  const definitions = call.request.body as RESTPutAPIApplicationCommandsJSONBody;
  checkCommands(definitions);
  return world.commands.register(definitions, guildIdOf(world, call));
}

function add(world: World, call: Call): object {
  const definition = call.request.body as RESTPostAPIApplicationCommandsJSONBody;
  checkCommands([definition]);
  return world.commands.add(definition, guildIdOf(world, call));
}

function commandOf(world: World, call: Call): APIApplicationCommand {
  const command = world.commands.in(guildIdOf(world, call)).find(({ id }) => id === call.parameters["command"]);
  return command ?? refuse(RESTJSONErrorCodes.UnknownApplicationCommand);
}

/** `undefined`: for everybody. */
function guildIdOf(world: World, call: Call): string | undefined {
  if (call.parameters["application"] !== world.bot.id) refuse(RESTJSONErrorCodes.UnknownApplication);
  return call.parameters["guild"] === undefined ? undefined : guildOf(world, call).id;
}
