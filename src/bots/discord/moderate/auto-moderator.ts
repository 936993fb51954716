import type { Message } from "discord.js";
import PQueue from "p-queue";
import { type GuildSettings, judgeMessage } from "../../guard/index.ts";
import { type BotContext, isServed } from "../bot-context.ts";
import { isByPerson } from "../reply/question.ts";
import { messageText } from "../reply/text.ts";
import { authorOf, openReview } from "./reviews.ts";

/** Messages that are judged at once. Answers use the model too. */
const AT_ONCE = 4;

/** Messages that wait to be judged; of a flood beyond it, the rest stays unjudged and is counted. */
const MOST_WAITING = 2000;

/** Judges what people post and edit, where a guild wants it. */
export class AutoModerator {
  readonly #context: BotContext;
  readonly #queue = new PQueue({ concurrency: AT_ONCE });

  constructor(context: BotContext) {
    this.#context = context;
  }

  /** Never rejects: what cannot be judged is left as it is, counted and logged. */
  look(message: Message, settings: GuildSettings): void {
    if (!message.inGuild() || !this.#isLookedAt(message, settings)) return;
    if (this.#queue.size >= MOST_WAITING) this.#context.metrics.unjudged.inc();
    else void this.#queue.add(() => this.#judge(message, settings));
  }

  /** Resolves when nothing waits to be judged. */
  async idle(): Promise<void> {
    await this.#queue.onIdle();
  }

  /** What waits is not judged any more. */
  stop(): void {
    this.#queue.clear();
  }

  async #judge(message: Message<true>, settings: GuildSettings): Promise<void> {
    const { inference, metrics, log, over } = this.#context;
    const text = messageText(message);
    try {
      if (await hasIgnoredRole(message, settings)) return;
      const judgement = await judgeMessage(inference, { guild: message.guildId, text, settings, signal: over });
      if (judgement.findings.length === 0) return;
      metrics.judged.inc();
      if (judgement.against.length === 0) return;
      metrics.against.inc();
      await openReview(this.#context, { message, text, judgement, settings });
    } catch (error) {
      metrics.unjudged.inc();
      log.error({ err: error, guild: message.guildId, message: message.id }, "not judged");
    }
  }

  #isLookedAt(message: Message<true>, { moderation }: GuildSettings): boolean {
    const { options } = this.#context;
    if (!moderation.automatic || !options.messageContent || !isServed(options, message.guildId) || !isByPerson(message)) return false;
    const { ignore } = moderation;
    const { channel } = message;
    const parent = channel.isThread() ? channel.parent : channel;
    const places = [channel.id, parent?.id];
    const isIgnored =
      ignore.users.includes(message.author.id) ||
      places.some((place) => place !== undefined && ignore.channels.includes(place)) ||
      (parent?.parentId != null && ignore.categories.includes(parent.parentId));
    return !isIgnored;
  }
}

/** A member whom discord.js has forgotten is fetched, so that people who are to be ignored stay so. */
async function hasIgnoredRole(message: Message<true>, { moderation }: GuildSettings): Promise<boolean> {
  const { roles } = moderation.ignore;
  if (roles.length === 0) return false;
  const member = message.member ?? (await authorOf(message));
  return member?.roles.cache.some(({ id }) => roles.includes(id)) ?? false;
}
