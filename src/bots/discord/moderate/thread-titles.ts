import type { AnyThreadChannel, GuildMember } from "discord.js";
import { EitherSignal } from "../../../core/index.ts";
import {
  decidedByFilters,
  excerptOf,
  filterHits,
  type GuildSettings,
  hashOf,
  type Judgement,
  judgedText,
  judgeMessage,
  saying,
  together,
  withFindings,
} from "../../guard/index.ts";
import { type BotContext, isServed, judgesByItself } from "../bot-context.ts";
import { settingsOfMessage } from "../whereabouts.ts";
import { unfitLine } from "./card.ts";
import { heardText } from "./heard.ts";
import { isIgnored, isLeftOut } from "./ignored.ts";
import { entered, tellModerators } from "./reviews.ts";

/**
 * Judges the title of a thread that begins at a message which stood there before: who begins the thread writes it, and Discord posts nothing in their name.
 * Other titles are read with the first message of the thread, but where they are changed later: no message tells of that.
 */
export async function judgeTitle(context: BotContext, thread: AnyThreadChannel, { isChanged = false } = {}): Promise<void> {
  const { looks, over, log, metrics } = context;
  const { guildId: guild, id } = thread;
  let wanted = await wantedFor(context, thread);
  if (wanted === undefined || !(isChanged || (await isBegunAtMessage(thread)))) return;
  const look = looks.begin(guild);
  using either = new EitherSignal(over, look.signal);
  try {
    while (wanted !== undefined) {
      const { settings, version }: Wanted = wanted;
      const title = thread.name;
      const judgement = await judgementOf(context, { guild, title, settings, signal: either.signal });
      if (judgement.against.length === 0) return;
      wanted = await wantedFor(context, thread);
      if (wanted?.version !== version) continue;
      // What was changed meanwhile is looked at by itself.
      if (thread.name !== title) return;
      if (!look.take()) return;
      metrics.against.inc();
      await openReview(context, { thread, title, isChanged, judgement, ...wanted });
      return;
    }
  } catch (error) {
    if (look.signal.aborted) return;
    metrics.unjudged.inc();
    log.error({ err: error, guild, message: id }, "not judged");
  } finally {
    look.end();
  }
}

/** Whose title it is, and by which settings it is to be judged. */
interface Wanted {
  readonly owner: GuildMember;
  readonly settings: GuildSettings;
  readonly version: number;
}

/** By the settings that hold now. `undefined`: it is not to be judged. */
async function wantedFor({ store, options }: BotContext, thread: AnyThreadChannel): Promise<Wanted | undefined> {
  const { version, settings: decided } = await store.settings(thread.guildId);
  if (!isServed(options, thread.guildId) || !judgesByItself(options, decided)) return undefined;
  const owner = await ownerOf(thread);
  if (owner === undefined || owner.user.bot) return undefined;
  const settings = settingsOfMessage(decided, { channel: thread, channelId: thread.id, member: owner });
  const isOut = isLeftOut(thread, owner.id, settings) || isIgnored({ author: owner, guild: thread.guild }, owner, settings);
  return isOut || !judgesByItself(options, settings) ? undefined : { owner, settings, version };
}

interface Title {
  readonly guild: string;
  readonly title: string;
  readonly settings: GuildSettings;
  readonly signal: AbortSignal;
}

async function judgementOf({ inference, metrics }: BotContext, { guild, title: text, settings, signal }: Title): Promise<Judgement> {
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

interface Found extends Wanted {
  readonly thread: AnyThreadChannel;
  readonly title: string;
  /** It stood there as another one before. */
  readonly isChanged: boolean;
  readonly judgement: Judgement;
}

/** It is against a principle, and no message: moderators are told, and nothing is done. */
async function openReview(context: BotContext, { thread, title, isChanged, owner, judgement, settings }: Found): Promise<void> {
  const { findings, isCertain, unfit } = judgement;
  const { id, guildId: guild } = thread;
  const shadow = settings.moderation.shadow || !isCertain;
  const record = await entered(
    context,
    {
      guild,
      // Where the thread is read from its beginning: the message at which it began is somebody else's, perhaps, and stands elsewhere.
      channel: id,
      message: id,
      author: owner.id,
      hash: hashOf(title),
      excerpt: excerptOf(title),
      text: title,
      judged: judgedText(title),
      attachments: 0,
      unread: 0,
      findings,
      action: "log",
      shadow,
      createdAt: context.options.clock(),
    },
    owner,
  );
  if (record === undefined) return;
  await tellModerators(
    context,
    settings,
    record,
    together(
      [saying("card.titleStays"), ...(isChanged ? [saying("card.titleChanged")] : []), ...(isCertain ? [] : unfit.map(unfitLine))],
      " ",
    ),
  );
}
