import { type GuildMember, type Message, MessageType, PermissionFlagsBits } from "discord.js";
import PQueue from "p-queue";
import { EitherSignal } from "../../../core/index.ts";
import {
  decidedByFilters,
  type FilterHit,
  filterHits,
  type GuildSettings,
  type Judgement,
  judgeMessage,
  NOTHING_JUDGED,
  withFindings,
} from "../../guard/index.ts";
import { type BotContext, type BotOptions, isServed } from "../bot-context.ts";
import { attachedText } from "../reply/attached-text.ts";
import { isByPerson, isByWebhook } from "../reply/question.ts";
import { messageText } from "../reply/text.ts";
import { settingsOfMessage } from "../whereabouts.ts";
import { heardOf } from "./heard.ts";
import { HitGuard } from "./hit-guard.ts";
import { isNewcomer } from "./incidents.ts";
import type { Look } from "./looks.ts";
import { Repeats } from "./repeats.ts";
import { type Against, authorOf, openReview } from "./reviews.ts";

/** Messages that are judged at once. Answers use the model too. */
const AT_ONCE = 4;

/** Messages that wait to be judged; of a flood beyond it, the rest stays unjudged and is counted. */
const MOST_WAITING = 2000;

/** Judges what people post and edit, where a guild wants it. */
export class AutoModerator {
  readonly #context: BotContext;
  readonly #queue = new PQueue({ concurrency: AT_ONCE });
  /** What filters decide waits for no judge. */
  readonly #decided = new PQueue({ concurrency: AT_ONCE });
  readonly #hits: HitGuard;
  readonly #repeats = new Repeats();

  constructor(context: BotContext) {
    this.#context = context;
    this.#hits = new HitGuard(context);
  }

  /** Never rejects: what cannot be judged is left as it is, counted and logged. */
  look(message: Message, settings: GuildSettings): void {
    const { looks, metrics, options } = this.#context;
    if (!message.inGuild() || !isLookedAt(message, settings, options)) return;
    const said = messageText(message);
    this.#repeats.note(this.#saidBy(message, said));
    const hits = this.#hitsOf(message, said, settingsOfMessage(settings, message), message.member);
    const queue = decidedByFilters(hits) === undefined ? this.#queue : this.#decided;
    if (queue.size >= MOST_WAITING) metrics.unjudged.inc();
    else {
      const look = looks.begin(message.guildId);
      void queue.add(() => this.#lookAt(message, look), { priority: hits.length > 0 ? 1 : 0 });
    }
  }

  /** Resolves when nothing waits to be judged. */
  async idle(): Promise<void> {
    await Promise.all([this.#queue.onIdle(), this.#decided.onIdle()]);
  }

  /** What waits is not judged any more. */
  stop(): void {
    this.#queue.clear();
    this.#decided.clear();
  }

  async #lookAt(message: Message<true>, look: Look): Promise<void> {
    const { metrics, log, over } = this.#context;
    using either = new EitherSignal(over, look.signal);
    try {
      const against = await this.#judge(message, either.signal);
      if (against === undefined || !look.take()) return;
      if (against.judgement.isByFilter) metrics.filtered.inc();
      else metrics.against.inc();
      await openReview(this.#context, against);
    } catch (error) {
      if (look.signal.aborted) return;
      metrics.unjudged.inc();
      log.error({ err: error, guild: message.guildId, message: message.id }, "not judged");
    } finally {
      look.end();
    }
  }

  /** By the settings that hold when the message comes to its turn, and that hold still when it is judged. `undefined`: there is nothing to be done. */
  async #judge(message: Message<true>, signal: AbortSignal): Promise<Against | undefined> {
    const { options, store, log } = this.#context;
    const guild = message.guildId;
    for (;;) {
      signal.throwIfAborted();
      const { version, settings: decided } = await store.settings(guild);
      // A member whom discord.js has forgotten is fetched, so that people who are to be ignored stay so.
      const member = message.member ?? (await authorOf(message));
      const settings = settingsOfMessage(decided, message, member);
      if (!isLookedAt(message, settings, options) || isIgnored(message, member, settings)) return undefined;
      const said = messageText(message);
      const text = [said, (await attachedText(message, log)).text].filter((part) => part !== "").join("\n");
      const hits = this.#hitsOf(message, text, settings, member);
      const byFilter = decidedByFilters(hits);
      this.#hits.countFiltered(
        guild,
        byFilter !== undefined,
        isNewcomer({ joinedAt: member?.joinedTimestamp ?? undefined, at: options.clock() }),
      );
      const judgement = byFilter ?? (await this.#judged(message, { text, settings, signal, hits }));
      if (judgement.against.length === 0) return undefined;
      // What was changed meanwhile is looked at by itself, as every edit is.
      if (messageText(await newest(message)) !== said) return undefined;
      const isStopped = await this.#hits.stops(guild, settings, judgement);
      if (!isStopped && (await store.settings(guild)).version === version) return { message, text, judgement, settings };
    }
  }

  /** What judges say, beside what filters have found. Where no judge can be asked, that is what there is. */
  async #judged(
    { guildId: guild, id }: Message<true>,
    {
      text,
      settings,
      signal,
      hits,
    }: Pick<Against, "text" | "settings"> & { readonly signal: AbortSignal; readonly hits: readonly FilterHit[] },
  ): Promise<Judgement> {
    const { inference, metrics, log } = this.#context;
    try {
      const judgement = await judgeMessage(inference, { guild, text, settings, signal });
      if (judgement.findings.length > 0) {
        metrics.judged.inc();
        await this.#hits.count(guild, judgement.against.length > 0);
      }
      return withFindings(judgement, hits);
    } catch (error) {
      const found = withFindings(NOTHING_JUDGED, hits);
      if (signal.aborted || found.against.length === 0) throw error;
      metrics.unjudged.inc();
      log.error({ err: error, guild, message: id }, "not judged, but found by a filter");
      return found;
    }
  }

  #hitsOf(message: Message<true>, text: string, settings: GuildSettings, member: GuildMember | null): readonly FilterHit[] {
    const said = this.#saidBy(message, messageText(message));
    const saidWithin = (seconds: number) => this.#repeats.count(said, seconds);
    return filterHits(heardOf(message, { text, member, at: said.at, saidWithin }), settings);
  }

