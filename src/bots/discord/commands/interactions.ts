import {
  type AnySelectMenuInteraction,
  type ButtonInteraction,
  type Interaction,
  type MessageComponentInteraction,
  type MessageContextMenuCommandInteraction,
  MessageFlags,
  type ModalSubmitInteraction,
} from "discord.js";
import { say } from "../../guard/index.ts";
import { type BotContext, isServed } from "../bot-context.ts";
import { actButton } from "../moderate/act-buttons.ts";
import { raidButton } from "../moderate/raids.ts";
import { appealButtonPressed, appealSubmitted, reviewButton } from "../moderate/review-buttons.ts";
import { limitsButton } from "../settings/decide-settings.ts";
import { settingsWritten } from "../settings/panel-forms.ts";
import { settingsCommand, settingsPressed } from "../settings/settings-command.ts";
import { answerButton } from "./answer-buttons.ts";
import { ask, stopButton } from "./ask.ts";
import { auditButton } from "./audit.ts";
import { type Command, type Component, Refused } from "./command.ts";
import { inAllLanguages } from "./in-all-languages.ts";
import { judge, moderate } from "./moderate.ts";
import { privacy } from "./privacy.ts";
import { privateCommand } from "./private.ts";
import { rainCommand } from "./rain.ts";

const COMMANDS: readonly Command[] = [ask, moderate, rainCommand, settingsCommand, privacy, privateCommand];
const MENU: readonly Command<MessageContextMenuCommandInteraction>[] = [judge];
const BUTTONS: readonly Component<ButtonInteraction>[] = [
  stopButton,
  answerButton,
  reviewButton,
  actButton,
  appealButtonPressed,
  raidButton,
  auditButton,
  limitsButton,
  settingsPressed,
];
const PICKERS: readonly Component<AnySelectMenuInteraction>[] = [settingsPressed];
const FORMS: readonly Component<ModalSubmitInteraction>[] = [appealSubmitted, settingsWritten];

/** As Discord wants them registered. */
export const COMMAND_DATA = [...COMMANDS, ...MENU].map(({ data }) => inAllLanguages(data));

/** Leads what people do to the code that handles it. Never rejects: they are told what went wrong, in words of our own. */
export async function handleInteraction(interaction: Interaction, context: BotContext): Promise<void> {
  try {
    await dispatch(interaction, context);
  } catch (error) {
    await tell(interaction, context, error).catch((cause: unknown) => context.log.info({ err: cause }, "interaction not answered"));
  }
}

/** For interactions while the bot leaves: without a word Discord would say that it does not respond. Never rejects. */
export async function turnAway(interaction: Interaction, context: BotContext): Promise<void> {
  const refused = Refused.by("restarting.command");
  await tell(interaction, context, refused).catch((cause: unknown) => context.log.info({ err: cause }, "interaction not answered"));
}

async function dispatch(interaction: Interaction, context: BotContext): Promise<void> {
  const isOurs = interaction.guildId === null || isServed(context.options, interaction.guildId);
  if (interaction.isAutocomplete()) {
    const command = COMMANDS.find(({ data }) => data.name === interaction.commandName);
    if (isOurs) await command?.complete?.(interaction, context);
    return;
  }
  if (!isOurs) throw Refused.by("unknown.server");
  if (interaction.isChatInputCommand()) await named(COMMANDS, interaction.commandName).run(interaction, context);
  else if (interaction.isMessageContextMenuCommand()) await named(MENU, interaction.commandName).run(interaction, context);
  else if (interaction.isButton()) await pressed(BUTTONS, interaction, context);
  else if (interaction.isAnySelectMenu()) await pressed(PICKERS, interaction, context);
  else if (interaction.isModalSubmit()) await pressed(FORMS, interaction, context);
  else throw Refused.by("unknown.component");
}

function named<Known extends { readonly data: { readonly name: string } }>(known: readonly Known[], name: string): Known {
  const found = known.find(({ data }) => data.name === name);
  if (found === undefined) throw Refused.by("unknown.command");
  return found;
}

async function pressed<Kind extends MessageComponentInteraction | ModalSubmitInteraction>(
  known: readonly Component<Kind>[],
  interaction: Kind,
  context: BotContext,
): Promise<void> {
  const [prefix, ...ids] = interaction.customId.split(":");
  const component = known.find((one) => one.prefix === prefix);
  if (component === undefined) throw Refused.by("unknown.component");
  await component.run(interaction, context, ids);
}

async function tell(interaction: Interaction, { outbound, log }: BotContext, error: unknown): Promise<void> {
  if (!(error instanceof Refused)) log.error({ err: error, guild: interaction.guildId }, "interaction failed");
  if (interaction.isAutocomplete()) return await interaction.respond([]);
  if (!interaction.isRepliable()) return;
  const content = outbound.own(error instanceof Refused ? error.inLanguage(interaction.locale) : say(interaction.locale, "failed"));
  const reply = { content, embeds: [], components: [], allowedMentions: { parse: [] } } as const;
  if (interaction.deferred || interaction.replied) await interaction.editReply(reply);
  else await interaction.reply({ content, allowedMentions: { parse: [] }, flags: MessageFlags.Ephemeral });
}
