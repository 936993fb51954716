import { type GuildMember, type Message, MessageType } from "discord.js";
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
  saying,
  withFindings,
} from "../../guard/index.ts";
import { type BotContext, type BotOptions, isServed, judgesByItself } from "../bot-context.ts";
import { readMessage } from "../reply/attached-text.ts";
import { isByPerson, isByWebhook } from "../reply/question.ts";
import { messageText } from "../reply/text.ts";
import { isUnderUsualLimit, settingsOfMessage } from "../whereabouts.ts";
import { heardOf } from "./heard.ts";
import { HitGuard } from "./hit-guard.ts";
import { isIgnored, isLeftOut } from "./ignored.ts";
import { isNewcomer } from "./incidents.ts";
import { JudgingLine } from "./judging-line.ts";
import { tellServer } from "./log-channel.ts";
import type { Look } from "./looks.ts";
import { noteForRaid } from "./raids.ts";
import { Repeats } from "./repeats.ts";
import { type Against, authorOf, openReview } from "./reviews.ts";

/** Messages that are judged at once. Answers use the model too. */
const AT_ONCE = 4;

/** Messages that wait to be judged, and that filters decide; of a flood beyond it, the rest stays unjudged, which is counted and said. */
const MOST_WAITING = 2000;

interface Waiting {
  readonly message: Message<true>;
  /** As they were when it was heard. */
  readonly settings: GuildSettings;
  readonly look: Look;
}

/** Judges what people post and edit, where a guild wants it. */
export class AutoModerator {
  readonly #context: BotContext;
  readonly #line = new JudgingLine<Waiting>(MOST_WAITING);
  /** For each that stands in the line, one takes the next. */
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
    const { looks, options, pace } = this.#context;
    if (!message.inGuild() || !isInScope(message, settings, options)) return;
    if (!judgesByItself(options, settings)) {
      pace.wrote(message.guildId, options.clock());
      return;
    }
    const said = messageText(message);
    const here = settingsOfMessage(settings, message);
    // Nobody's words are remembered, not even as hashes, where no filter asks for them.
    if (here.moderation.filters.repeats.action !== "off") this.#repeats.note(this.#saidBy(message, said));
    const hits = this.#hitsOf(message, said, here, message.member);
    const waiting = { message, settings, look: looks.begin(message.guildId) };
    if (decidedByFilters(hits) === undefined) {
      pace.wrote(message.guildId, options.clock());
      const passedOver = this.#line.add({ guild: message.guildId, urgency: urgencyOf(message, hits), entry: waiting });
      if (passedOver === undefined) void this.#queue.add(() => this.#lookAtNext());
      else this.#passOver(passedOver);
    } else if (this.#decided.size < MOST_WAITING) void this.#decided.add(() => this.#lookAt(waiting));
    else this.#passOver(waiting);
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

  /** It stays as it is. Those who can change something are told when that begins. */
  #passOver({ message: { guildId: guild }, settings, look }: Waiting): void {
    const { looks, metrics, options } = this.#context;
    look.end();
    metrics.unjudged.inc();
    if (looks.passOver(guild, options.clock()))
      void this.#decided.add(() => tellServer(this.#context, { guild, settings }, saying("log.passedOver")));
  }

