import type { AnyThreadChannel, GuildMember } from "discord.js";
import { EitherSignal } from "../../../core/index.ts";
import { decidedByFilters, filterHits, type GuildSettings, type Judgement, judgeMessage, withFindings } from "../../guard/index.ts";
import { type BotContext, isServed, judgesByItself } from "../bot-context.ts";
import { settingsOfMessage } from "../whereabouts.ts";
import { heardText } from "./heard.ts";
import { isIgnored, isLeftOut } from "./ignored.ts";
import { openReviewOfTitle } from "./reviews.ts";

/**
 * Judges the title of a thread that begins at a message which stood there before: who begins the thread writes it, and Discord posts nothing in their name.
 * Other titles are read with the first message of the thread.
 */
export async function judgeTitle(context: BotContext, thread: AnyThreadChannel): Promise<void> {
  const { store, options, looks, over, log, metrics } = context;
  const { guildId: guild, id } = thread;
  const { settings: decided } = await store.settings(guild);
  if (!isServed(options, guild) || !judgesByItself(options, decided) || !(await isBegunAtMessage(thread))) return;
  const owner = await ownerOf(thread);
  if (owner === undefined || owner.user.bot) return;
  const settings = settingsOfMessage(decided, { channel: thread, channelId: id, member: owner });
  const author = { author: owner, guild: thread.guild };
  if (isLeftOut(thread, owner.id, settings) || isIgnored(author, owner, settings) || !judgesByItself(options, settings)) return;
  const look = looks.begin(guild);
  using either = new EitherSignal(over, look.signal);
  try {
    const judgement = await judgementOf(context, { thread, settings, signal: either.signal });
    if (judgement.against.length === 0 || !look.take()) return;
    metrics.against.inc();
    await openReviewOfTitle(context, { thread, owner, judgement, settings });
  } catch (error) {
    if (look.signal.aborted) return;
    metrics.unjudged.inc();
    log.error({ err: error, guild, message: id }, "not judged");
  } finally {
    look.end();
  }
}

interface Title {
  readonly thread: AnyThreadChannel;
  readonly settings: GuildSettings;
  readonly signal: AbortSignal;
}

async function judgementOf({ inference, metrics }: BotContext, { thread, settings, signal }: Title): Promise<Judgement> {
  const { guildId: guild, name: text } = thread;
  const hits = filterHits(heardText(text), settings);
  const byFilter = decidedByFilters(hits);
  if (byFilter !== undefined) return byFilter;
  const judgement = await judgeMessage(inference, { guild, text, settings, signal });
  if (judgement.findings.length > 0) metrics.judged.inc();
  return withFindings(judgement, hits);
}

/** In a forum it begins with a message of its own. */
async function isBegunAtMessage(thread: AnyThreadChannel): Promise<boolean> {
  const first = await thread.fetchStarterMessage().catch(() => null);
  return first !== null && first.channelId !== thread.id;
}

async function ownerOf({ guild, ownerId }: AnyThreadChannel): Promise<GuildMember | undefined> {
  return ownerId === null ? undefined : await guild.members.fetch(ownerId).catch(() => undefined);
}