  #saidBy({ guildId: guild, author, id: message, createdTimestamp: at }: Message<true>, text: string) {
    return { guild, author: author.id, message, text, at };
  }
}

function isLookedAt(message: Message<true>, { moderation }: GuildSettings, options: BotOptions): boolean {
  if (!moderation.automatic || !options.messageContent || !isServed(options, message.guildId)) return false;
  if (!isByPerson(message) && !isByWebhook(message) && !isThreadsTitle(message)) return false;
  const { ignore } = moderation;
  const { channel } = message;
  const parent = channel.isThread() ? channel.parent : channel;
  const places = [channel.id, parent?.id];
  const isIgnoredHere =
    ignore.users.includes(message.author.id) ||
    places.some((place) => place !== undefined && ignore.channels.includes(place)) ||
    (parent?.parentId != null && ignore.categories.includes(parent.parentId));
  return !isIgnoredHere;
}

/** Of a thread that began with no message Discord posts the title, in its author's name. */
function isThreadsTitle({ author, type }: Message): boolean {
  return type === MessageType.ThreadCreated && !author.bot;
}

/** As it stands there now. What is gone by now, or cannot be read again, is as it was heard. */
async function newest(message: Message<true>): Promise<Message<true>> {
  return await message.fetch().catch(() => message);
}

/** Those whom a server does not have judged: who owns or administers it, and who has one of these roles. */
function isIgnored({ author, guild }: Message<true>, member: GuildMember | null, { moderation: { ignore } }: GuildSettings): boolean {
  const isAdministrator = author.id === guild.ownerId || member?.permissions.has(PermissionFlagsBits.Administrator) === true;
  if (isAdministrator && ignore.administrators) return true;
  return member?.roles.cache.some(({ id }) => ignore.roles.includes(id)) ?? false;
}
