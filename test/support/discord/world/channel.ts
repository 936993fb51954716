import { ChannelType } from "discord-api-types/v10";
import type { Guild } from "./guild.ts";
import type { Member } from "./member.ts";
import { type Draft, Message } from "./message.ts";
import { channelPermissions } from "./permissions.ts";
import type { Role } from "./role.ts";
import type { User } from "./user.ts";
import { Webhook } from "./webhook.ts";
import type { World } from "./world.ts";

/** What a role, or somebody, may or may not do in one channel. */
export interface Overwrite {
  readonly target: Role | User;
  readonly allow?: bigint;
  readonly deny?: bigint;
}

const TYPES = { text: ChannelType.GuildText, voice: ChannelType.GuildVoice, category: ChannelType.GuildCategory } as const;

export interface ChannelSpec {
  readonly name: string;
  /** @default "text" */
  readonly type?: keyof typeof TYPES;
  /** A category. */
  readonly parent?: Channel;
  readonly overwrites?: readonly Overwrite[];
}

export interface ThreadSpec {
  readonly name: string;
  /** The message it begins at. */
  readonly from?: Message;
  /** Whether only its members see it, and who may manage threads. @default false */
  readonly isPrivate?: boolean;
  /** @default the bot */
  readonly owner?: User;
  /** Beside the owner. */
  readonly members?: readonly User[];
}

interface Place {
  readonly id: string;
  readonly type: ChannelType;
  readonly name: string;
  readonly guild?: Guild | undefined;
  readonly parent?: Channel | undefined;
  readonly overwrites?: readonly Overwrite[] | undefined;
  /** With whom the bot talks here in private. */
  readonly recipient?: User;
  readonly owner?: User;
  readonly members?: readonly User[];
}

/** Somewhere to write: in a guild, in a thread, in private. */
export class Channel {
  readonly world: World;
  readonly id: string;
  readonly type: ChannelType;
  readonly guild: Guild | undefined;
  readonly parent: Channel | undefined;
  readonly recipient: User | undefined;
  readonly owner: User | undefined;
  /** Who has joined a thread. */
  readonly threadMembers: Set<User>;
  /** What everybody here can read. */
  readonly messages = new Map<string, Message>();
  #name: string;
  #overwrites: readonly Overwrite[];

  constructor(world: World, place: Place) {
    this.world = world;
    this.id = place.id;
    this.type = place.type;
    this.#name = place.name;
    this.guild = place.guild;
    this.parent = place.parent;
    this.recipient = place.recipient;
    this.owner = place.owner;
    this.threadMembers = new Set(place.members);
    this.#overwrites = place.overwrites ?? [];
  }

  get name(): string {
    return this.#name;
  }

  get isThread(): boolean {
    return this.type === ChannelType.PublicThread || this.type === ChannelType.PrivateThread;
  }

  get overwrites(): readonly Overwrite[] {
    return this.#overwrites;
  }

  /** What the bot, or somebody else, may do here; `undefined` for who is not here at all. */
  permissionsOf(user: User): bigint | undefined {
    if (this.guild === undefined) return undefined;
    const member: Member | undefined = this.guild.members.get(user.id);
    return member === undefined ? undefined : channelPermissions(member, this);
  }

  post(draft: Draft): Message {
    const message = new Message(this, draft);
    if (!message.isEphemeral) this.messages.set(message.id, message);
    this.world.remember(message);
    this.world.announce.messageCreated(message);
    return message;
  }

  /** A thread under this channel. One that begins at a message has that message's id. */
  addThread({ name, from, isPrivate = false, owner = this.world.bot, members = [] }: ThreadSpec): Channel {
    const thread = new Channel(this.world, {
      id: from?.id ?? this.world.snowflakes.next(),
      type: isPrivate ? ChannelType.PrivateThread : ChannelType.PublicThread,
      name,
      guild: this.guild,
      parent: this,
      owner,
      members: [owner, ...members],
    });
    this.guild?.channels.set(thread.id, thread);
    this.world.announce.threadCreated(thread);
    return thread;
  }

  /** Of a thread: its owner does that, or somebody who may manage threads; Discord does not tell who. */
  rename(name: string): void {
    this.#name = name;
    this.world.announce.threadUpdated(this);
  }

  addWebhook(name: string): Webhook {
    return new Webhook(this, name);
  }

  /** Many at once, which is told as one event. */
  deleteMessages(messages: readonly Message[]): void {
    for (const message of messages) message.vanish();
    this.world.announce.messagesDeleted(this, messages);
  }

  /** What roles and people may do here changes. */
  overwrite(overwrites: readonly Overwrite[]): void {
    this.#overwrites = overwrites;
    this.world.announce.channelUpdated(this);
  }

  delete(): void {
    this.guild?.channels.delete(this.id);
    this.world.announce.channelDeleted(this);
  }
}

export function guildChannel(guild: Guild, spec: ChannelSpec): Channel {
  const { name, parent, overwrites } = spec;
  return new Channel(guild.world, { id: guild.world.snowflakes.next(), type: TYPES[spec.type ?? "text"], name, guild, parent, overwrites });
}
