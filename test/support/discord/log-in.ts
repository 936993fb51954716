import { once } from "node:events";
import { Client, type ClientOptions, Events, GatewayIntentBits, Partials, type SendableChannels } from "discord.js";
import type { Platform } from "./platform.ts";
import type { Channel } from "./world/channel.ts";

/** Everything that a bot reads who talks and moderates. */
const INTENTS = [
  GatewayIntentBits.Guilds,
  GatewayIntentBits.GuildMessages,
  GatewayIntentBits.DirectMessages,
  GatewayIntentBits.MessageContent,
];

/** A real client of discord.js, at home on the platform. */
export class LoggedIn implements AsyncDisposable {
  readonly client: Client<true>;
  /** What went wrong inside the client; a test looks at it where it matters. */
  readonly errors: readonly Error[];

  constructor(client: Client<true>, errors: readonly Error[]) {
    this.client = client;
    this.errors = errors;
  }

  /** The channel as the client knows it. */
  sendable({ id, name }: Channel): SendableChannels {
    const channel = this.client.channels.cache.get(id);
    if (channel?.isSendable()) return channel;
    throw new Error(`Expected the client to know ${name}, and to be able to write there`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.destroy();
  }
}

/** @returns once the client is ready */
export async function logIn(platform: Platform, options: Partial<ClientOptions> = {}): Promise<LoggedIn> {
  const rest = { ...platform.clientOptions.rest, ...options.rest };
  const client = new Client({ intents: INTENTS, partials: [Partials.Channel], ...platform.clientOptions, ...options, rest });
  const errors: Error[] = [];
  client.on(Events.Error, (error) => errors.push(error));
  const isReady = once(client, Events.ClientReady);
  await client.login(platform.token);
  await isReady;
  return new LoggedIn(client as Client<true>, errors);
}

/** Collects what people say as the client hears it. */
export function heard({ client }: LoggedIn): readonly string[] {
  const texts: string[] = [];
  client.on(Events.MessageCreate, ({ content }) => void texts.push(content));
  return texts;
}
