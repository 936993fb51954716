import { checkSettings, type ReplyRecord } from "../../src/bots/guard/index.ts";
import { BotHome, BotProcess, environmentOf } from "./bot-process.ts";
import { type Platform, type PlatformOptions, startPlatform } from "./discord/platform.ts";
import type { Channel } from "./discord/world/channel.ts";
import type { Guild } from "./discord/world/guild.ts";
import type { Message } from "./discord/world/message.ts";
import { runRain, type Said } from "./run-rain.ts";

/** A platform with guilds whose people may ask as often as they like, and a place where bots remember, whichever process they run in. */
export class BotScene implements AsyncDisposable {
  readonly platform: Platform;
  readonly home = new BotHome();
  readonly #bots: BotProcess[] = [];

  static async open(options: PlatformOptions = {}): Promise<BotScene> {
    // Several processes share the machine.
    return new BotScene(await startPlatform({ patienceMs: 60_000, ...options }));
  }

  private constructor(platform: Platform) {
    this.platform = platform;
  }

  /** With Ada and Bob in it, and settings that no guild has by default: before it answers, the bot reads what was said last. */
  async addGuild(): Promise<Guild> {
    const guild = this.platform.addGuild({ members: ["Ada", "Bob"] });
    const settings = checkSettings({ talk: { context: "recent", cooldownSeconds: 0, questionsAtOnce: 0, refusal: "No, thank you." } });
    const change = { guild: guild.id, version: 0, settings, by: guild.owner.id, at: this.platform.now() };
    await this.home.open((store) => store.changeSettings(change));
    return guild;
  }

  /** Starts a bot. It need not be ready. */
  start(settings: Readonly<Record<string, string>> = {}): BotProcess {
    const bot = new BotProcess(environmentOf(this.platform, this.home, settings));
    this.#bots.push(bot);
    return bot;
  }

  /** Runs another command of `rain` here, which ends with this exit code. */
  async tries(code: number, ...parameters: readonly string[]): Promise<Said> {
    return await runRain(parameters, { code, environment: environmentOf(this.platform, this.home) });
  }

  /** Runs another command of `rain` here. Gives what it says. */
  async run(...parameters: readonly string[]): Promise<string> {
    return (await this.tries(0, ...parameters)).stdout;
  }

  /** Ada asks the bot. */
  ask(guild: Guild, text: string): Message {
    return guild.person("Ada").says(guild.channel("general"), `${this.platform.bot.mention} ${text}`);
  }

  /** The records of answers in a channel, newest first. */
  async records({ guild, id }: Channel): Promise<readonly ReplyRecord[]> {
    return await this.home.open((store) => store.lastReplies(guild?.id ?? "", id, 10));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const bot of this.#bots) await bot[Symbol.asyncDispose]();
    await this.platform.close();
    this.home[Symbol.dispose]();
  }
}
