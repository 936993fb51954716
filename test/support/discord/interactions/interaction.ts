import {
  type APIApplicationCommandOptionChoice,
  type APIMessageInteractionMetadata,
  type APIModalInteractionResponseCallbackData,
  ApplicationIntegrationType,
  InteractionType,
  MessageFlags,
} from "discord-api-types/v10";
import { userPayload } from "../payloads/member-payload.ts";
import type { Channel } from "../world/channel.ts";
import type { Changes, Draft, Message } from "../world/message.ts";
import type { User } from "../world/user.ts";
import { Modal } from "./modal.ts";

const MS_TO_ACKNOWLEDGE = 3000;
const MS_OF_TOKEN = 15 * 60 * 1000;

/** How the bot took an interaction: the first thing it said to it. */
export type Acknowledgement =
  | { readonly kind: "message"; readonly isEphemeral: boolean }
  | { readonly kind: "deferred"; readonly isEphemeral: boolean }
  | { readonly kind: "update" }
  | { readonly kind: "deferred update" }
  | { readonly kind: "modal"; readonly modal: Modal }
  | { readonly kind: "choices"; readonly choices: readonly APIApplicationCommandOptionChoice[] };

export interface InteractionSpec {
  readonly type: InteractionType;
  readonly user: User;
  readonly channel: Channel;
  /** In words, such as `/ask`. */
  readonly name: string;
  readonly data: object;
  /** The message with the button, or with the button that led to the modal. */
  readonly source?: Message | undefined;
}

/** Somebody has used the bot. Through this a test waits for what they get to see. */
export class Interaction {
  readonly id: string;
  readonly token: string;
  readonly type: InteractionType;
  readonly user: User;
  readonly channel: Channel;
  readonly name: string;
  readonly data: object;
  readonly source: Message | undefined;
  readonly #createdAtMs: number;
  #acknowledgement: Acknowledgement | undefined;
  #original: Message | undefined;
  #shown: Message | undefined;
  readonly #followUps: Message[] = [];

  constructor(spec: InteractionSpec) {
    const { snowflakes, clock } = spec.channel.world;
    this.id = snowflakes.next();
    this.token = `token-of-${this.id}`;
    this.type = spec.type;
    this.user = spec.user;
    this.channel = spec.channel;
    this.name = spec.name;
    this.data = spec.data;
    this.source = spec.source;
    this.#createdAtMs = clock.now();
  }

  /** Resolves with the bot's first answer of any kind. Rejects when the interaction died before. */
  acknowledged(): Promise<Acknowledgement> {
    return this.#until(() => this.acknowledgement, "acknowledged");
  }

  /** Resolves with the response as soon as it shows something; for a button that changes its own message, with that message. */
  response(): Promise<Message> {
    return this.#until(() => this.#shown, "answered");
  }

  /** Resolves with the modal that the bot opens. */
  modal(): Promise<Modal> {
    return this.#until(() => (this.acknowledgement?.kind === "modal" ? this.acknowledgement.modal : undefined), "answered by a modal");
  }

  /** Resolves with what the bot suggests while somebody types. */
  async choices(): Promise<readonly APIApplicationCommandOptionChoice[]> {
    const isCompleted = () => (this.acknowledgement?.kind === "choices" ? this.acknowledgement : undefined);
    return (await this.#until(isCompleted, "answered by choices")).choices;
  }

  get acknowledgement(): Acknowledgement | undefined {
    return this.#acknowledgement;
  }

  /** Messages beside the first one. */
  get followUps(): readonly Message[] {
    return this.#followUps;
  }

  /** What `@original` means: the response, or the message with the button. */
  get original(): Message | undefined {
    return this.#original;
  }

  /** Nobody answered in time: "The application did not respond." */
  get isDead(): boolean {
    return this.acknowledgement === undefined && this.#ageMs >= MS_TO_ACKNOWLEDGE;
  }

  get isTokenExpired(): boolean {
    return this.#ageMs >= MS_OF_TOKEN;
  }

  /** The bot answers by a message. */
  respond(draft: Draft): void {
    const { isEphemeral } = this.#post(draft);
    this.#acknowledgement = { kind: "message", isEphemeral };
  }

  /** The bot is thinking. Whether only one person will see the response is decided now. */
  defer(draft: Draft): void {
    const { isEphemeral } = this.#post({ ...draft, flags: (draft.flags ?? 0) | MessageFlags.Loading });
    this.#acknowledgement = { kind: "deferred", isEphemeral };
  }

  /** The bot changes the message with the button, now or later. */
  update(changes: Changes | undefined): void {
    this.#original = this.source;
    this.#acknowledgement = { kind: changes === undefined ? "deferred update" : "update" };
    if (this.source !== undefined && changes !== undefined) this.edit(this.source, changes);
  }

  openModal(data: APIModalInteractionResponseCallbackData): void {
    this.#acknowledgement = { kind: "modal", modal: new Modal(this, data) };
  }

  suggest(choices: readonly APIApplicationCommandOptionChoice[]): void {
    this.#acknowledgement = { kind: "choices", choices };
  }

  /** One more message. */
  followUp(draft: Draft): Message {
    const message = this.channel.post({ ...draft, ...this.#origin });
    this.#followUps.push(message);
    this.#shown ??= message;
    return message;
  }

  /** The bot changes a message through this interaction. */
  edit(message: Message, changes: Changes): void {
    message.edit(changes);
    if (message === this.#original) this.#shown = message;
  }

  /** What a message says of the interaction that it answers. */
  get metadata(): APIMessageInteractionMetadata {
    const owner = this.channel.guild?.id ?? "0";
    return {
      id: this.id,
      type: this.type,
      user: userPayload(this.user),
      authorizing_integration_owners: { [ApplicationIntegrationType.GuildInstall]: owner },
      ...(this.type === InteractionType.MessageComponent ? { interacted_message_id: this.source?.id } : {}),
    } as APIMessageInteractionMetadata;
  }

  get #origin(): Pick<Draft, "interaction" | "webhookId"> {
    return { interaction: this, webhookId: this.channel.world.bot.id };
  }

  get #ageMs(): number {
    return this.channel.world.clock.now() - this.#createdAtMs;
  }

  #post(draft: Draft): Message {
    const message = this.channel.post({ ...draft, ...this.#origin });
    this.#original = message;
    if (!message.isThinking) this.#shown = message;
    return message;
  }

  #until<Value>(found: () => Value | undefined, what: string): Promise<NonNullable<Value>> {
    const condition = () => {
      const value = found();
      if (value !== undefined) return value;
      if (this.isDead) throw new Error(`${this.name} of ${this.user.name} died: nobody acknowledged it within 3 s`);
      if (this.isTokenExpired) throw new Error(`${this.name} of ${this.user.name} was not ${what} within 15 minutes`);
      return undefined;
    };
    return this.channel.world.happenings.until(condition, `${this.name} of ${this.user.name} to be ${what}`) as Promise<NonNullable<Value>>;
  }
}
