import {
  type APIEmbed,
  ApplicationCommandType,
  InteractionContextType,
  type MessageContextMenuCommandInteraction,
  PermissionFlagsBits,
} from "discord.js";
import { type Judgement, judgeMessage } from "../../guard/moderate.ts";
import { findingLine, unfitLine } from "../moderate/card.ts";
import { cut } from "../text/cut.ts";
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
      const guild = guildOf(interaction);
      const { settings } = await parts.store.settings(guild);
      const text = messageText(interaction.targetMessage);
      const judgement = await judgeMessage(parts.inference, { guild, text, settings, signal: parts.over });
      if (judgement.findings.length === 0) return "There is nothing to judge: the message has no text, or all principles are off.";
      parts.metrics.judged(judgement.action !== undefined);
      return { embeds: [judgementCard(judgement)] };
    });
  },
};

/** What is thought of a text, and what would come of it. */
export function judgementCard({ findings, action, isCertain, unfit }: Judgement): APIEmbed {
  const lines = [...findings.map(findingLine), ...unfit.map(unfitLine)];
  const asked = `The rules would ask for: ${action}`;
  const verdict =
    action === undefined ? "No principle speaks against it." : isCertain ? asked : `${asked}; no fit judge speaks against it.`;
  return { title: "Values, from -1 to 1", description: cut(lines.join("\n"), LONGEST), footer: { text: verdict } };
}

/** Discord's limit is a little more. */
const LONGEST = 4000;
