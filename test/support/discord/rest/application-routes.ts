import { ApplicationFlags, RESTJSONErrorCodes, type RESTPutAPIApplicationCommandsJSONBody } from "discord-api-types/v10";
import { checkCommands } from "../limits/command-limits.ts";
import { userPayload } from "../payloads/member-payload.ts";
import type { World } from "../world/world.ts";
import { guildOf, refuse } from "./access.ts";
import type { Call, Routes } from "./router.ts";

export interface GatewayAddress {
  readonly url: string;
  /** So many shards Discord recommends. */
  readonly shards: number;
}

/** Who the bot is, and where its gateway is. */
export function applicationRoutes(world: World, gateway: GatewayAddress): Routes {
  const application = () => applicationPayload(world);
  return {
    "GET /gateway": () => ({ url: gateway.url }),
    // With so much concurrency, shards need not wait for one another.
    "GET /gateway/bot": () => ({
      ...gateway,
      session_start_limit: { total: 1000, remaining: 1000, reset_after: 0, max_concurrency: 1000 },
    }),
    "GET /applications/@me": application,
    "GET /oauth2/applications/@me": application,
    "GET /users/@me": () => userPayload(world.bot),
    "GET /users/:user": (call) => knownUser(world, call),
  };
}

function applicationPayload(world: World): object {
  return {
    id: world.bot.id,
    name: world.bot.name,
    description: "",
    icon: null,
    bot: userPayload(world.bot),
    bot_public: true,
    bot_require_code_grant: false,
    flags: ApplicationFlags.GatewayMessageContent,
    verify_key: "",
    team: null,
    owner: null,
  };
}

function knownUser(world: World, { parameters }: Call): object {
  const user = world.users.get(parameters["user"] ?? "");
  return user === undefined ? refuse(RESTJSONErrorCodes.UnknownUser) : userPayload(user);
}

/** Commands for everybody, and for single guilds. */
export function commandRoutes(world: World): Routes {
  return { ...routesBelow(world, "/applications/:application"), ...routesBelow(world, "/applications/:application/guilds/:guild") };
}

function routesBelow(world: World, scope: `/${string}`): Routes {
  return {
    [`PUT ${scope}/commands`]: (call: Call) => replace(world, call),
  };
}

function replace(world: World, call: Call): readonly object[] {
  const definitions = call.request.body as RESTPutAPIApplicationCommandsJSONBody;
  checkCommands(definitions);
  return world.commands.register(definitions, guildIdOf(world, call));
}

/** `undefined`: for everybody. */
function guildIdOf(world: World, call: Call): string | undefined {
  if (call.parameters["application"] !== world.bot.id) refuse(RESTJSONErrorCodes.UnknownApplication);
  return call.parameters["guild"] === undefined ? undefined : guildOf(world, call).id;
}
