import {
  Client,
  type ClientOptions,
  Events,
  GatewayIntentBits,
  type GuildMember,
  type Message,
  Options,
  type PartialMessage,
  Partials,
  ShardClientUtil,
  Status,
  type User,
} from "discord.js";
import type { Logger } from "pino";
import { guarded } from "../guard/guarded.ts";
import { cooldown } from "../guard/guards/cooldown.ts";
import { dailyCaps } from "../guard/guards/daily-caps.ts";
import { failures } from "../guard/guards/failures.ts";
import { judgedQuestions } from "../guard/guards/judged-questions.ts";
import { shortQuestions } from "../guard/guards/short-questions.ts";
import type { Inference } from "../guard/inference.ts";
import { responding } from "../guard/respond.ts";
import { DEFAULT_SETTINGS, type GuildSettings } from "../guard/settings.ts";
import type { Presence, Store } from "../guard/store/store.ts";
import { handleInteraction, turnAway } from "./commands/interactions.ts";
import { closedError, loginErrorOf } from "./discord-api.ts";
import { Door } from "./door.ts";
import { Metrics } from "./metrics.ts";
import { AutoModerator } from "./moderate/auto-moderator.ts";
import { type BotOptions, isPrivateGuild, type Parts, privateGuild } from "./parts.ts";
import { isAnswered } from "./talk/addressed.ts";
import { ChannelOrder } from "./talk/channel-order.ts";
import { Drafts, TakenBack } from "./talk/drafts.ts";
import { readConversation } from "./talk/reader.ts";
import { messageSite } from "./talk/site.ts";
import { type DiscordQuestion, Talker } from "./talk/talker.ts";
import { Typing } from "./talk/typing.ts";
import { defang } from "./text/defang.ts";

export interface BotInput {
  readonly inference: Inference;
  readonly store: Store;
  readonly log: Logger;
  readonly options: BotOptions;
  /** Discord's own, such as another address of its interface, or how many shards there are. */
  readonly client?: Partial<ClientOptions>;
}

/** For telling those whose answers are given up: a request may hang for longer than anybody waits. */
const LAST_WORDS_MS = 2000;

/** The bot: hears what happens on Discord, and leads it to who handles it. */
export class Bot implements AsyncDisposable {
  readonly client: Client;
  readonly metrics: Metrics;
  readonly #parts: Parts;
  readonly #moderator: AutoModerator;
  #isLeaving = false;
  readonly #lost = new AbortController();
  readonly #over = new AbortController();
  readonly #work = new Set<Promise<void>>();

