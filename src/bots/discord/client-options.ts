import { type ClientOptions, GatewayIntentBits, Partials } from "discord.js";
import type { Door } from "./door.ts";
import type { BotOptions } from "./parts.ts";

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
    rest: { ...given.rest, makeRequest: door.makeRequest },
  };
}
