import { type AuditLogEvent, GatewayDispatchEvents, GatewayIntentBits, PermissionFlagsBits } from "discord-api-types/v10";
import { channelPayload, threadPayload } from "../payloads/channel-payload.ts";
import { guildCreatePayload, guildPayload } from "../payloads/guild-payload.ts";
import { memberPayload, rolePayload, userPayload } from "../payloads/member-payload.ts";
import { messageEventPayload } from "../payloads/message-payload.ts";
import type { Channel } from "../world/channel.ts";
import type { Guild } from "../world/guild.ts";
import type { Member } from "../world/member.ts";
import type { Message } from "../world/message.ts";
import { guildPermissions } from "../world/permissions.ts";
import type { Role } from "../world/role.ts";
import type { User } from "../world/user.ts";
import type { World } from "../world/world.ts";

/** Something that the gateway tells the bot. */
export interface Dispatch {
  readonly event: GatewayDispatchEvents;
  /** What belongs to no guild is told by the first shard. */
  readonly guildId: string | undefined;
  /** Who has none of these intents is not told; 0: everybody is. */
  readonly intents: number;
  /** What a reader with these intents is told. */
  readonly data: (intents: number) => unknown;
}

export type Publish = (dispatch: Dispatch) => void;

const { Guilds, GuildMembers, GuildMessages, GuildModeration, DirectMessages } = GatewayIntentBits;

/** What stands in a guild's audit log. */
export interface LogEntry {
  readonly action: AuditLogEvent;
  readonly by: User;
  readonly target: User;
  readonly reason?: string | undefined;
  readonly changes?: readonly object[];
  readonly options?: object;
}

/** Tells the bot what changes in its guilds and conversations, as far as it may know. */
export class Announcements {
  readonly #world: World;
  readonly #publish: Publish;

  constructor(world: World, publish: Publish) {
    this.#world = world;
    this.#publish = publish;
  }

  messageCreated(message: Message): void {
    this.#aboutMessage(GatewayDispatchEvents.MessageCreate, message, (intents) => messageEventPayload(message, intents));
  }

  messageUpdated(message: Message): void {
    this.#aboutMessage(GatewayDispatchEvents.MessageUpdate, message, (intents) => messageEventPayload(message, intents));
  }

  messagesDeleted(channel: Channel, messages: readonly Message[]): void {
    const [first] = messages;
    const data = () => ({ ids: messages.map(({ id }) => id), ...placeOf(channel) });
    if (first !== undefined) this.#aboutMessage(GatewayDispatchEvents.MessageDeleteBulk, first, data);
  }

  messageDeleted(message: Message): void {
    this.#aboutMessage(GatewayDispatchEvents.MessageDelete, message, () => ({ id: message.id, ...placeOf(message.channel) }));
  }

  guildCreated(guild: Guild): void {
    this.#aboutGuild(GatewayDispatchEvents.GuildCreate, guild, () => guildCreatePayload(guild));
  }

  guildUpdated(guild: Guild): void {
    this.#aboutGuild(GatewayDispatchEvents.GuildUpdate, guild, () => guildPayload(guild));
  }

  /** For good. */
  guildLost({ id }: Guild): void {
    this.#publish({ event: GatewayDispatchEvents.GuildDelete, guildId: id, intents: Guilds, data: () => ({ id }) });
  }

  channelCreated(channel: Channel): void {
    this.#aboutChannel(GatewayDispatchEvents.ChannelCreate, channel, () => channelPayload(channel));
  }

  channelUpdated(channel: Channel): void {
    this.#aboutChannel(GatewayDispatchEvents.ChannelUpdate, channel, () => channelPayload(channel));
  }

  channelDeleted(channel: Channel): void {
    const event = channel.isThread ? GatewayDispatchEvents.ThreadDelete : GatewayDispatchEvents.ChannelDelete;
    this.#aboutChannel(event, channel, () => channelPayload(channel));
  }

