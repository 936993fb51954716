import { AuditLogEvent, Locale, PermissionFlagsBits } from "discord-api-types/v10";
import { Person } from "../people/person.ts";
import { type Channel, type ChannelSpec, guildChannel } from "./channel.ts";
import { Member } from "./member.ts";
import { Role, type RoleSpec } from "./role.ts";
import type { User } from "./user.ts";
import type { World } from "./world.ts";

/** What everybody may do in a new guild. */
const EVERYONE =
  PermissionFlagsBits.ViewChannel |
  PermissionFlagsBits.SendMessages |
  PermissionFlagsBits.SendMessagesInThreads |
  PermissionFlagsBits.CreatePublicThreads |
  PermissionFlagsBits.EmbedLinks |
  PermissionFlagsBits.AttachFiles |
  PermissionFlagsBits.AddReactions |
  PermissionFlagsBits.ReadMessageHistory |
  PermissionFlagsBits.UseApplicationCommands;

/** What a bot that moderates asks for when it is invited. */
const BOT =
  EVERYONE |
  PermissionFlagsBits.ManageMessages |
  PermissionFlagsBits.ManageThreads |
  PermissionFlagsBits.ModerateMembers |
  PermissionFlagsBits.BanMembers |
  PermissionFlagsBits.ViewAuditLog;

const BOT_POSITION = 100;

export interface GuildSpec {
  /** @default "Guild" and its number */
  readonly name?: string;
  /** Names of text channels. @default ["general"] */
  readonly channels?: readonly string[];
  /** Names of people. */
  readonly members?: readonly string[];
  /** @default "en-US" */
  readonly preferredLocale?: `${Locale}`;
  /** What the bot's own role allows it. @default what a moderating bot asks for */
  readonly botPermissions?: bigint;
}

export type MemberSpec = { readonly roles?: readonly Role[] } & (
  | { readonly name: string; readonly isBot?: boolean }
  | { readonly person: Person }
);

/** Who did something, and why. */
export interface Deed {
  readonly by: User;
  readonly reason?: string | undefined;
}

export class Guild {
  readonly world: World;
  readonly id: string;
  readonly name: string;
  readonly owner: Person;
  readonly roles = new Map<string, Role>();
  readonly channels = new Map<string, Channel>();
  readonly members = new Map<string, Member>();
  /** Those who were banned, and why. */
  readonly bans = new Map<User, string | undefined>();
  readonly everyone: Role;
  #hasOpenCommands = false;
  #preferredLocale: `${Locale}`;

  constructor(world: World, spec: GuildSpec) {
    const number = world.guilds.size + 1;
    this.world = world;
    // Guilds of one millisecond would all belong to the same shard.
    this.id = world.snowflakes.next(number);
    this.#preferredLocale = spec.preferredLocale ?? Locale.EnglishUS;
    this.name = spec.name ?? `Guild ${number}`;
    this.everyone = new Role(this, this.id, { name: "@everyone", permissions: EVERYONE });
    this.roles.set(this.id, this.everyone);
    this.owner = world.person(`Owner of ${this.name}`);
    this.#join(this.owner, []);
    this.#join(world.bot, [this.addRole({ name: world.bot.name, permissions: spec.botPermissions ?? BOT, position: BOT_POSITION })]);
    for (const name of spec.channels ?? ["general"]) this.addChannel({ name });
    for (const name of spec.members ?? []) this.addMember({ name });
  }

  /** The bot's membership; after `removeBot`, what it was. */
  get bot(): Member {
    return this.memberOf(this.world.bot);
  }

  /** The channel or thread of this name. */
  channel(name: string): Channel {
    const channel = [...this.channels.values()].find((candidate) => candidate.name === name);
    return channel ?? missing(`a channel "${name}"`, [...this.channels.values()]);
  }

  /** The person of this name. */
  person(name: string): Person {
    const people = [...this.members.values()].map(({ user }) => user).filter((user) => user instanceof Person);
    return people.find((person) => person.name === name) ?? missing(`a member "${name}"`, people);
  }

  memberOf(user: User): Member {
    const members = [...this.members.values()];
    const member = members.find((candidate) => candidate.user === user);
    const names = members.map((other) => other.user);
    return member ?? missing(`${user.name} in ${this.name}`, names);
  }

  /** In which language it wants to be spoken to. */
  get preferredLocale(): `${Locale}` {
    return this.#preferredLocale;
  }

  prefers(locale: `${Locale}`): void {
    this.#preferredLocale = locale;
    this.world.announce.guildUpdated(this);
  }

  /** Whether everybody may use all commands, whatever permissions the bot has set for them. */
  get hasOpenCommands(): boolean {
    return this.#hasOpenCommands;
  }

  /** What an administrator can do under Server Settings > Integrations: the bot must check permissions itself. */
  openCommands(): void {
    this.#hasOpenCommands = true;
  }

  addRole(spec: RoleSpec): Role {
    const role = new Role(this, this.world.snowflakes.next(), spec);
    this.roles.set(role.id, role);
    this.world.announce.roleCreated(role);
    return role;
  }

  addChannel(spec: ChannelSpec): Channel {
    const channel = guildChannel(this, spec);
    this.channels.set(channel.id, channel);
    this.world.announce.channelCreated(channel);
    return channel;
  }

  addMember(spec: MemberSpec): Person {
    const person = "person" in spec ? spec.person : this.world.person(spec.name, spec.isBot);
    this.world.announce.memberJoined(this.#join(person, spec.roles ?? []));
    return person;
  }

  /** Somebody is thrown out, who may come back. */
  kick(user: User, { by, reason }: Deed): void {
    this.#leave(user);
    this.world.announce.logged(this, { action: AuditLogEvent.MemberKick, by, target: user, reason });
  }

  /** Somebody is thrown out, if they are there, and may not come back. */
  ban(user: User, { by, reason }: Deed): void {
    this.bans.set(user, reason);
    this.#leave(user);
    this.world.announce.logged(this, { action: AuditLogEvent.MemberBanAdd, by, target: user, reason });
  }

  unban(user: User, { by, reason }: Deed): void {
    this.bans.delete(user);
    this.world.announce.logged(this, { action: AuditLogEvent.MemberBanRemove, by, target: user, reason });
  }

  /** The bot is thrown out. */
  removeBot(): void {
    this.world.guilds.delete(this.id);
    this.world.announce.guildLost(this);
  }

  #leave(user: User): void {
    const member = this.members.get(user.id);
    this.members.delete(user.id);
    if (member !== undefined) this.world.announce.memberLeft(member);
  }

  #join(user: User, roles: readonly Role[]): Member {
    const member = new Member(this, user, roles);
    this.members.set(user.id, member);
    return member;
  }
}

function missing(what: string, there: readonly { readonly name: string }[]): never {
  throw new Error(`Expected ${what}, got only: ${there.map(({ name }) => name).join(", ")}`);
}
