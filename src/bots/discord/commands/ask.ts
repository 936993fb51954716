import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
  MessageFlags,
} from "discord.js";
import { isServed, privateGuild } from "../parts.ts";
import { readChannel } from "../talk/reader.ts";
import { interactionSite } from "../talk/site.ts";
import { Talker } from "../talk/talker.ts";
import type { Command } from "./command.ts";
import { Refused } from "./command.ts";

/** `/ask`: a question, also where nobody else is to see the answer. */
export const ask: Command = {
  data: {
    type: ApplicationCommandType.ChatInput,
    name: "ask",
    description: "Ask me something",
    contexts: [InteractionContextType.Guild, InteractionContextType.BotDM],
    integration_types: [ApplicationIntegrationType.GuildInstall],
    options: [
      {
        type: ApplicationCommandOptionType.String,
        name: "question",
        description: "What you would like to know",
        required: true,
        max_length: 2000,
      },
      { type: ApplicationCommandOptionType.Boolean, name: "private", description: "Whether only you see the answer" },
    ],
  },
  async run(interaction, parts) {
    const askedAt = parts.options.now();
    const isPrivate = interaction.options.getBoolean("private") ?? false;
    // Whether others see it is decided for good here.
    await interaction.deferReply(isPrivate ? { flags: MessageFlags.Ephemeral } : {});
    const guild = interaction.guildId ?? privateGuild(interaction.user.id);
    if (interaction.guildId === null && !parts.options.dms) throw new Refused("I do not answer in private.");
    if (interaction.guildId !== null && !isServed(parts.options, guild)) throw new Refused("I do not work in this server.");
    const { settings } = await parts.store.settings(guild);
    if (!settings.talk.enabled) throw new Refused("I do not answer questions here.");
    const speaker = { id: interaction.user.id, name: interaction.user.displayName };
    const question = { speaker, text: interaction.options.getString("question", true) };
    const { channel } = interaction;
    await new Talker(parts).answer({
      guild,
      channel: interaction.channelId,
      source: interaction.id,
      author: interaction.user.id,
      settings,
      // What others said is not for an answer that only one sees, nor does everybody see each channel.
      read: async () => [...(channel === null || isPrivate ? [] : await readChannel(channel, { settings, store: parts.store })), question],
      site: interactionSite(interaction, isPrivate),
      isDeferred: true,
      typingIn: undefined,
      askedAt,
    });
  },
};
