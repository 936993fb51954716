import { type Channel, Client, type ClientOptions, Events, type Message, type PartialMessage, Status } from "discord.js";
import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import {
  cooldown,
  DEFAULT_SETTINGS,
  dailyCaps,
  failures,
  fewAtOnce,
  type GuildSettings,
  guarded,
  type Inference,
  judgedQuestions,
  responding,
  type Store,
  say,
  shortQuestions,
} from "../guard/index.ts";
import { type BotContext, type BotOptions, privateGuild } from "./bot-context.ts";
import { carefulPackets, clientOptions, presenceOf } from "./client.ts";
import { handleInteraction, turnAway } from "./commands/interactions.ts";
import { closedError, loginErrorOf } from "./discord-api.ts";
import { Metrics } from "./metrics.ts";
import { AutoModerator } from "./moderate/auto-moderator.ts";
import { noteByHand, noteGone } from "./moderate/by-hand.ts";
import { carryOutUncarried } from "./moderate/decide.ts";
import { Incidents } from "./moderate/incidents.ts";
import { openLogChannel } from "./moderate/log-channel.ts";
import { Looks } from "./moderate/looks.ts";
import { Pace } from "./moderate/pace.ts";
import { Raids } from "./moderate/raids.ts";
import { judgeTitle } from "./moderate/thread-titles.ts";
import { OutboundFilter } from "./outbound-filter.ts";
import { CommandQuestions } from "./reply/command-questions.ts";
import { Drafts, InOrder, TakenBack, Typing } from "./reply/drafts.ts";
import { languageOf, messageTarget } from "./reply/live-reply.ts";
import { Notices } from "./reply/notices.ts";
import { isAnswered, readConversation } from "./reply/question.ts";
import { type DiscordQuestion, ReplyFlow } from "./reply/reply-flow.ts";
import { defang } from "./reply/text.ts";
import { tellUnanswered } from "./reply/unanswered.ts";
import { Unwritable } from "./reply/unwritable.ts";
import { Proposals } from "./settings/proposals.ts";
import { settingsOfMessage } from "./whereabouts.ts";
import { within } from "./within.ts";

export interface BotInput {
  readonly inference: Inference;
  readonly store: Store;
  readonly log: Logger;
  readonly options: BotOptions;
  /** Discord's own, such as another address of its interface, or how many shards there are. */
  readonly client?: Partial<ClientOptions>;
}

/** For telling those whose answers are given up: a request may hang. */
const LAST_WORDS_MS = 2000;

/** That are remembered until Discord tells that they are gone. */
const MOST_REMOVED = 10_000;

/** Of whose files it is remembered what they have; another one's is sent once more. */
const MOST_CARDS = 1000;

/** The bot: hears what happens on Discord, and leads it to what handles it. */
export class Bot implements AsyncDisposable {
  readonly client: Client;
  readonly metrics: Metrics;
  readonly #context: BotContext;
  readonly #moderator: AutoModerator;
  readonly #unwritable: Unwritable;
  #isLeaving = false;
  readonly #lost = new AbortController();
  readonly #over = new AbortController();
  readonly #work = new Set<Promise<void>>();
  /** Those who asked while it leaves, and were told so. */
  readonly #turnedAway = new Set<string>();

  constructor({ inference, store, log, options, client }: BotInput) {
    const outbound = new OutboundFilter();
    this.client = new Client(clientOptions(outbound, options, client));
    this.metrics = new Metrics({
      outbound,
      inference,
      shards: () => this.shards,
      gatewayPing: () => Math.max(...this.client.ws.shards.map(({ ping }) => ping)),
    });
    const asking = [failures, fewAtOnce(), cooldown(options.now), shortQuestions];
    const guards = [...asking, dailyCaps(store, options.clock), judgedQuestions(inference)];
    this.#context = {
      client: this.client as Client<true>,
      inference,
      store,
      outbound,
      log,
      over: this.#over.signal,
      options,
      metrics: this.metrics,
      learning: new Map(),
      drafts: new Drafts(),
      asked: new CommandQuestions(options.clock),
      looks: new Looks(),
      pace: new Pace(options.now),
      raids: new Raids(store, options.clock),
      lostLogs: new Set(),
      incidents: new Incidents(),
      removed: new LRUCache<string, true>({ max: MOST_REMOVED }),
      cardFiles: new LRUCache<string, string>({ max: MOST_CARDS }),
      order: new InOrder(),
      deeds: new InOrder(),
      typing: new Typing(),
      notices: new Notices(),
      proposals: new Proposals(),
      respond: guarded(responding({ inference, defang }), guards),
    };
    this.#moderator = new AutoModerator(this.#context);
    this.#unwritable = new Unwritable(this.#context);
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

