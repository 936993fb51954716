import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  Events,
  PermissionFlagsBits,
  type Interaction as ReceivedInteraction,
} from "discord.js";
import { type LoggedIn, logIn } from "../../support/discord/log-in.ts";
import type { PlatformOptions } from "../../support/discord/machinery.ts";
import type { Person } from "../../support/discord/people/person.ts";
import { type Platform, startPlatform } from "../../support/discord/platform.ts";
import type { Channel } from "../../support/discord/world/channel.ts";

const COMMANDS = [
  {
    name: "ask",
    description: "Asks something",
    options: [
      { type: ApplicationCommandOptionType.String, name: "question", description: "What", required: true, max_length: 20 },
      { type: ApplicationCommandOptionType.Attachment, name: "file", description: "What it is about" },
      { type: ApplicationCommandOptionType.User, name: "whom", description: "Who it is about" },
    ],
  },
  {
    name: "rain",
    description: "Settings",
    default_member_permissions: String(PermissionFlagsBits.ManageGuild),
    options: [
      {
        type: ApplicationCommandOptionType.SubcommandGroup,
        name: "config",
        description: "Changes something",
        options: [
          {
            type: ApplicationCommandOptionType.Subcommand,
            name: "set",
            description: "Sets something",
            options: [{ type: ApplicationCommandOptionType.String, name: "key", description: "What", autocomplete: true, required: true }],
          },
        ],
      },
    ],
  },
  { name: "Judge this message", type: ApplicationCommandType.Message },
  { name: "Look at them", type: ApplicationCommandType.User },
] as const;

export interface Scene extends AsyncDisposable {
  readonly platform: Platform;
  readonly bot: LoggedIn;
  readonly general: Channel;
  readonly ada: Person;
}

type Handler = (interaction: ReceivedInteraction) => unknown;

/** A bot that has registered its commands, and answers by `handle`. */
export async function scene(handle: Handler, options: PlatformOptions = {}): Promise<Scene> {
  const platform = await startPlatform(options);
  const guild = platform.addGuild({ members: ["Ada", "Ben"] });
  const bot = await logIn(platform);
  await bot.client.application.commands.set(structuredClone(COMMANDS) as never);
  bot.client.on(Events.InteractionCreate, handle);
  const dispose = async () => {
    await bot[Symbol.asyncDispose]();
    await platform.close();
  };
  return { platform, bot, general: guild.channel("general"), ada: guild.person("Ada"), [Symbol.asyncDispose]: dispose };
}
