import type { Client } from "discord.js";
import type { Presence } from "../guard/store/store.ts";
import { isPrivateGuild } from "./parts.ts";
import { shardOf } from "./shards/shard-of.ts";

/** Which guilds this process would hear of, being one shard or all of the bot, and which of them it is in. */
export function presenceOf({ guilds, options }: Client, at: number): Presence {
  const { shards, shardCount = 1 } = options;
  const isOurs = (guild: string) => !Array.isArray(shards) || shards.length === 0 || shards.includes(shardOf(guild, shardCount));
  return {
    isOurs: (guild) => !isPrivateGuild(guild) && isOurs(guild),
    isHere: (guild) => guilds.cache.has(guild),
    at,
  };
}
