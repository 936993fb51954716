import { ApplicationFlags, type GatewayReadyDispatchData } from "discord-api-types/v10";
import type { Session } from "../gateway/session.ts";
import type { Guild } from "../world/guild.ts";
import type { World } from "../world/world.ts";
import { userPayload } from "./member-payload.ts";

interface Readiness {
  readonly session: Session;
  readonly guilds: readonly Guild[];
  readonly resumeUrl: string;
}

/** The first event of a session. Without any of `user`, `application` and `guilds`, discord.js waits forever. */
export function readyPayload(world: World, { session, guilds, resumeUrl }: Readiness): GatewayReadyDispatchData {
  return {
    v: 10,
    user: userPayload(world.bot),
    application: { id: world.bot.id, flags: ApplicationFlags.GatewayMessageContent, flags_new: "0" },
    guilds: guilds.map(({ id }) => ({ id, unavailable: true })),
    session_id: session.id,
    resume_gateway_url: resumeUrl,
    shard: [...session.shard],
  };
}