  constructor({ inference, store, log, options, client }: BotInput) {
    const door = new Door();
    this.client = new Client(clientOptions(door, options, client));
    this.metrics = new Metrics({
      door,
      inference,
      shards: () => this.shards,
      gatewayPing: () => Math.max(...this.client.ws.shards.map(({ ping }) => ping)),
    });
    const guards = [failures, cooldown(options.now), shortQuestions, dailyCaps(store, options.clock), judgedQuestions(inference)];
    this.#parts = {
      client: this.client as Client<true>,
      inference,
      store,
      door,
      log,
      over: this.#over.signal,
      options,
      metrics: this.metrics,
      learning: new Map(),
      drafts: new Drafts(),
      order: new ChannelOrder(),
      typing: new Typing(),
      respond: guarded(responding({ inference, defang }), guards),
    };
    this.#moderator = new AutoModerator(this.#parts);
    this.#listen();
  }

  /** Resolves when the gateway is there. @throws {LoginError} when Discord does not take the token, for example */
  async login(token: string): Promise<void> {
    const ready = new Promise<void>((resolve) => this.client.once(Events.ClientReady, () => resolve()));
    try {
      await this.client.login(token);
    } catch (error) {
      throw loginErrorOf(error);
    }
    await ready;
  }

  /** Its connections to the gateway, and whether it hears Discord on each of them. There are none before it logs in. */
  get shards(): readonly { readonly id: number; readonly isReady: boolean }[] {
    return this.client.ws.shards.map(({ id, status }) => ({ id, isReady: !this.#isLeaving && status === Status.Ready }));
  }

  /** Whether it hears all of Discord. */
  get isReady(): boolean {
    return this.client.isReady() && this.shards.every(({ isReady }) => isReady);
  }

  /** Aborted, with a `LoginError`, when Discord closed the gateway for good: it will not be heard again in this process. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Texts that were stopped at the door: 0, or there is a bug. */
  get leaks(): number {
    return this.#parts.door.leaks;
  }

  /** Resolves when nothing is being done any more. */
  async idle(): Promise<void> {
    while (this.#work.size > 0) await Promise.allSettled([...this.#work]);
    await this.#moderator.idle();
    await this.#parts.drafts.drained();
  }

  /** Takes no more work, lets what is being written end within this time, tells those for whom it is too late, and leaves. */
  async leave(drainMs: number): Promise<void> {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    this.#moderator.stop();
    // At once is before anything else happens.
    if (drainMs === 0) this.#hurry();
    const hurry = setTimeout(() => this.#hurry(), drainMs);
    let last: NodeJS.Timeout | undefined;
    const lastWords = new Promise<void>((resolve) => {
      last = setTimeout(resolve, drainMs + LAST_WORDS_MS);
    });
    await Promise.race([this.idle(), lastWords]);
    clearTimeout(hurry);
    clearTimeout(last);
    await this.client.destroy();
  }

  #hurry(): void {
    this.#over.abort(new TakenBack("shutdown"));
    this.#parts.drafts.takeBackAll("shutdown");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave(0);
  }

  #listen(): void {
    const { log, drafts, store, options } = this.#parts;
    const { client } = this;
    carefulPackets(client, (error) => log.error({ err: error }, "the gateway told something that cannot be read"));
    // While it was not running, nobody told it where it was sent away.
    client.on(Events.ClientReady, () => this.#do(() => store.noteGuilds(presenceOf(client, options.clock()))));
    client.on(Events.MessageCreate, (message) => this.#do(() => this.#heard(message)));
    client.on(Events.MessageUpdate, (before, after) => this.#do(() => this.#edited(before, after)));
    client.on(Events.MessageDelete, ({ id }) => drafts.takeBack(id, "deleted"));
    client.on(Events.MessageBulkDelete, (messages) => {
      for (const id of messages.keys()) drafts.takeBack(id, "deleted");
    });
    client.on(Events.ChannelDelete, ({ id }) => drafts.takeBackChannel(id, "deleted"));
    client.on(Events.ThreadDelete, ({ id }) => drafts.takeBackChannel(id, "deleted"));
    client.on(Events.InteractionCreate, (interaction) => {
      if (this.#isLeaving) void turnAway(interaction, this.#parts);
      else this.#do(() => handleInteraction(interaction, this.#parts));
    });
    client.on(Events.GuildDelete, (guild) =>
      this.#do(async () => {
        // Discord says the same of a guild that cannot be reached for a while.
        if (guild.available) await this.#forget(guild.id);
      }),
    );
    // Without a listener the process would end.
    client.on(Events.Error, (error) => log.error({ err: error }, "client"));
    client.on(Events.Warn, (message) => log.warn(message));
    client.on(Events.ShardDisconnect, ({ code }, shard) => {
      log.error({ code, shard }, "gateway closed for good");
      this.#lost.abort(closedError(code));
    });
    client.on(Events.ShardResume, (shard, replayed) => log.info({ shard, replayed }, "gateway resumed"));
  }

  /** Of what cannot be forgotten now, all else is forgotten all the same. */
  async #forget(guild: string): Promise<void> {
    const { store, inference, log } = this.#parts;
    for (const end of await Promise.allSettled([inference.forgetGuild(guild), store.purgeGuild(guild)]))
      if (end.status === "rejected") log.error({ err: end.reason, guild }, "not all of a guild was forgotten");
  }

  /** What fails is logged: nothing that happens on Discord ends the process. */
  #do(work: () => Promise<void>): void {
    if (this.#isLeaving) return;
    const done: Promise<void> = work()
      .catch((error: unknown) => this.#parts.log.error({ err: error }, "failed"))
      .finally(() => this.#work.delete(done));
    this.#work.add(done);
  }

  async #heard(message: Message): Promise<void> {
    const askedAt = this.#parts.options.now();
    if (message.author.id === this.client.user?.id) return;
    // Whoever was first here is answered first, however long the settings take.
    const place = this.#parts.order.join(message.channelId);
    try {
      const guild = message.guildId ?? privateGuild(message.author.id);
      const settings = await this.#settings(message, guild);
      this.#moderator.look(message, settings);
      if (isAnswered(message, settings, this.#parts.options))
        await this.#answer(message, { guild, settings, askedAt, before: place.before });
    } finally {
      place.leave();
    }
  }

  async #answer(message: Message, asked: Pick<DiscordQuestion, "guild" | "settings" | "askedAt" | "before">): Promise<void> {
    const { settings } = asked;
    await new Talker(this.#parts).answer({
      ...asked,
      channel: message.channelId,
      source: message.id,
      author: message.author.id,
      read: () => readConversation(message, { settings, store: this.#parts.store }),
      site: messageSite(message, this.#parts.door),
      isDeferred: false,
      typingIn: message.channel,
    });
  }

  async #edited(before: Message | PartialMessage, after: Message | PartialMessage): Promise<void> {
    // Discord also says so when it has found a picture behind a link.
    if (isOnlyPreviewed(before, after)) return;
    this.#parts.drafts.takeBack(after.id, "edited");
    const message = after.partial ? await after.fetch() : after;
    if (message.guildId === null) return;
    const { settings } = await this.#parts.store.settings(message.guildId);
    this.#moderator.look(message, settings);
  }

  /** Without settings nobody knows what may be said; who asked directly is told that much. */
  async #settings(message: Message, guild: string): Promise<GuildSettings> {
    try {
      return (await this.#parts.store.settings(guild)).settings;
    } catch (error) {
      const { door, options } = this.#parts;
      const content = door.own(DEFAULT_SETTINGS.talk.failure);
      if (isAnswered(message, DEFAULT_SETTINGS, options)) await messageSite(message, door).put({ content, canBeStopped: false });
      throw error;
    }
  }
}

function isOnlyPreviewed(before: Message | PartialMessage, after: Message | PartialMessage): boolean {
  if (after.partial) return false;
  if (before.partial) return after.editedTimestamp === null;
  return before.content === after.content && before.editedTimestamp === after.editedTimestamp;
}

/** Which guilds this client would hear of, which may have some of the bot's shards only, and which of them it is in. */
function presenceOf({ guilds, options, ws }: Client, at: number): Presence {
  const shardOf = (guild: string) => ShardClientUtil.shardIdForGuildId(guild, options.shardCount ?? 1);
  return {
    isOurs: (guild) => !isPrivateGuild(guild) && ws.shards.has(shardOf(guild)),
    isHere: (guild) => guilds.cache.has(guild),
    at,
  };
}

type Packet = { readonly t?: string | null } | undefined;
type Handle = (packet: Packet, shard: unknown) => boolean;

/** Of the session itself. A library that fails at these hears of nothing any more: then the process is to end, and be started again. */
const SESSION = ["READY", "RESUMED"];

/**
 * Lets the library fail at what the gateway tells of people, and go on. What it does not know, such as a new kind of channel, throws where
 * nobody waits, which ends a process; and people can often choose what their messages hold.
 */
function carefulPackets(client: Client, onError: (error: unknown) => void): void {
  // The library means it for itself: where it is called otherwise, nothing is changed.
  const manager = client.ws as unknown as { handlePacket?: Handle };
  const handle = manager.handlePacket?.bind(manager);
  if (handle === undefined) return;
  manager.handlePacket = (packet, shard) => {
    try {
      return handle(packet, shard);
    } catch (error) {
      if (SESSION.includes(packet?.t ?? "")) throw error;
      onError(error);
      return false;
    }
  };
}

/**
 * What discord.js remembers: the newest messages of each channel, those who wrote last in each server, and those who did anywhere, so
 * that memory does not grow with what people write.
 */
export const REMEMBERED = { messages: 50, members: 500, users: 5_000 } as const;

/** How discord.js is to work for us, whatever else it is given. */
function clientOptions(door: Door, { messageContent }: BotOptions, given: Partial<ClientOptions> = {}): ClientOptions {
  const intents = [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages, GatewayIntentBits.DirectMessages];
  return {
    ...given,
    intents: messageContent ? [...intents, GatewayIntentBits.MessageContent] : intents,
    // Private channels are not known before somebody writes in them, nor are old messages that change.
    partials: [Partials.Channel, Partials.Message],
    allowedMentions: { parse: [], repliedUser: false },
    failIfNotExists: true,
    makeCache: Options.cacheWithLimits({
      ...Options.DefaultMakeCacheSettings,
      MessageManager: REMEMBERED.messages,
      GuildMemberManager: { maxSize: REMEMBERED.members, keepOverLimit: isUs },
      UserManager: { maxSize: REMEMBERED.users, keepOverLimit: isUs },
    }),
    rest: { ...given.rest, makeRequest: door.makeRequest },
  };
}

function isUs({ id, client }: GuildMember | User): boolean {
  return id === client.user.id;
}
