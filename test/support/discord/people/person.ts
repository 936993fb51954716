import { AllowedMentionsTypes, type APIEmbed, ApplicationCommandType, InteractionType, type MessageType } from "discord-api-types/v10";
import type { Interaction } from "../interactions/interaction.ts";
import type { Modal } from "../interactions/modal.ts";
import { userPayload } from "../payloads/member-payload.ts";
import { ALL_INTENTS, messagePayload } from "../payloads/message-payload.ts";
import type { UploadedFile } from "../world/attachment.ts";
import type { Channel } from "../world/channel.ts";
import type { Message } from "../world/message.ts";
import { User } from "../world/user.ts";
import type { World } from "../world/world.ts";
import { chatInput, type OptionValues, type TypedCommand } from "./chat-input.ts";
import { buttonOf, menuOf } from "./components.ts";
import { type FieldValues, submission } from "./modal-fields.ts";
import { type Entity, Resolved } from "./resolved.ts";
import { checkMayDelete, checkMayUse, checkMayWrite, checkSees } from "./rights.ts";

/** What a message may have beside its text. */
export interface Extras {
  readonly replyTo?: Message;
  /** A reply that does not notify whom it replies to. @default false */
  readonly isSilent?: boolean;
  readonly attachments?: readonly UploadedFile[];
  readonly embeds?: readonly APIEmbed[];
  /** @default a plain message, or a reply */
  readonly type?: MessageType;
}

export interface Picked {
  /** Of the select menu; needed where there are several. */
  readonly customId?: string;
  readonly values: readonly (string | Entity)[];
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

  says(channel: Channel, content: string, { replyTo, isSilent, attachments = [], embeds = [], type }: Extras = {}): Message {
    checkMayWrite(this, channel, content);
    this.#world.happenings.tell(`${this.name} says in ${channel.name}: ${content}`);
    return channel.post({
      author: this,
      content,
      embeds,
      attachments: attachments.map((file) => this.#world.store(file)),
      replyTo,
      ...(type === undefined ? {} : { type }),
      ...(isSilent ? { allowedMentions: { parse: Object.values(AllowedMentionsTypes) } } : {}),
    });
  }

  edits(message: Message, content: string): void {
    if (message.author !== this) throw new Error(`Expected ${this.name} to edit a message of their own, got one of ${message.author.name}`);
    this.#world.happenings.tell(`${this.name} edits: ${content}`);
    message.edit({ content });
  }

  deletes(message: Message): void {
    checkMayDelete(this, message);
    this.#world.happenings.tell(`${this.name} deletes: ${message.content}`);
    message.delete();
  }

  reacts(message: Message, emoji: string): void {
    checkSees(this, message);
    message.react({ user: this, emoji });
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

  /** Picks a command from the menu of somebody. */
  usesOnPerson(channel: Channel, target: User, name: string): Interaction {
    const command = this.#world.commands.find(name, ApplicationCommandType.User, channel);
    checkMayUse(this, channel, command);
    const data = {
      id: command.id,
      name,
      type: command.type,
      target_id: target.id,
      resolved: { users: { [target.id]: userPayload(target) } },
    };
    return this.#world.interactions.open({ type: InteractionType.ApplicationCommand, user: this, channel, name, data });
  }

  presses(message: Message, customIdOrLabel: string): Interaction {
    checkSees(this, message);
    const { custom_id, type, label } = buttonOf(message, customIdOrLabel);
    return this.#clicks(message, `the button "${label ?? custom_id}"`, { custom_id, component_type: type });
  }

  /** Presses a button that is not there: what a tampered client can send. */
  forges(message: Message, customId: string): Interaction {
    return this.#clicks(message, `a forged button "${customId}"`, { custom_id: customId, component_type: 2 });
  }

  picks(message: Message, { customId, values }: Picked): Interaction {
    checkSees(this, message);
    const { custom_id, type } = menuOf(message, { customId, values });
    const resolved = new Resolved(message.channel);
    const ids = values.map((value) => (typeof value === "string" ? value : resolved.add(value)));
    return this.#clicks(message, `the menu "${custom_id}"`, { custom_id, component_type: type, values: ids, ...resolved.payload });
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