  /** Texts that were stopped by the outbound filter: 0, or there is a bug. */
  get leaks(): number {
    return this.#context.outbound.leaks;
  }

  /** Resolves when nothing is being done any more. */
  async idle(): Promise<void> {
    while (this.#work.size > 0) await Promise.allSettled([...this.#work]);
    await this.#moderator.idle();
  }

  /** Takes no more work, lets what is being written end within this time, tells those for whom it is too late, and leaves. */
  async leave(drainMs: number): Promise<void> {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    this.#moderator.stop();
    // At once is before anything else happens.
    if (drainMs === 0) this.#hurry();
    const hurry = setTimeout(() => this.#hurry(), drainMs);
    await within(drainMs + LAST_WORDS_MS, this.idle());
    clearTimeout(hurry);
    await this.client.destroy();
  }

  #hurry(): void {
    this.#over.abort(new TakenBack("shutdown"));
    this.#context.drafts.takeBackAll("shutdown");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave(0);
  }

  #listen(): void {
    const { log, drafts, store, options } = this.#context;
    const { client } = this;
    carefulPackets(client, (error) => log.error({ err: error }, "the gateway told something that cannot be read"));
    // While it was not running, it was not told where it was sent away.
    client.on(Events.ClientReady, () => this.#do(() => store.noteGuilds(presenceOf(client, options.clock()))));
    client.on(Events.ClientReady, () => this.#do(() => tellUnanswered(this.#context)));
    client.on(Events.ClientReady, () => this.#do(() => carryOutUncarried(this.#context)));
    client.on(Events.MessageCreate, (message) => {
      if (this.#isLeaving) this.#track(() => this.#turnAway(message));
      else this.#do(() => this.#heard(message));
    });
    client.on(Events.MessageUpdate, (before, after) => this.#do(() => this.#edited(before, after)));
    const gone = (guild: string | null, ids: readonly string[]) => {
      for (const id of ids) drafts.takeBack(id, "deleted");
      this.#do(() => noteGone(this.#context, guild, ids));
    };
    client.on(Events.MessageDelete, ({ id, guildId }) => gone(guildId, [id]));
    client.on(Events.MessageBulkDelete, (messages, { guildId }) => gone(guildId, [...messages.keys()]));
    client.on(Events.GuildAuditLogEntryCreate, (entry, guild) => this.#do(() => noteByHand(this.#context, entry, guild)));
    client.on(Events.ChannelDelete, (channel) => this.#channelGone(channel));
    client.on(Events.ThreadCreate, (thread, isNew) => {
      if (isNew) this.#do(() => judgeTitle(this.#context, thread));
    });
    client.on(Events.ThreadUpdate, (before, after) => {
      if (before.name !== after.name) this.#do(() => judgeTitle(this.#context, after, { isChanged: true }));
    });
    client.on(Events.ThreadDelete, (channel) => this.#channelGone(channel));
    client.on(Events.InteractionCreate, (interaction) => {
      if (this.#isLeaving) void turnAway(interaction, this.#context);
      else this.#do(() => handleInteraction(interaction, this.#context));
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

  #channelGone(channel: Channel): void {
    const { drafts, store } = this.#context;
    drafts.takeBackChannel(channel.id, "deleted");
    if (channel.isDMBased()) return;
    const guild = channel.guildId;
    this.#do(async () => {
      const { settings } = await store.settings(guild);
      if (settings.moderation.logChannel === channel.id) await openLogChannel(this.#context, { guild, settings });
    });
  }

  /** Of what cannot be forgotten now, all else is forgotten all the same. */
  async #forget(guild: string): Promise<void> {
    const { store, inference, log, asked, raids } = this.#context;
    asked.forgetGuild(guild);
    raids.forget(guild);
    for (const end of await Promise.allSettled([inference.forgetGuild(guild), store.purgeGuild(guild)]))
      if (end.status === "rejected") log.error({ err: end.reason, guild }, "not all of a guild was forgotten");
  }

  /** What fails is logged: nothing that happens on Discord ends the process. */
  #do(work: () => Promise<void>): void {
    if (!this.#isLeaving) this.#track(work);
  }

  #track(work: () => Promise<void>): void {
    const done: Promise<void> = work()
      .catch((error: unknown) => this.#context.log.error({ err: error }, "failed"))
      .finally(() => this.#work.delete(done));
    this.#work.add(done);
  }

  async #heard(message: Message): Promise<void> {
    const askedAt = this.#context.options.now();
    if (message.author.id === this.client.user?.id) return;
    // The first question here is answered first, however long the settings take.
    const place = this.#context.order.join(message.channelId);
    try {
      const guild = message.guildId ?? privateGuild(message.author.id);
      const decided = await this.#settings(message, guild);
      this.#moderator.look(message, decided);
      const settings = settingsOfMessage(decided, message);
      if (isAnswered(message, settings, this.#context.options)) {
        this.#unwritable.forget(message.channelId);
        await this.#answer(message, { guild, settings, askedAt, before: place.before, isAnew: false });
      } else await this.#unwritable.look(message, settings);
    } finally {
      place.leave();
    }
  }

  /** Each person once: who asks again and again is not answered by a flood of lines. */
  async #turnAway(message: Message): Promise<void> {
    const { store, options, outbound } = this.#context;
    const decided = await store.settings(message.guildId ?? privateGuild(message.author.id));
    const settings = settingsOfMessage(decided.settings, message);
    if (this.#turnedAway.has(message.author.id) || !isAnswered(message, settings, options)) return;
    this.#turnedAway.add(message.author.id);
    if (await store.isOptedOut(message.author.id)) return;
    await messageTarget(message, outbound).put({
      content: outbound.own(say(languageOf(message), "restarting.question")),
      buttons: "nothing",
    });
  }

  async #answer(message: Message, asked: Pick<DiscordQuestion, "guild" | "settings" | "askedAt" | "before" | "isAnew">): Promise<void> {
    const { settings } = asked;
    await new ReplyFlow(this.#context, {
      ...asked,
      channel: message.channelId,
      source: message.id,
      author: message.author.id,
      read: () => readConversation(message, { ...this.#context, settings }),
      target: messageTarget(message, this.#context.outbound),
      language: languageOf(message),
      isDeferred: false,
      typingIn: message.channel,
    }).run();
  }

  async #edited(before: Message | PartialMessage, after: Message | PartialMessage): Promise<void> {
    // Discord also says so when it has found something behind a link: people read it, and its author has edited nothing.
    if (isOnlyPreviewed(before, after)) return await this.#previewed(after);
    const { drafts, order, store, options } = this.#context;
    const askedAt = options.now();
    using edit = drafts.edit(after.id);
    const place = edit && order.join(after.channelId);
    try {
      const message = after.partial ? await after.fetch() : after;
      const guild = message.guildId ?? privateGuild(message.author.id);
      const decided = await store.settings(guild);
      this.#moderator.look(message, decided.settings);
      const settings = settingsOfMessage(decided.settings, message);
      await edit?.over;
      // A question that is edited while it is being answered is answered anew; of several edits, the last one.
      if (edit === undefined || place === undefined || !edit.isNewest() || !isAnswered(message, settings, options)) return;
      await this.#answer(message, { guild, settings, askedAt, before: place.before, isAnew: true });
    } finally {
      place?.leave();
    }
  }

  /** Judged anew, with what people read in it now. */
  async #previewed(changed: Message | PartialMessage): Promise<void> {
    const message = changed.partial ? await changed.fetch() : changed;
    if (message.author.id === this.client.user?.id) return;
    const guild = message.guildId ?? privateGuild(message.author.id);
    this.#moderator.look(message, (await this.#context.store.settings(guild)).settings);
  }

  /** Without settings it is not known what may be said; a person who asked directly is told that much. */
  async #settings(message: Message, guild: string): Promise<GuildSettings> {
    try {
      return (await this.#context.store.settings(guild)).settings;
    } catch (error) {
      const { outbound, options } = this.#context;
      const content = outbound.own(say(languageOf(message), "failed"));
      if (isAnswered(message, DEFAULT_SETTINGS, options)) await messageTarget(message, outbound).put({ content, buttons: "nothing" });
      throw error;
    }
  }
}

function isOnlyPreviewed(before: Message | PartialMessage, after: Message | PartialMessage): boolean {
  if (before.partial || after.partial) return after.editedTimestamp === null;
  return before.content === after.content && before.editedTimestamp === after.editedTimestamp;
}
