import { ShardClientUtil } from "discord.js";
import { isPrivateGuild } from "../parts.ts";

/** Which shard hears of a guild; of private conversations the first one does. */
export function shardOf(guild: string, shards: number): number {
  return isPrivateGuild(guild) ? 0 : ShardClientUtil.shardIdForGuildId(guild, shards);
}
