import type { World } from "../world/world.ts";
import { applicationRoutes, commandRoutes, type GatewayAddress } from "./application-routes.ts";
import { channelRoutes, guildRoutes } from "./guild-routes.ts";
import { callbackRoutes, followUpRoutes } from "./interaction-routes.ts";
import { messageRoutes } from "./message-routes.ts";
import { Router } from "./router.ts";

export function allRoutes(world: World, gateway: GatewayAddress): Router {
  return new Router(
    applicationRoutes(world, gateway),
    commandRoutes(world),
    guildRoutes(world),
    channelRoutes(world),
    messageRoutes(world),
    callbackRoutes(world),
    followUpRoutes(world),
  );
}
