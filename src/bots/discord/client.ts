/** discord.js, as it is to work for us. */
import {
  type Client,
  type ClientOptions,
  GatewayIntentBits,
  type GuildMember,
  Options,
  Partials,
  ShardClientUtil,
  type User,
} from "discord.js";
import type { Presence } from "../guard/index.ts";
import { type BotOptions, isPrivateGuild } from "./bot-context.ts";
import type { OutboundFilter } from "./outbound-filter.ts";

/** Which guilds this client would hear of, which may have some of the bot's shards only, and which of them it is in. */
export function presenceOf({ guilds, options, ws }: Client, at: number): Presence {
  const shardOf = (guild: string) => ShardClientUtil.shardIdForGuildId(guild, options.shardCount ?? 1);
  return {
    isOurs: (guild) => !isPrivateGuild(guild) && ws.shards.has(shardOf(guild)),
    isHere: (guild) => guilds.cache.has(guild),
    at,
  };
}

type Packet = { readonly t?: string | null } | undefined;
type Handle = (packet: Packet, shard: unknown) => boolean;

/** Of the session itself. A library that fails at these hears of nothing any more: then the process is to end, and be started again. */
const SESSION = ["READY", "RESUMED"];

/**
 * Lets the library fail at what the gateway tells of people, and go on. What it does not know, such as a new kind of channel, throws where
 * no code waits for it, which ends a process; and people can often choose what their messages hold.
 */
export function carefulPackets(client: Client, onError: (error: unknown) => void): void {
  // The library means it for itself: where it is called otherwise, nothing is changed.
  const manager = client.ws as unknown as { handlePacket?: Handle };
  const handle = manager.handlePacket?.bind(manager);
  if (handle === undefined) return;
  manager.handlePacket = (packet, shard) => {
    try {
      return handle(packet, shard);
    } catch (error) {
      if (SESSION.includes(packet?.t ?? "")) throw error;
      onError(error);
      return false;
    }
  };
}

/**
 * What discord.js remembers: the newest messages of each channel, those who wrote last in each server, and those who did anywhere, so
 * that memory does not grow with what people write.
 */
const REMEMBERED = { messages: 50, members: 500, users: 5_000 } as const;

/** How discord.js is to work for us, whatever else it is given. */
export function clientOptions(outbound: OutboundFilter, { messageContent }: BotOptions, given: Partial<ClientOptions> = {}): ClientOptions {
  const { Guilds, GuildMessages, DirectMessages, GuildModeration } = GatewayIntentBits;
  // The last one is what moderators do by hand, where the bot may see the audit log.
  const intents = [Guilds, GuildMessages, DirectMessages, GuildModeration];
  return {
    ...given,
    intents: messageContent ? [...intents, GatewayIntentBits.MessageContent] : intents,
    // Private channels are not cached before their first message, nor are old messages that change.
    partials: [Partials.Channel, Partials.Message],
    allowedMentions: { parse: [], repliedUser: false },
    failIfNotExists: true,
    makeCache: Options.cacheWithLimits({
      ...Options.DefaultMakeCacheSettings,
      MessageManager: REMEMBERED.messages,
      GuildMemberManager: { maxSize: REMEMBERED.members, keepOverLimit: isUs },
      UserManager: { maxSize: REMEMBERED.users, keepOverLimit: isUs },
    }),
    rest: { ...given.rest, makeRequest: outbound.makeRequest },
  };
}

/** In which language something is said to everybody who reads it in a server: Discord's for it. */
export function languageOfServer({ guilds }: Client, guild: string): string | undefined {
  return guilds.cache.get(guild)?.preferredLocale;
}

function isUs({ id, client }: GuildMember | User): boolean {
  return id === client.user.id;
}
