import { ApplicationCommandType, InteractionContextType, type MessageContextMenuCommandInteraction, PermissionFlagsBits } from "discord.js";
import { judgeMessage } from "../../guard/moderate.ts";
import { findingLine } from "../moderate/card.ts";
import { messageText } from "../text/message-text.ts";
import { answerPrivately, type Command, checkModerates, guildOf } from "./command.ts";

/** The context menu's "Judge this message": its values, for the moderator who asks, and nothing is done. */
export const judge: Command<MessageContextMenuCommandInteraction> = {
  data: {
    type: ApplicationCommandType.Message,
    name: "Judge this message",
    contexts: [InteractionContextType.Guild],
    default_member_permissions: String(PermissionFlagsBits.ManageMessages),
  },
  async run(interaction, parts) {
    await answerPrivately(interaction, parts, async () => {
      checkModerates(interaction);
      const { settings } = await parts.store.settings(guildOf(interaction));
      const text = messageText(interaction.targetMessage);
      const { findings, action } = await judgeMessage(parts.inference, { text, settings, signal: parts.over });
      if (findings.length === 0) return "There is nothing to judge: the message has no text, or all principles are off.";
      parts.metrics.judged(action !== undefined);
      return {
        embeds: [{ title: "Values, from -1 to 1", description: findings.map(findingLine).join("\n"), footer: { text: verdict(action) } }],
      };
    });
  },
};

export function verdict(action: string | undefined): string {
  return action === undefined ? "No principle speaks against it." : `The rules would ask for: ${action}`;
}
