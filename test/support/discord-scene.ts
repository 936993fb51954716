import { PermissionFlagsBits } from "discord.js";
import type { Inference } from "../../src/bots/guard/index.ts";
import type { Person } from "./discord/people/person.ts";
import type { Platform } from "./discord/platform.ts";
import type { Channel } from "./discord/world/channel.ts";
import type { Guild } from "./discord/world/guild.ts";
import type { Message } from "./discord/world/message.ts";
import { type BotSetUp, RunningBot, type SettingsInput } from "./discord-bot.ts";
import { setsByPanel } from "./settings-panel.ts";

/** A guild with a bot in it, two people who may ask as often as they like, and a moderator. */
export class Scene implements AsyncDisposable {
  readonly running: RunningBot;
  readonly platform: Platform;
  readonly guild: Guild;
  readonly general: Channel;
  readonly ada: Person;
  readonly bob: Person;
  /** May manage messages, people and the server. */
  readonly mona: Person;

  static async open(inference: Inference, settings: SettingsInput = {}, setUp: Omit<BotSetUp, "inference"> = {}): Promise<Scene> {
    const running = await RunningBot.start({ inference, ...setUp });
    const guild = running.platform.addGuild({ channels: ["general", "other", "log"], members: ["Ada", "Bob"] });
    const permissions = PermissionFlagsBits.ManageMessages | PermissionFlagsBits.ModerateMembers | PermissionFlagsBits.ManageGuild;
    guild.addMember({ name: "Mona", roles: [guild.addRole({ name: "Moderators", permissions })] });
    await running.login();
    const scene = new Scene(running, guild);
    await running.set(guild, settings);
    return scene;
  }

  /** Messages are judged at once; what is bad is met by this action, and has a card in the channel "log". */
  static async moderated(
    inference: Inference,
    action: "log" | "hide" | "delete" | "timeout" = "delete",
    moderation: object = {},
  ): Promise<Scene> {
    const scene = await Scene.open(inference);
    const logChannel = scene.guild.channel("log").id;
    const rules = { harmless: { strictness: "medium", action } };
    await scene.running.set(scene.guild, { moderation: { automatic: true, shadow: false, logChannel, rules, ...moderation } });
    return scene;
  }

  private constructor(running: RunningBot, guild: Guild) {
    this.running = running;
    this.platform = running.platform;
    this.guild = guild;
    this.general = guild.channel("general");
    this.ada = guild.person("Ada");
    this.bob = guild.person("Bob");
    this.mona = guild.person("Mona");
  }

  /** Mona sets one setting in the panel, and confirms what she is shown. Gives what is said to it. */
  async sets(path: string, value: string): Promise<string> {
    return (await setsByPanel(this.mona, this.general, path, value)).content;
  }

  /** Nothing is under way any more, and nothing that came of it. */
  async settled(): Promise<void> {
    await this.platform.idle();
    await this.running.bot.idle();
    await this.platform.idle();
  }

  /** What stands in the log channel. */
  get cards(): readonly Message[] {
    return this.platform.posts(this.guild.channel("log"));
  }

  /** How one talks to the bot. */
  mention(text: string): string {
    return `${this.platform.bot.mention} ${text}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.running[Symbol.asyncDispose]();
  }
}
