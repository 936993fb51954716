/** What the process that holds the model and those of the shards say to each other. Plain data, as it travels between processes. */
import type { DiscordConfig } from "../config.ts";

/** Which shard a process is, and with whom it works. */
export interface ShardPost {
  readonly config: DiscordConfig;
  /** Where the model is. */
  readonly socket: string;
  readonly shard: number;
  readonly shards: number;
}

/** What a shard may be asked. */
export type Topic = "figures" | "readiness";

/** `rain`: the library sends messages of its own on the same way. */
export type ToShard =
  | { readonly rain: "begin"; readonly post: ShardPost }
  | { readonly rain: "ask"; readonly id: number; readonly topic: Topic }
  | { readonly rain: "leave"; readonly isSudden: boolean };

export interface FromShard {
  readonly rain: "answer";
  readonly id: number;
  /** `undefined`: it could not be found out. */
  readonly answer?: unknown;
}

export function isToShard(message: unknown): message is ToShard {
  return isOurs(message);
}

export function isFromShard(message: unknown): message is FromShard {
  return isOurs(message) && message.rain === "answer";
}

function isOurs(message: unknown): message is { readonly rain: unknown } {
  return typeof message === "object" && message !== null && "rain" in message;
}
