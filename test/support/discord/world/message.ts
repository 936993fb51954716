import {
  type APIAllowedMentions,
  type APIEmbed,
  type APIMessageTopLevelComponent,
  AuditLogEvent,
  MessageFlags,
  MessageType,
} from "discord-api-types/v10";
import type { Interaction } from "../interactions/interaction.ts";
import type { Channel } from "./channel.ts";
import { type Pings, pingNames, pingsOf } from "./pings.ts";
import type { User } from "./user.ts";

/** What a message shows. */
export interface Content {
  readonly content: string;
  readonly embeds: readonly APIEmbed[];
  readonly components: readonly APIMessageTopLevelComponent[];
  readonly attachments: readonly Attachment[];
}

/** What people vote about. */
export interface Poll {
  readonly question: string;
  readonly answers: readonly string[];
}

/** What is shown of a message that was forwarded. */
export interface Snapshot extends Omit<Content, "components"> {
  readonly of: Message;
}

export interface Draft extends Partial<Content> {
  /** What a forum's thread begins with has the thread's own id. */
  readonly id?: string | undefined;
  readonly author: User;
  /** @default a plain message, or a reply */
  readonly type?: MessageType;
  readonly flags?: number | undefined;
  readonly replyTo?: Message | undefined;
  /** A message that it shows as it is at this moment. */
  readonly forwards?: Message | undefined;
  readonly poll?: Poll | undefined;
  readonly allowedMentions?: APIAllowedMentions | undefined;
  readonly nonce?: string | undefined;
  readonly webhookId?: string | undefined;
  /** What it answers. */
  readonly interaction?: Interaction | undefined;
}

/** What may change about a message. */
export interface Changes extends Partial<Content> {
  readonly flags?: number | undefined;
  readonly allowedMentions?: APIAllowedMentions | undefined;
}

const EMPTY: Content = { content: "", embeds: [], components: [], attachments: [] };

export class Message {
  readonly id: string;
  readonly channel: Channel;
  readonly author: User;
  readonly type: MessageType;
  readonly replyTo: Message | undefined;
  readonly forwarded: Snapshot | undefined;
  readonly poll: Poll | undefined;
  readonly nonce: string | undefined;
  readonly webhookId: string | undefined;
  readonly interaction: Interaction | undefined;
  readonly createdAtMs: number;
  #allowedMentions: APIAllowedMentions | undefined;
  #editedAtMs: number | undefined;
  #flags: number;
  #isDeleted = false;
  #mentions: Pings = { everyone: undefined, users: [], roles: [] };
  #pings: readonly string[] = [];
  readonly #versions: Content[] = [];

  constructor(channel: Channel, draft: Draft) {
    this.id = draft.id ?? channel.world.snowflakes.next();
    this.createdAtMs = channel.world.clock.now();
    this.channel = channel;
    this.author = draft.author;
    this.type = draft.type ?? (draft.replyTo === undefined ? MessageType.Default : MessageType.Reply);
    this.replyTo = draft.replyTo;
    this.forwarded = draft.forwards && snapshotOf(draft.forwards);
    this.poll = draft.poll;
    this.nonce = draft.nonce;
    this.webhookId = draft.webhookId;
    this.interaction = draft.interaction;
    this.#flags = draft.flags ?? 0;
    this.#allowedMentions = draft.allowedMentions;
    if (!this.isThinking) this.#show(draft);
  }

  /** Everything it has ever shown, in order; nothing while it is only "thinking ...". */
  get versions(): readonly Content[] {
    return this.#versions;
  }

  get content(): string {
    return this.#shown.content;
  }

  get embeds(): readonly APIEmbed[] {
    return this.#shown.embeds;
  }

  get components(): readonly APIMessageTopLevelComponent[] {
    return this.#shown.components;
  }

  get attachments(): readonly Attachment[] {
    return this.#shown.attachments;
  }

  get flags(): number {
    return this.#flags;
  }

  /** Only who used the bot can see it. */
  get isEphemeral(): boolean {
    return (this.#flags & MessageFlags.Ephemeral) !== 0;
  }

  /** A deferred response that shows nothing yet. */
  get isThinking(): boolean {
    return (this.#flags & MessageFlags.Loading) !== 0;
  }

  /** Whom it notified when it first showed something, such as `["@everyone", "@Ada"]`: an edit notifies nobody. */
  get pings(): readonly string[] {
    return this.#pings;
  }

  /** Whom it mentions now. */
  get mentions(): Pings {
    return this.#mentions;
  }

  get editedAtMs(): number | undefined {
    return this.#editedAtMs;
  }

  get isDeleted(): boolean {
    return this.#isDeleted;
  }

  get url(): string {
    return `https://discord.com/channels/${this.channel.guild?.id ?? "@me"}/${this.channel.id}/${this.id}`;
  }

  /** Changes what it shows. The first words of a deferred response are no edit. */
  edit(changes: Changes): void {
    const wasThinking = this.isThinking;
    this.#flags = (changes.flags ?? this.#flags) & ~MessageFlags.Loading;
    if (!wasThinking) this.#editedAtMs = this.channel.world.clock.now();
    if (changes.allowedMentions !== undefined) this.#allowedMentions = changes.allowedMentions;
    this.#show(changes);
    if (wasThinking) this.channel.world.remember(this);
    this.channel.world.announce.messageUpdated(this);
  }

  /** Discord shows previews of the links in it: told as an update, though nobody has edited anything. */
  unfurl(embeds: readonly APIEmbed[]): void {
    this.#show({ embeds });
    this.channel.world.announce.messageUpdated(this);
  }

  /** Is gone, and nobody is told. */
  vanish(): void {
    this.#isDeleted = true;
    this.channel.messages.delete(this.id);
  }

  /** @param by whom the audit log names, where it is a message of somebody else's */
  delete(by?: User): void {
    this.vanish();
    const { author, channel } = this;
    channel.world.announce.messageDeleted(this);
    if (by === undefined || by === author || channel.guild === undefined) return;
    const options = { channel_id: channel.id, count: "1" };
    channel.world.announce.logged(channel.guild, { action: AuditLogEvent.MessageDelete, by, target: author, options });
  }

  get #shown(): Content {
    return this.#versions.at(-1) ?? EMPTY;
  }

  #show(changes: Partial<Content>): void {
    const { content = this.content, embeds = this.embeds, components = this.components, attachments = this.attachments } = changes;
    const { channel, author, replyTo } = this;
    this.#versions.push({ content, embeds, components, attachments });
    this.#mentions = pingsOf({ channel, author, content, repliedTo: replyTo?.author, allowed: this.#allowedMentions });
    if (this.#versions.length === 1) this.#pings = pingNames(this.#mentions);
  }
}

function snapshotOf(of: Message): Snapshot {
  return { of, content: of.content, embeds: of.embeds, attachments: of.attachments };
}

/** A file that somebody posts or gives with a command. */
export interface UploadedFile {
  readonly name: string;
  readonly content: Buffer;
  /** @default application/octet-stream */
  readonly contentType?: string | undefined;
  readonly description?: string | undefined;
}

/** A file on the platform, which serves it at `url`. */
export interface Attachment extends UploadedFile {
  readonly id: string;
  readonly url: string;
}
