import {
  type APIActionRowComponent,
  type APIComponentInMessageActionRow,
  type APIEmbed,
  type AutocompleteInteraction,
  type ChatInputCommandInteraction,
  type InteractionEditReplyOptions,
  type MessageComponentInteraction,
  type MessageContextMenuCommandInteraction,
  MessageFlags,
  type ModalSubmitInteraction,
  PermissionFlagsBits,
  type RESTPostAPIApplicationCommandsJSONBody,
} from "discord.js";
import { type Said, say, saying, type TextKey, type Words } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { ANSWERABLE_MS } from "../reply/live-reply.ts";
import { within } from "../within.ts";

export type CommandInteraction = ChatInputCommandInteraction | MessageContextMenuCommandInteraction;

/** A command, as it is registered, and what it does. */
export interface Command<Interaction extends CommandInteraction = ChatInputCommandInteraction> {
  readonly data: RESTPostAPIApplicationCommandsJSONBody;
  readonly run: (interaction: Interaction, context: BotContext) => Promise<void>;
  readonly complete?: (interaction: AutocompleteInteraction, context: BotContext) => Promise<void>;
}

/** What a button, a picker or a form does, by the first part of its custom id; the others are its arguments, and may be forged. */
export interface Component<Interaction extends MessageComponentInteraction | ModalSubmitInteraction> {
  readonly prefix: string;
  readonly run: (interaction: Interaction, context: BotContext, ids: readonly string[]) => Promise<void>;
}

/** Something that the person who asked for it may not do, or that is not there; it is said to them in these words. Its message is the English ones. */
export class Refused extends Error {
  readonly inLanguage: Words;

  constructor(words: Words, options: ErrorOptions = {}) {
    super(words(undefined), options);
    this.inLanguage = words;
  }

  static by<Key extends TextKey>(...said: Said<Key>): Refused {
    return new Refused(saying(...said));
  }
}

export interface OwnFile {
  readonly name: string;
  readonly content: Buffer;
}

/** What only the person who asked is to see. */
export interface PrivateAnswer {
  readonly content?: string;
  readonly embeds?: readonly APIEmbed[];
  readonly files?: readonly OwnFile[];
  readonly components?: readonly APIActionRowComponent<APIComponentInMessageActionRow>[];
}

type Repliable = CommandInteraction | MessageComponentInteraction | ModalSubmitInteraction;

/** Says at once that an answer will come, which Discord wants within three seconds; then gives it, to this person alone, as long as Discord takes it. */
export async function answerPrivately(
  interaction: Repliable,
  context: BotContext,
  work: () => Promise<PrivateAnswer | string>,
): Promise<void> {
  await interaction.deferReply({ flags: MessageFlags.Ephemeral });
  await showPrivately(interaction, context, (await within(ANSWERABLE_MS, work())) ?? say(interaction.locale, "late"));
}

/** The same in the place of what it was asked in, where only this person sees that. */
export async function answerInPlace(
  interaction: MessageComponentInteraction | ModalSubmitInteraction,
  context: BotContext,
  work: () => Promise<PrivateAnswer | string>,
): Promise<void> {
  // Whoever forges an id may do so under a message that all can read.
  const isPrivate = interaction.message?.flags.has(MessageFlags.Ephemeral) === true;
  if (!isPrivate || (interaction.isModalSubmit() && !interaction.isFromMessage())) return await answerPrivately(interaction, context, work);
  await interaction.deferUpdate();
  await showPrivately(interaction, context, (await within(ANSWERABLE_MS, work())) ?? say(interaction.locale, "late"));
}

/** Shows something in the place of what was shown before. */
export async function showPrivately(interaction: Repliable, { outbound }: BotContext, answer: PrivateAnswer | string): Promise<void> {
  const { content, embeds = [], files = [], components = [] }: PrivateAnswer = typeof answer === "string" ? { content: answer } : answer;
  const reply: InteractionEditReplyOptions = {
    embeds,
    components,
    allowedMentions: { parse: [] },
    content: content ?? null,
  };
  await interaction.editReply({ ...outbound.own(reply), files: files.map(({ name, content: bytes }) => outbound.file(name, bytes)) });
}

/** The guild of an interaction. @throws {Refused} in private conversations */
export function guildOf({ guildId }: Repliable): string {
  if (guildId === null) throw Refused.by("only.server");
  return guildId;
}

const MODERATES = [PermissionFlagsBits.ManageMessages, PermissionFlagsBits.ModerateMembers, PermissionFlagsBits.ManageGuild];

/** Checked when it is done: what a command's own permissions say can be changed, and buttons have none. @throws {Refused} */
export function checkModerates({ memberPermissions }: Repliable): void {
  if (!MODERATES.some((permission) => memberPermissions?.has(permission))) throw Refused.by("only.moderators");
}

export function mayManage({ memberPermissions }: Repliable): boolean {
  return memberPermissions?.has(PermissionFlagsBits.ManageGuild) ?? false;
}

/** @throws {Refused} */
export function checkManages(interaction: Repliable): void {
  if (!mayManage(interaction)) throw Refused.by("only.managers");
}

/** @throws {Refused} */
export function checkAdministers({ memberPermissions }: Repliable): void {
  if (!memberPermissions?.has(PermissionFlagsBits.Administrator)) throw Refused.by("only.administrators");
}
