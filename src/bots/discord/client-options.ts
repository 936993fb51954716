import { type ClientOptions, GatewayIntentBits, type GuildMember, Options, Partials, type User } from "discord.js";
import type { Door } from "./door.ts";
import type { BotOptions } from "./parts.ts";

/**
 * What discord.js remembers: the newest messages of each channel, those who wrote last in each server, and those who did anywhere, so
 * that memory does not grow with what people write.
 */
export const REMEMBERED = { messages: 50, members: 500, users: 5_000 } as const;

/** How discord.js is to work for us, whatever else it is given. */
export function clientOptions(door: Door, { messageContent }: BotOptions, given: Partial<ClientOptions> = {}): ClientOptions {
  const intents = [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages, GatewayIntentBits.DirectMessages];
  return {
    ...given,
    intents: messageContent ? [...intents, GatewayIntentBits.MessageContent] : intents,
    // Private channels are not known before somebody writes in them, nor are old messages that change.
    partials: [Partials.Channel, Partials.Message],
    allowedMentions: { parse: [], repliedUser: false },
    failIfNotExists: true,
    makeCache: Options.cacheWithLimits({
      ...Options.DefaultMakeCacheSettings,
      MessageManager: REMEMBERED.messages,
      GuildMemberManager: { maxSize: REMEMBERED.members, keepOverLimit: isUs },
      UserManager: { maxSize: REMEMBERED.users, keepOverLimit: isUs },
    }),
    rest: { ...given.rest, makeRequest: door.makeRequest },
  };
}

function isUs({ id, client }: GuildMember | User): boolean {
  return id === client.user.id;
}
