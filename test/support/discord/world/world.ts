import { ChannelType } from "discord-api-types/v10";
import { type PlatformClock, Snowflakes } from "../clock.ts";
import { Announcements, type Publish } from "../gateway/announcements.ts";
import type { Happenings } from "../happenings.ts";
import { Commands } from "../interactions/commands.ts";
import { Interactions } from "../interactions/interactions.ts";
import { Person } from "../people/person.ts";
import { Channel } from "./channel.ts";
import { Guild, type GuildSpec } from "./guild.ts";
import type { Attachment, Message, UploadedFile } from "./message.ts";
import { User } from "./user.ts";

export interface Surroundings {
  readonly clock: PlatformClock;
  readonly happenings: Happenings;
  readonly publish: Publish;
  readonly botName: string;
  /** Where files are served. */
  readonly filesUrl: string;
  /** Intents that the application was not granted. */
  readonly deniedIntents: number;
  readonly omitsChannels: boolean;
}

/** All there is on the platform. */
export class World {
  readonly clock: PlatformClock;
  readonly snowflakes: Snowflakes;
  readonly happenings: Happenings;
  readonly interactions = new Interactions(this);
  readonly commands = new Commands(this);
  readonly announce: Announcements;
  readonly bot: User;
  /** What the bot may read over the REST interface, whatever its sessions asked for. */
  readonly restIntents: number;
  /** Whether interactions come without their channel. */
  readonly omitsChannels: boolean;
  /** Those that the bot is in. */
  readonly guilds = new Map<string, Guild>();
  readonly users = new Map<string, User>();
  readonly files = new Map<string, Attachment>();
  /** Everything the bot ever showed to anybody, in order. */
  readonly botMessages: Message[] = [];
  readonly #directChannels = new Map<User, Channel>();
  readonly #filesUrl: string;

  constructor(surroundings: Surroundings) {
    this.clock = surroundings.clock;
    this.happenings = surroundings.happenings;
    this.snowflakes = new Snowflakes(this.clock);
    this.announce = new Announcements(this, surroundings.publish);
    this.omitsChannels = surroundings.omitsChannels;
    this.restIntents = ~surroundings.deniedIntents;
    this.#filesUrl = surroundings.filesUrl;
    this.bot = this.#register(new User(this.snowflakes.next(), surroundings.botName, true));
  }

  addGuild(spec: GuildSpec): Guild {
    const guild = new Guild(this, spec);
    this.guilds.set(guild.id, guild);
    this.announce.guildCreated(guild);
    return guild;
  }

  person(name: string, isBot = false): Person {
    return this.#register(new Person(this, { name, isBot }));
  }

  /** Where the bot and somebody talk in private. */
  directChannel(recipient: User): Channel {
    const known = this.#directChannels.get(recipient);
    if (known !== undefined) return known;
    const channel = new Channel(this, { id: this.snowflakes.next(), type: ChannelType.DM, name: recipient.name, recipient });
    this.#directChannels.set(recipient, channel);
    return channel;
  }

  /** Whether the bot may write to somebody in private: they must not mind, and have something to do with it. */
  canWriteTo(user: User): boolean {
    const isKnown = [...this.guilds.values()].some(({ members }) => members.has(user.id));
    return user.acceptsDirectMessages && (isKnown || this.directChannel(user).messages.size > 0);
  }

  /** A channel, thread or private conversation that the bot could know of. */
  channel(id: string): Channel | undefined {
    for (const guild of this.guilds.values()) {
      const channel = guild.channels.get(id);
      if (channel !== undefined) return channel;
    }
    return [...this.#directChannels.values()].find((channel) => channel.id === id);
  }

  store(file: UploadedFile): Attachment {
    const id = this.snowflakes.next();
    const attachment = { ...file, id, url: `${this.#filesUrl}/${id}/${encodeURIComponent(file.name)}` };
    this.files.set(id, attachment);
    return attachment;
  }

  /** Takes note of what the bot shows. */
  remember(message: Message): void {
    if (message.author === this.bot && !message.isThinking) this.botMessages.push(message);
  }

  forget(): void {
    this.botMessages.length = 0;
    this.files.clear();
    this.interactions.forget();
    const inGuilds = [...this.guilds.values()].flatMap(({ channels }) => [...channels.values()]);
    for (const { messages } of [...inGuilds, ...this.#directChannels.values()]) messages.clear();
  }

  #register<Kind extends User>(user: Kind): Kind {
    this.users.set(user.id, user);
    return user;
  }
}
