import { ApplicationCommandOptionType, ApplicationCommandType, InteractionContextType, PermissionFlagsBits } from "discord.js";
import { answerPrivately, type Command, checkModerates } from "./command.ts";
import { why } from "./why.ts";

/** `/rain`: why an answer is as it is. */
export const rainCommand: Command = {
  data: {
    type: ApplicationCommandType.ChatInput,
    name: "rain",
    description: "For moderators: why I answered as I did, and how I am set up",
    contexts: [InteractionContextType.Guild],
    default_member_permissions: String(PermissionFlagsBits.ManageMessages),
    options: [
      {
        type: ApplicationCommandOptionType.Subcommand,
        name: "why",
        description: "How an answer of mine came about",
        options: [
          {
            type: ApplicationCommandOptionType.String,
            name: "message",
            description: "A link to it, or its id; the last one here if left out",
          },
        ],
      },
    ],
  },
  async run(interaction, parts) {
    await answerPrivately(interaction, parts, async () => {
      checkModerates(interaction);
      return await why(interaction, parts);
    });
  },
};
