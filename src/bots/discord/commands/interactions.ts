import {
  type ButtonInteraction,
  type Interaction,
  type MessageContextMenuCommandInteraction,
  MessageFlags,
  type ModalSubmitInteraction,
} from "discord.js";
import { appealButtonPressed, appealSubmitted } from "../moderate/appeals.ts";
import { reviewButton } from "../moderate/review-buttons.ts";
import { isServed, type Parts } from "../parts.ts";
import { stopButton } from "../talk/stop-button.ts";
import { ask } from "./ask.ts";
import { type Command, type Component, Refused } from "./command.ts";
import { judge } from "./judge.ts";
import { moderate } from "./moderate.ts";
import { principleSubmitted } from "./principle-form.ts";
import { privacy } from "./privacy.ts";
import { rainCommand } from "./rain.ts";

const COMMANDS: readonly Command[] = [ask, moderate, rainCommand, privacy];
const MENU: readonly Command<MessageContextMenuCommandInteraction>[] = [judge];
const BUTTONS: readonly Component<ButtonInteraction>[] = [stopButton, reviewButton, appealButtonPressed];
const FORMS: readonly Component<ModalSubmitInteraction>[] = [appealSubmitted, principleSubmitted];

/** As Discord wants them registered. */
export const COMMAND_DATA = [...COMMANDS, ...MENU].map(({ data }) => data);

/** Leads what people do to who handles it. Never rejects: they are told what went wrong, in words of our own. */
export async function handleInteraction(interaction: Interaction, parts: Parts): Promise<void> {
  try {
    await dispatch(interaction, parts);
  } catch (error) {
    await tell(interaction, parts, error).catch((cause: unknown) => parts.log.info({ err: cause }, "interaction not answered"));
  }
}

/** To who comes while the bot leaves: without a word Discord would say that it does not respond. Never rejects. */
export async function turnAway(interaction: Interaction, parts: Parts): Promise<void> {
  const refused = new Refused("I have to restart. Please try again in a moment.");
  await tell(interaction, parts, refused).catch((cause: unknown) => parts.log.info({ err: cause }, "interaction not answered"));
}

async function dispatch(interaction: Interaction, parts: Parts): Promise<void> {
  const isOurs = interaction.guildId === null || isServed(parts.options, interaction.guildId);
  if (interaction.isAutocomplete()) {
    const command = COMMANDS.find(({ data }) => data.name === interaction.commandName);
    if (isOurs) await command?.complete?.(interaction, parts);
    return;
  }
  if (!isOurs) throw new Refused("I do not work in this server.");
  if (interaction.isChatInputCommand()) await named(COMMANDS, interaction.commandName).run(interaction, parts);
  else if (interaction.isMessageContextMenuCommand()) await named(MENU, interaction.commandName).run(interaction, parts);
  else if (interaction.isButton()) await pressed(BUTTONS, interaction, parts);
  else if (interaction.isModalSubmit()) await pressed(FORMS, interaction, parts);
  else throw new Refused("I do not know what this is.");
}

function named<Known extends { readonly data: { readonly name: string } }>(known: readonly Known[], name: string): Known {
  const found = known.find(({ data }) => data.name === name);
  if (found === undefined) throw new Refused("I do not know this command any more.");
  return found;
}

async function pressed<Kind extends ButtonInteraction | ModalSubmitInteraction>(
  known: readonly Component<Kind>[],
  interaction: Kind,
  parts: Parts,
): Promise<void> {
  const [prefix, ...ids] = interaction.customId.split(":");
  const component = known.find((one) => one.prefix === prefix);
  if (component === undefined) throw new Refused("I do not know what this is.");
  await component.run(interaction, parts, ids);
}

const FAILED = "Something went wrong on my side. Please try again in a moment.";

async function tell(interaction: Interaction, { door, log }: Parts, error: unknown): Promise<void> {
  if (!(error instanceof Refused)) log.error({ err: error, guild: interaction.guildId }, "interaction failed");
  if (interaction.isAutocomplete()) return await interaction.respond([]);
  if (!interaction.isRepliable()) return;
  const content = door.own(error instanceof Refused ? error.message : FAILED);
  const reply = { content, embeds: [], components: [], allowedMentions: { parse: [] } } as const;
  if (interaction.deferred || interaction.replied) await interaction.editReply(reply);
  else await interaction.reply({ content, allowedMentions: { parse: [] }, flags: MessageFlags.Ephemeral });
}
