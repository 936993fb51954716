import type { ClientOptions } from "discord.js";
import type { Logger } from "pino";
import type { Inference } from "../guard/inference.ts";
import type { Store } from "../guard/store/store.ts";
import { Bot } from "./bot.ts";
import type { DiscordConfig } from "./config.ts";
import { HttpServer, type Operation } from "./http-server.ts";
import { abortOf, isSudden } from "./leaving.ts";
import type { Vitals } from "./vitals.ts";

/** What a bot is run with. It looks at nothing else of its process. */
export interface RunInput {
  readonly config: DiscordConfig;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number;
  /** Aborted: the bot leaves, and what is being written has `drainSeconds` to end. With a sudden `Leaving` as its reason: at once. */
  readonly signal: AbortSignal;
}

/** What the bot works with. */
interface BotParts {
  readonly store: Store;
  readonly inference: Inference;
  readonly vitals: Vitals;
}

/**
 * Logs in and does the bot's work, until it is to leave.
 *
 * @throws {LoginError} when Discord does not let it in, or not any more
 */
export async function serve(input: RunInput, { store, inference, vitals }: BotParts): Promise<void> {
  const { config, log, clock, now, signal } = input;
  const { token, dms, messageContent, guilds, drainSeconds } = config;
  const options = { dms, messageContent, guilds, clock, now };
  await using bot = new Bot({ inference, store, log, options, client: clientOptions(config) });
  vitals.bot = bot;
  log.info("logging in");
  await Promise.race([bot.login(token), abortOf(signal)]);
  if (!signal.aborted) log.info({ shards: bot.shards.length }, "ready");
  await abortOf(AbortSignal.any([signal, bot.lost]));
  log.info("leaving");
  await bot.leave(isSudden(signal) ? 0 : drainSeconds * 1000);
  bot.lost.throwIfAborted();
}

function clientOptions({ shards, apiUrl }: DiscordConfig): Pick<ClientOptions, "shards" | "shardCount" | "rest"> {
  return {
    ...(shards === "auto" ? { shards } : { shardCount: shards }),
    ...(apiUrl === undefined ? {} : { rest: { api: apiUrl } }),
  };
}

/** Offers over HTTP what can be asked of the bot, if anybody wants it. */
export async function offer(operation: Operation, { config, log }: RunInput): Promise<AsyncDisposable | undefined> {
  if (config.http === undefined) return undefined;
  const server = await HttpServer.listen(operation, config.http);
  log.info({ port: server.port }, "metrics and health are offered");
  return server;
}
