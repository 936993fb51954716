import { type ButtonInteraction, MessageFlags } from "discord.js";
import { type Component, checkModerates, Refused } from "../commands/command.ts";
import { STOP } from "./site.ts";

/** Stops an answer: for who asked, and for moderators. */
export const stopButton: Component<ButtonInteraction> = {
  prefix: STOP,
  async run(interaction, { drafts, door }, [source = ""]) {
    const draft = drafts.get(source);
    // Ids may be forged: a draft of another place is none of theirs.
    if (draft === undefined || draft.channel !== interaction.channelId) throw new Refused("There is nothing to stop any more.");
    if (draft.author !== interaction.user.id) checkModerates(interaction);
    drafts.takeBack(source, "stopped");
    await interaction.reply({ content: door.own("Stopped."), flags: MessageFlags.Ephemeral });
  },
};
