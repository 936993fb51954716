import { PlatformClock } from "./clock.ts";
import { Gateway } from "./gateway/gateway.ts";
import { Happenings } from "./happenings.ts";
import { Posts } from "./posts.ts";
import { allRoutes } from "./rest/all-routes.ts";
import { RestServer } from "./rest/rest-server.ts";
import { WebServer } from "./web-server.ts";
import { World } from "./world/world.ts";

/** What the bot logs in with: in the shape of Discord's, and no secret. */
export const TOKEN = [Buffer.from("a loopback platform").toString("base64url"), "Loopba", "no-secret-".repeat(4)].join(".");

export interface PlatformOptions {
  /** @default "Rain" */
  readonly botName?: string;
  /** A clock that runs, in milliseconds since 1970. @default one that stands still */
  readonly now?: () => number;
  /** How often clients are to show that they live. @default 41,250, as Discord has it */
  readonly heartbeatMs?: number;
  /** Recommended number of shards. @default 1 */
  readonly shards?: number;
  /** Intents that the application was not granted, such as `GatewayIntentBits.MessageContent`. @default none */
  readonly deniedIntents?: number;
  /** Whether interactions come without their channel, as Discord's sometimes do. @default false */
  readonly omitsChannels?: boolean;
  /** How long a test waits for something before it fails. @default 20,000 */
  readonly patienceMs?: number;
}

/** The parts of a platform, put together and running. */
export interface Machinery {
  readonly server: WebServer;
  readonly clock: PlatformClock;
  readonly happenings: Happenings;
  readonly world: World;
  readonly gateway: Gateway;
  readonly rest: RestServer;
  readonly posts: Posts;
}

export async function startMachinery(options: PlatformOptions): Promise<Machinery> {
  const { botName = "Rain", heartbeatMs = 41_250, shards = 1, deniedIntents = 0, omitsChannels = false, patienceMs = 20_000 } = options;
  const server = await WebServer.listen();
  const url = `ws://${server.address}/gateway`;
  const clock = new PlatformClock(options.now);
  const happenings = new Happenings(patienceMs);
  const world = new World({
    clock,
    happenings,
    publish: (dispatch) => gateway.publish(dispatch),
    filesUrl: `http://${server.address}/files`,
    botName,
    deniedIntents,
    omitsChannels,
  });
  const gateway = new Gateway(world, { url, token: TOKEN, heartbeatMs, deniedIntents });
  const rest = new RestServer(world, allRoutes(world, { url, shards }), TOKEN);
  server.serve({
    rest: (request, path, response) => rest.handle(request, path, response),
    gateway: (socket, version) => gateway.connect(socket, version),
    file: (id) => world.files.get(id),
  });
  return { server, clock, happenings, world, gateway, rest, posts: new Posts(world) };
}
