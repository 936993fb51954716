import type { ClientOptions } from "discord.js";

/** What a client of discord.js needs to be at home on the platform. */
export type PlatformClientOptions = Required<Pick<ClientOptions, "rest" | "ws" | "waitGuildTimeout">>;

export function clientOptions(api: string): PlatformClientOptions {
  return {
    // On its own, discord.js asks for no more than 50 things a second; here it is for a test to limit that.
    rest: { api, globalRequestsPerSecond: 10_000 },
    waitGuildTimeout: 1000,
    // discord.js waits five seconds before a shard logs in anew, however much concurrency the gateway allows.
    ws: { buildIdentifyThrottler: async () => ({ waitForIdentify: async () => undefined }) },
  };
}
