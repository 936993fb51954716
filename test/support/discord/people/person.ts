import {
  AllowedMentionsTypes,
  type APIApplicationCommand,
  type APIButtonComponent,
  type APIButtonComponentWithCustomId,
  type APIComponentInMessageActionRow,
  type APIEmbed,
  ApplicationCommandType,
  ComponentType,
  InteractionType,
  type MessageType,
  PermissionFlagsBits,
} from "discord-api-types/v10";
import type { Interaction } from "../interactions/interaction.ts";
import type { Modal } from "../interactions/modal.ts";
import { ALL_INTENTS, messagePayload } from "../payloads/message-payload.ts";
import { Channel } from "../world/channel.ts";
import { eachComponent } from "../world/each-component.ts";
import type { Member } from "../world/member.ts";
import type { Changes, Message, Poll, UploadedFile } from "../world/message.ts";
import { guildPermissions } from "../world/permissions.ts";
import { User } from "../world/user.ts";
import type { World } from "../world/world.ts";
import { chatInput, type OptionValues, type TypedCommand } from "./chat-input.ts";
import { type FieldValues, submission } from "./modal-fields.ts";
import { type Entity, Resolved } from "./resolved.ts";

/** What a message may have beside its text. */
export interface Extras {
  readonly replyTo?: Message;
  /** A reply that does not notify whom it replies to. @default false */
  readonly isSilent?: boolean;
  readonly attachments?: readonly UploadedFile[];
  readonly embeds?: readonly APIEmbed[];
  readonly forwards?: Message;
  readonly poll?: Poll;
  /** @default a plain message, or a reply */
  readonly type?: MessageType;
}

/** Somebody who writes, clicks and types, or somebody else's bot. What Discord's own client would not let them do is an error of the test. */
export class Person extends User {
  readonly #world: World;

  constructor(world: World, { name, isBot }: { readonly name: string; readonly isBot: boolean }) {
    super(world.snowflakes.next(), name, isBot);
    this.#world = world;
  }

  /** Where they talk to the bot in private. */
  get privately(): Channel {
    return this.#world.directChannel(this);
  }

  says(
    channel: Channel,
    content: string,
    { replyTo, isSilent, attachments = [], embeds = [], forwards, poll, type }: Extras = {},
  ): Message {
    checkMayWrite(this, channel, content);
    this.#world.happenings.tell(`${this.name} says in ${channel.name}: ${content}`);
    return channel.post({
      author: this,
      content,
      embeds,
      attachments: attachments.map((file) => this.#world.store(file)),
      replyTo,
      forwards,
      poll,
      ...(type === undefined ? {} : { type }),
      ...(isSilent ? { allowedMentions: { parse: Object.values(AllowedMentionsTypes) } } : {}),
    });
  }

  edits(message: Message, content: string): void {
    this.#changes(message, content, { content });
  }

  /** An edit that leaves the words alone. */
  removesFiles(message: Message): void {
    this.#changes(message, "no files", { attachments: [] });
  }

  deletes(message: Message): void {
    checkMayDelete(this, message);
    this.#world.happenings.tell(`${this.name} deletes: ${message.content}`);
    message.delete(this);
  }

  timesOut(member: Member, ms: number): void {
    checkMayActOn(this, member, ModerateMembers);
    member.timeOut(this.#world.clock.now() + ms, { by: this });
  }

  endsTimeOut(member: Member): void {
    checkMayActOn(this, member, ModerateMembers);
    member.timeOut(undefined, { by: this });
  }

  kicks(member: Member): void {
    checkMayActOn(this, member, KickMembers);
    member.guild.kick(member.user, { by: this });
  }

  bans(member: Member): void {
    checkMayActOn(this, member, BanMembers);
    member.guild.ban(member.user, { by: this });
  }

  /** @param line the command and its subcommand, such as `/rain config` */
  uses(channel: Channel, line: `/${string}`, values: OptionValues = {}): Interaction {
    return this.#types(InteractionType.ApplicationCommand, channel, { line, values, isUnfinished: false });
  }

  /** Asks for suggestions: the last one of the options is still being typed. */
  autocompletes(channel: Channel, line: `/${string}`, values: OptionValues): Interaction {
    return this.#types(InteractionType.ApplicationCommandAutocomplete, channel, { line, values, isUnfinished: true });
  }

  /** Picks a command from the menu of a message. */
  usesOnMessage(message: Message, name: string): Interaction {
    const { channel } = message;
    checkSees(this, message);
    const command = this.#world.commands.find(name, ApplicationCommandType.Message, channel);
    checkMayUse(this, channel, command);
    const resolved = { messages: { [message.id]: messagePayload(message, ALL_INTENTS) } };
    const data = { id: command.id, name, type: command.type, target_id: message.id, resolved };
    return this.#world.interactions.open({ type: InteractionType.ApplicationCommand, user: this, channel, name, data });
  }

  presses(message: Message, customIdOrLabel: string): Interaction {
    checkSees(this, message);
    const { custom_id, type, label } = buttonOf(message, customIdOrLabel);
    return this.#clicks(message, `the button "${label ?? custom_id}"`, { custom_id, component_type: type });
  }

  /** Picks from a menu, which lists strings or is of channels, roles or people. */
  picks(message: Message, customIdOrPlaceholder: string, values: readonly (string | Entity)[]): Interaction {
    checkSees(this, message);
    const picker = pickerOf(message, customIdOrPlaceholder);
    const { custom_id, type } = picker;
    checkPicked(picker, values);
    const resolved = new Resolved(message.channel);
    const ids = values.map((value) => (typeof value === "string" ? value : resolved.add(value)));
    return this.#clicks(message, `the menu "${customIdOrPlaceholder}"`, {
      custom_id,
      component_type: type,
      values: ids,
      ...resolved.payload,
    });
  }

