import {
  type APIApplicationCommandBasicOption,
  type APIApplicationCommandSubcommandOption,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  type AutocompleteInteraction,
  type ChatInputCommandInteraction,
  InteractionContextType,
  PermissionFlagsBits,
} from "discord.js";
import type { BotContext } from "../bot-context.ts";
import { calibrate } from "./calibrate.ts";
import { answerPrivately, type Command, checkManages, Refused } from "./command.ts";
import { CONFIG } from "./config.ts";
import { status } from "./status.ts";
import { why } from "./why.ts";

const { String: TEXT, Integer: INTEGER, Attachment: FILE, Subcommand: SUBCOMMAND, SubcommandGroup: GROUP } = ApplicationCommandOptionType;

/** `/rain`: why an answer is as it is, and how a server wants its bot. */
export const rainCommand: Command = {
  data: {
    type: ApplicationCommandType.ChatInput,
    name: "rain",
    description: "For moderators: why I answered as I did, and how I am set up",
    contexts: [InteractionContextType.Guild],
    default_member_permissions: String(PermissionFlagsBits.ManageMessages),
    options: [
      subcommand("why", "How an answer of mine came about", [
        { type: TEXT, name: "message", description: "A link to it, or its id; the last one here if left out" },
      ]),
      subcommand("status", "For administrators: which judges work here, and how good they are"),
      subcommand("calibrate", "For administrators: my judge learns of this server's decisions", [
        { type: TEXT, name: "principle", description: "By which rule; the first one if left out", autocomplete: true },
      ]),
      {
        type: GROUP,
        name: "config",
        description: "All settings at once: as a file, and as they were",
        options: [
          subcommand("show", "What is not the default"),
          subcommand("export", "All settings as a YAML file"),
          subcommand("import", "Sets all settings as in a YAML file", [
            { type: FILE, name: "file", description: "As it was exported, and perhaps changed", required: true },
          ]),
          subcommand("history", "Who changed the settings, and when"),
          subcommand("restore", "Brings a version back", [
            { type: INTEGER, name: "version", description: "Its number", required: true, min_value: 1 },
          ]),
        ],
      },
    ],
  },
  async run(interaction, context) {
    const name = interaction.options.getSubcommand();
    if (interaction.options.getSubcommandGroup() === null) {
      if (name === "calibrate") await calibrate(interaction, context);
      else
        await answerPrivately(interaction, context, () => (name === "status" ? status(interaction, context) : why(interaction, context)));
      return;
    }
    checkManages(interaction);
    await answerPrivately(interaction, context, () => configured(name, interaction, context));
  },
  async complete(interaction, context) {
    await interaction.respond(context.outbound.own(await choices(interaction, context)));
  },
};

function subcommand(
  name: string,
  description: string,
  options: APIApplicationCommandBasicOption[] = [],
): APIApplicationCommandSubcommandOption {
  return { type: SUBCOMMAND, name, description, options };
}

async function configured(name: string, interaction: ChatInputCommandInteraction, context: BotContext) {
  const config = Object.hasOwn(CONFIG, name) ? CONFIG[name] : undefined;
  if (config === undefined) throw Refused.by("unknown.command");
  return await config(interaction, context);
}

/** Discord shows no more. */
const MOST_CHOICES = 25;

/** The rules of which a judge can learn. */
async function choices({ guildId, memberPermissions, options }: AutocompleteInteraction, { store }: BotContext) {
  if (guildId === null || !memberPermissions?.has(PermissionFlagsBits.ManageGuild)) return [];
  const { settings } = await store.settings(guildId);
  const typed = options.getFocused();
  const found = Object.keys(settings.moderation.rules).filter((rule) => rule.includes(typed));
  return found.slice(0, MOST_CHOICES).map((choice) => ({ name: choice, value: choice }));
}
