import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClientOptions } from "discord.js";
import pino from "pino";
import { Bot } from "../../src/bots/discord/bot.ts";
import type { BotOptions } from "../../src/bots/discord/bot-context.ts";
import { COMMAND_DATA } from "../../src/bots/discord/commands/interactions.ts";
import {
  checkSettings,
  EngineInference,
  type EngineInferenceOptions,
  type GuildSettings,
  type Inference,
  openStore,
  type Store,
} from "../../src/bots/guard/index.ts";
import { loadLlamaEngine } from "../../src/llama.ts";
import { type Platform, type PlatformOptions, startPlatform } from "./discord/platform.ts";
import type { Guild } from "./discord/world/guild.ts";

export const LIMITS: EngineInferenceOptions = {
  now: () => performance.now(),
  maxWaiting: 500,
  maxOfGuild: 500,
  answerTimeoutMs: 60_000,
  judgeTimeoutMs: 60_000,
};

/** The embedded model, for a whole file of tests. */
export async function embeddedInference(options: Partial<EngineInferenceOptions> = {}): Promise<EngineInference> {
  return await localInference("embedded", options);
}

export async function localInference(model: string, options: Partial<EngineInferenceOptions> = {}): Promise<EngineInference> {
  return await EngineInference.start(() => loadLlamaEngine({ model, gpu: false }), { ...LIMITS, ...options });
}

export interface BotSetUp {
  readonly inference: Inference;
  readonly options?: Partial<BotOptions>;
  readonly platform?: PlatformOptions;
  /** @default one */
  readonly shards?: "auto";
  /** Of the client's own way to make requests. */
  readonly rest?: ClientOptions["rest"];
  /** What the store is to do differently. */
  readonly spoil?: (store: Store) => Store;
}

/** The real bot with a real client and a real store, at home on a Discord of our own. */
export class RunningBot implements AsyncDisposable {
  readonly platform: Platform;
  readonly bot: Bot;
  readonly store: Store;
  readonly #logged: string[];
  readonly #folder: string;

  static async start({
    inference,
    options,
    platform: platformOptions,
    rest,
    shards,
    spoil = (store) => store,
  }: BotSetUp): Promise<RunningBot> {
    const platform = await startPlatform(platformOptions);
    const folder = mkdtempSync(join(tmpdir(), "rain-bot-"));
    const store = await openStore(`file:${join(folder, "bot.db")}`);
    const logged: string[] = [];
    const bot = new Bot({
      inference,
      store: spoil(store),
      log: pino({ level: "debug" }, { write: (line: string) => void logged.push(line) }),
      options: { dms: true, messageContent: true, clock: () => platform.now(), now: () => performance.now(), ...options },
      client: {
        ...platform.clientOptions,
        rest: { ...platform.clientOptions.rest, ...rest },
        ...(shards === undefined ? {} : { shards }),
      },
    });
    return new RunningBot({ platform, bot, store, logged, folder });
  }

  private constructor(running: Pick<RunningBot, "platform" | "bot" | "store"> & { readonly logged: string[]; readonly folder: string }) {
    this.platform = running.platform;
    this.bot = running.bot;
    this.store = running.store;
    this.#logged = running.logged;
    this.#folder = running.folder;
  }

  /** What was logged, line by line. */
  get logged(): readonly string[] {
    return this.#logged;
  }

  /** Puts away what is only kept to be looked at, for tests that watch the memory of a long run. */
  forget(): void {
    this.platform.forget();
    this.#logged.length = 0;
  }

  /** Logs in, with its commands registered. Guilds are added before. */
  async login(): Promise<void> {
    await this.bot.login(this.platform.token);
    this.platform.registerCommands(COMMAND_DATA);
  }

  /** Decides a guild's settings: what is left out is the default, but for how often people may ask: tests do not wait for that. */
  async set(guild: Guild, settings: SettingsInput): Promise<void> {
    const { version } = await this.store.settings(guild.id);
    const changed: GuildSettings = checkSettings({
      ...settings,
      talk: { cooldownSeconds: 0, questionsAtOnce: 0, userDailyCap: 0, ...settings.talk },
    });
    await this.store.changeSettings({ guild: guild.id, version, settings: changed, by: guild.owner.id, at: this.platform.now() });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bot[Symbol.asyncDispose]();
    await this.platform.close();
    await this.store[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true });
  }
}

export type SettingsInput = { readonly talk?: Partial<GuildSettings["talk"]> } & Readonly<Record<string, unknown>>;
