import type { World } from "../world/world.ts";
import { applicationRoutes, type GatewayAddress } from "./application-routes.ts";
import { callbackRoutes } from "./callback-routes.ts";
import { channelRoutes } from "./channel-routes.ts";
import { commandRoutes } from "./command-routes.ts";
import { followUpRoutes } from "./follow-up-routes.ts";
import { guildRoutes } from "./guild-routes.ts";
import { memberRoutes } from "./member-routes.ts";
import { messageRoutes } from "./message-routes.ts";
import { reactionRoutes } from "./reaction-routes.ts";
import { Router } from "./router.ts";

export function allRoutes(world: World, gateway: GatewayAddress): Router {
  return new Router(
    applicationRoutes(world, gateway),
    commandRoutes(world),
    guildRoutes(world),
    memberRoutes(world),
    channelRoutes(world),
    messageRoutes(world),
    reactionRoutes(world),
    callbackRoutes(world),
    followUpRoutes(world),
  );
}