  /** Presses a button that is not there, or picks what is in no menu: what a tampered client can send. */
  forges(message: Message, customId: string, values?: readonly string[]): Interaction {
    const type = values === undefined ? ComponentType.Button : ComponentType.StringSelect;
    const data = { custom_id: customId, component_type: type, ...(values === undefined ? {} : { values }) };
    return this.#clicks(message, `a forged component "${customId}"`, data);
  }

  submits(modal: Modal, values: FieldValues = {}): Interaction {
    const { user, channel, source } = modal.interaction;
    if (user !== this) throw new Error(`Expected ${user.name} to submit "${modal.title}", which nobody else has open`);
    const name = `the form "${modal.title}"`;
    return this.#world.interactions.open({
      type: InteractionType.ModalSubmit,
      user,
      channel,
      name,
      data: submission(modal, values),
      source,
    });
  }

  #changes(message: Message, what: string, changes: Changes): void {
    if (message.author !== this) throw new Error(`Expected ${this.name} to edit a message of their own, got one of ${message.author.name}`);
    this.#world.happenings.tell(`${this.name} edits: ${what}`);
    message.edit(changes);
  }

  #types(type: InteractionType, channel: Channel, typed: TypedCommand): Interaction {
    const { command, data } = chatInput(channel, typed);
    checkMayUse(this, channel, command);
    return this.#world.interactions.open({ type, user: this, channel, name: typed.line, data });
  }

  #clicks(source: Message, name: string, data: object): Interaction {
    return this.#world.interactions.open({
      type: InteractionType.MessageComponent,
      user: this,
      channel: source.channel,
      name,
      data,
      source,
    });
  }
}

type Picker = Exclude<APIComponentInMessageActionRow, APIButtonComponent>;

/** The menu with this custom id or placeholder. */
function pickerOf(message: Message, customIdOrPlaceholder: string): Picker {
  const pickers = [...eachComponent(message.components)].filter(
    ({ type }) => type !== ComponentType.Button && type !== ComponentType.ActionRow,
  );
  const known = pickers as unknown as Picker[];
  const picker = known.find(({ custom_id, placeholder }) => custom_id === customIdOrPlaceholder || placeholder === customIdOrPlaceholder);
  const names = known.map(({ custom_id, placeholder }) => `${placeholder} (${custom_id})`).join(", ");
  if (picker === undefined) throw new Error(`Expected a menu "${customIdOrPlaceholder}", got: ${names || "none"}`);
  return picker;
}