  async #lookAtNext(): Promise<void> {
    const next = this.#line.take();
    if (next !== undefined) await this.#lookAt(next);
  }

  async #lookAt({ message, look }: Waiting): Promise<void> {
    const { metrics, log, over } = this.#context;
    using either = new EitherSignal(over, look.signal);
    try {
      const against = await this.#judge(message, either.signal);
      if (against === undefined || !look.take()) return;
      if (against.judgement.isByFilter) metrics.filtered.inc();
      else metrics.against.inc();
      await openReview(this.#context, against);
      await noteForRaid(this.#context, against, message.member ?? (await authorOf(message)));
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
    const { options, store, log, raids } = this.#context;
    const guild = message.guildId;
    for (;;) {
      signal.throwIfAborted();
      const { version, settings: decided } = await store.settings(guild);
      // A member whom discord.js has forgotten is fetched, so that people who are to be ignored stay so.
      const member = message.member ?? (await authorOf(message));
      const settings = settingsOfMessage(decided, message, member);
      if (!judgesByItself(options, settings) || !isInScope(message, settings, options) || isIgnored(message, member, settings))
        return undefined;
      if (settings.moderation.filters.raids.action !== "off") await raids.recall(guild);
      const said = contentOf(message);
      const { text, unread } = await readMessage(message, log);
      const hits = this.#hitsOf(message, text, settings, member);
      const byFilter = decidedByFilters(hits);
      this.#hits.countFiltered(
        guild,
        byFilter !== undefined,
        isNewcomer({ joinedAt: member?.joinedTimestamp ?? undefined, at: options.clock() }),
      );
      const judgement =
        byFilter ??
        (await this.#judged(message, {
          text,
          settings,
          signal,
          hits,
          hasUsualLimit: (rule) => isUnderUsualLimit(decided, message, member, rule),
        }));
      if (judgement.against.length === 0) return undefined;
      // What was changed meanwhile is looked at by itself, as every edit is.
      if (contentOf(await newest(message)) !== said) return undefined;
      const isStopped = await this.#hits.stops(guild, settings, judgement);
      if (!isStopped && (await store.settings(guild)).version === version) return { message, text, unread, judgement, settings };
    }
  }

  /** What judges say, beside what filters have found. Where no judge can be asked, that is what there is. */
  async #judged(
    message: Message<true>,
    {
      text,
      settings,
      signal,
      hits,
      hasUsualLimit,
    }: Pick<Against, "text" | "settings"> & {
      readonly signal: AbortSignal;
      readonly hits: readonly FilterHit[];
      readonly hasUsualLimit: (rule: string) => boolean;
    },
  ): Promise<Judgement> {
    const { inference, metrics, log, pace, options } = this.#context;
    const { guildId: guild, id } = message;
    try {
      const judgement = await pace.measured(guild, () => judgeMessage(inference, { guild, text, settings, signal }));
      if (judgement.findings.length > 0) {
        metrics.judged.inc();
        pace.judged(guild, options.clock());
        await this.#hits.count(message, judgement, settings, hasUsualLimit);
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
    const isInRaid = this.#context.raids.until(message.guildId, settings) !== undefined;
    return filterHits(heardOf(message, { text, member, at: said.at, saidWithin, isInRaid }), settings);
  }

  #saidBy({ guildId: guild, author, id: message, createdTimestamp: at }: Message<true>, text: string) {
    return { guild, author: author.id, message, text, at };
  }
}

/** What is likelier to be bad is judged before the rest. */
function urgencyOf({ member, createdTimestamp: at }: Message<true>, hits: readonly FilterHit[]): number {
  if (hits.length > 0) return 2;
  return isNewcomer({ joinedAt: member?.joinedTimestamp ?? undefined, at }) ? 1 : 0;
}

/** Whether it is to be judged where moderation is on. */
function isInScope(message: Message<true>, settings: GuildSettings, options: BotOptions): boolean {
  if (!isServed(options, message.guildId)) return false;
  if (!isByPerson(message) && !isByWebhook(message) && !isThreadsTitle(message)) return false;
  return !isLeftOut(message.channel, message.author.id, settings);
}

/** Of a thread that began with no message Discord posts the title, in its author's name. */
function isThreadsTitle({ author, type }: Message): boolean {
  return type === MessageType.ThreadCreated && !author.bot;
}

/** Tells whether it was changed: by its words, and by its files. */
function contentOf(message: Message): string {
  return [messageText(message), ...message.attachments.keys()].join("\n");
}

/** As it stands there now. What is gone by now, or cannot be read again, is as it was heard. */
async function newest(message: Message<true>): Promise<Message<true>> {
  return await message.fetch().catch(() => message);
}
