import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  type ChatInputCommandInteraction,
  InteractionContextType,
  MessageFlags,
} from "discord.js";
import { type Parts, privateGuild } from "../parts.ts";
import { isTalkedIn } from "../talk/addressed.ts";
import { readChannel } from "../talk/reader.ts";
import { interactionSite } from "../talk/site.ts";
import { type DiscordQuestion, Talker } from "../talk/talker.ts";
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
    const place = parts.order.join(interaction.channelId);
    try {
      // Whether others see it is decided for good here.
      await interaction.deferReply(isPrivate ? { flags: MessageFlags.Ephemeral } : {});
      const guild = interaction.guildId ?? privateGuild(interaction.user.id);
      if (interaction.guildId === null && !parts.options.dms) throw new Refused("I do not answer in private.");
      const { settings } = await parts.store.settings(guild);
      const isTalking = settings.talk.enabled && (interaction.guildId === null || isTalkedIn(interaction, settings.talk.channels));
      if (!isTalking) throw new Refused("I do not answer questions here.");
      // What only one person sees comes before nobody.
      const before = isPrivate ? Promise.resolve() : place.before;
      if (isPrivate) place.leave();
      await new Talker(parts).answer(questionOf(interaction, parts, { guild, settings, isPrivate, before, askedAt }));
    } finally {
      place.leave();
    }
  },
};

interface Asked extends Pick<DiscordQuestion, "guild" | "settings" | "before" | "askedAt"> {
  readonly isPrivate: boolean;
}

function questionOf(interaction: ChatInputCommandInteraction, { store, door }: Parts, asked: Asked): DiscordQuestion {
  const { guild, settings, isPrivate, before, askedAt } = asked;
  const { channel, user } = interaction;
  const line = { speaker: { id: user.id, name: user.displayName }, text: interaction.options.getString("question", true) };
  return {
    guild,
    channel: interaction.channelId,
    source: interaction.id,
    author: user.id,
    settings,
    // What others said is not for an answer that only one person sees.
    read: async () => [...(channel === null || isPrivate ? [] : await readChannel(channel, { settings, store })), line],
    site: interactionSite(interaction, door, { isPrivate }),
    isDeferred: true,
    typingIn: undefined,
    before,
    askedAt,
  };
}