  threadCreated(thread: Channel): void {
    if (!this.#canSee(thread)) return;
    this.#aboutChannel(GatewayDispatchEvents.ThreadCreate, thread, () => ({ ...threadPayload(thread), newly_created: true }));
  }

  threadUpdated(thread: Channel): void {
    if (!this.#canSee(thread)) return;
    this.#aboutChannel(GatewayDispatchEvents.ThreadUpdate, thread, () => threadPayload(thread));
  }

  roleCreated(role: Role): void {
    this.#aboutGuild(GatewayDispatchEvents.GuildRoleCreate, role.guild, () => ({ guild_id: role.guild.id, role: rolePayload(role) }));
  }

  memberJoined(member: Member): void {
    this.#aboutMember(GatewayDispatchEvents.GuildMemberAdd, member, () => memberPayload(member));
  }

  memberUpdated(member: Member): void {
    this.#aboutMember(GatewayDispatchEvents.GuildMemberUpdate, member, () => memberPayload(member));
  }

  memberLeft(member: Member): void {
    this.#aboutMember(GatewayDispatchEvents.GuildMemberRemove, member, () => ({ user: userPayload(member.user) }));
  }

  /** Who may not see the audit log is not told. */
  logged(guild: Guild, { action, by, target, reason, changes, options }: LogEntry): void {
    if (!this.#world.guilds.has(guild.id)) return;
    const { Administrator, ViewAuditLog } = PermissionFlagsBits;
    if ((guildPermissions(guild.bot) & (ViewAuditLog | Administrator)) === 0n) return;
    const entry = {
      id: this.#world.snowflakes.next(),
      action_type: action,
      user_id: by.id,
      target_id: target.id,
      reason,
      changes,
      options,
    };
    const data = () => ({ ...entry, guild_id: guild.id });
    this.#publish({ event: GatewayDispatchEvents.GuildAuditLogEntryCreate, guildId: guild.id, intents: GuildModeration, data });
  }

  /** Something that everybody who is connected is told, such as an interaction. */
  always(event: GatewayDispatchEvents, guildId: string | undefined, data: () => unknown): void {
    this.#publish({ event, guildId, intents: 0, data });
  }

  /** Nothing is told of what only one person sees, nor of channels that the bot cannot see. */
  #aboutMessage(event: GatewayDispatchEvents, message: Message, data: Dispatch["data"]): void {
    const { guild } = message.channel;
    if (message.isEphemeral || !this.#canSee(message.channel)) return;
    this.#publish({ event, guildId: guild?.id, intents: guild === undefined ? DirectMessages : GuildMessages, data });
  }

  #aboutChannel(event: GatewayDispatchEvents, channel: Channel, data: Dispatch["data"]): void {
    if (channel.guild !== undefined) this.#aboutGuild(event, channel.guild, data);
  }

  /** The bot is always told of itself. */
  #aboutMember(event: GatewayDispatchEvents, member: Member, data: () => object): void {
    const { guild, user } = member;
    if (!this.#world.guilds.has(guild.id)) return;
    const intents = user === this.#world.bot ? 0 : GuildMembers;
    this.#publish({ event, guildId: guild.id, intents, data: () => ({ ...data(), guild_id: guild.id }) });
  }

  #aboutGuild(event: GatewayDispatchEvents, guild: Guild, data: Dispatch["data"]): void {
    if (this.#world.guilds.has(guild.id)) this.#publish({ event, guildId: guild.id, intents: Guilds, data });
  }

  #canSee(channel: Channel): boolean {
    if (channel.guild === undefined) return true;
    if (!this.#world.guilds.has(channel.guild.id)) return false;
    return ((channel.permissionsOf(this.#world.bot) ?? 0n) & PermissionFlagsBits.ViewChannel) !== 0n;
  }
}

function placeOf(channel: Channel): { readonly channel_id: string; readonly guild_id?: string } {
  return channel.guild === undefined ? { channel_id: channel.id } : { channel_id: channel.id, guild_id: channel.guild.id };
}