function checkPicked(picker: Picker, values: readonly (string | Entity)[]): void {
  const { custom_id, min_values = 1, max_values = 1 } = picker;
  if (values.length < min_values || values.length > max_values)
    throw new Error(`Expected ${min_values} to ${max_values} things to be picked of "${custom_id}", got ${values.length}`);
  const isList = picker.type === ComponentType.StringSelect;
  for (const value of values) {
    if (isList !== (typeof value === "string")) throw new Error(`Expected what "${custom_id}" offers, got ${String(value)}`);
    if (isList && !picker.options.some((option) => option.value === value))
      throw new Error(`Expected one of ${picker.options.map((option) => option.value).join(", ")}, got ${String(value)}`);
    if (
      picker.type === ComponentType.ChannelSelect &&
      value instanceof Channel &&
      !(picker.channel_types ?? [value.type]).includes(value.type)
    )
      throw new Error(`Expected a channel that "${custom_id}" offers, got ${value.name}`);
  }
}

/** The button with this custom id or label, if somebody can press it. */
function buttonOf(message: Message, customIdOrLabel: string): APIButtonComponentWithCustomId {
  const buttons = [...eachComponent(message.components)].filter(({ type }) => type === ComponentType.Button);
  const withIds = (buttons as unknown as APIButtonComponentWithCustomId[]).filter((button) => button.custom_id !== undefined);
  const button = withIds.find(({ custom_id, label }) => custom_id === customIdOrLabel || label === customIdOrLabel);
  const names = withIds.map(({ custom_id, label }) => `${label ?? "no label"} (${custom_id})`).join(", ");
  if (button === undefined) throw new Error(`Expected a button "${customIdOrLabel}", got: ${names || "none"}`);
  if (button.disabled) throw new Error(`Expected the button "${customIdOrLabel}" to be enabled`);
  return button;
}

/** With a subscription, people may write twice as much as bots. */
const LONGEST_TEXT = 4000;

const { Administrator, BanMembers, KickMembers, ManageMessages, ModerateMembers } = PermissionFlagsBits;
const { SendMessages, SendMessagesInThreads, UseApplicationCommands, ViewChannel } = PermissionFlagsBits;

function checkMayWrite(user: User, channel: Channel, content: string): void {
  if (content.length > LONGEST_TEXT) throw new Error(`Expected at most ${LONGEST_TEXT} characters of ${user.name}, got ${content.length}`);
  demand(user, channel, { permission: channel.isThread ? SendMessagesInThreads : SendMessages, to: "write" });
}

/** Their own messages, and with a permission those of others. */
function checkMayDelete(user: User, { author, channel }: Message): void {
  if (author !== user) demand(user, channel, { permission: ManageMessages, to: `delete what ${author.name} wrote` });
}

/** Besides the permission it takes a higher role than theirs. */
function checkMayActOn(user: User, member: Member, permission: bigint): void {
  const own = member.guild.memberOf(user);
  const isAbove = own.isOwner || (!member.isOwner && own.position > member.position);
  const permissions = guildPermissions(own);
  if (isAbove && (permissions & (permission | Administrator)) !== 0n) return;
  throw new Error(`Expected ${user.name} to be allowed to act on ${member.user.name}`);
}

/** What only one person sees, only they can click on. */
function checkSees(user: User, message: Message): void {
  demand(user, message.channel, { permission: ViewChannel, to: "read" });
  const { isEphemeral, interaction } = message;
  if (isEphemeral && interaction?.user !== user) throw new Error(`Expected somebody who can see it to click on it, got ${user.name}`);
  if (message.isDeleted) throw new Error(`Expected a message that is still there, got one that was deleted: ${message.content}`);
}

/** Discord shows a command only to those who may use it, unless the guild has opened it to others. */
function checkMayUse(user: User, channel: Channel, command: APIApplicationCommand): void {
  demand(user, channel, { permission: UseApplicationCommands, to: "use commands" });
  if (channel.guild?.hasOpenCommands) return;
  demand(user, channel, { permission: BigInt(command.default_member_permissions ?? 0), to: `use "${command.name}"` });
}

interface Demand {
  readonly permission: bigint;
  /** What for, in words. */
  readonly to: string;
}

function demand(user: User, channel: Channel, { permission, to }: Demand): void {
  if (channel.guild === undefined) {
    if (channel.recipient !== user) throw new Error(`Expected ${user.name} to ${to} in a private conversation of their own`);
    return;
  }
  const permissions = channel.permissionsOf(user) ?? 0n;
  if ((permissions & permission) === permission || (permissions & Administrator) !== 0n) return;
  throw new Error(`Expected ${user.name} to be allowed to ${to} in ${channel.name}`);
}
