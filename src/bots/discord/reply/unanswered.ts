/** Answers that were being written when the process died that wrote them. */
import { type Message, ShardClientUtil } from "discord.js";
import { hashOf, type ReplyRecord } from "../../guard/index.ts";
import { type BotContext, isPrivateGuild } from "../bot-context.ts";
import { settingsOfMessage } from "../whereabouts.ts";
import { messageTarget } from "./live-reply.ts";
import { isAnswered } from "./question.ts";

const RESTARTED = "I was restarted before I could answer this. Please ask again.";

/** Ends the records of answers that nobody writes any more, and tells those who asked by a message: whether there is an answer is looked for first. */
export async function tellUnanswered(context: BotContext): Promise<void> {
  const { store, log, drafts, client } = context;
  const isOurs = (guild: string, source: string) => isHeard(client, guild) && drafts.get(source) === undefined;
  const left = await store.failUnfinished({ isOurs });
  if (left.length === 0) return;
  log.warn({ count: left.length }, "ended the records of answers that were never finished");
  for (const reply of left) {
    await tell(context, reply).catch((error: unknown) => {
      // Also where the question is gone, or was a command, which nobody can answer any more.
      log.info({ err: error, guild: reply.guild, source: reply.source }, "not told");
    });
  }
}

/** Private conversations are the first shard's. */
function isHeard({ options, ws }: BotContext["client"], guild: string): boolean {
  return ws.shards.has(isPrivateGuild(guild) ? 0 : ShardClientUtil.shardIdForGuildId(guild, options.shardCount ?? 1));
}

async function tell({ client, store, outbound, options }: BotContext, reply: ReplyRecord): Promise<void> {
  const { guild, source, author, hash, value } = reply;
  const channel = await client.channels.fetch(reply.channel);
  if (channel === null || !channel.isTextBased()) return;
  const question = await channel.messages.fetch({ message: source, force: true });
  const settings = settingsOfMessage((await store.settings(guild)).settings, question);
  if (!isAnswered(question, settings, options) || (await store.isOptedOut(author))) return;
  const { standing, isSure } = await answerTo(question);
  // What can be stopped is no whole answer.
  const isWhole = standing !== undefined && standing.components.length === 0;
  if (isWhole && hashOf(standing.content) === hash)
    await store.endReply(guild, source, { state: value === undefined ? "refused" : "posted", messages: [standing.id] });
  if (isWhole || !isSure) return;
  const content = outbound.own(RESTARTED);
  const id = await messageTarget(question, outbound, standing).put({ content, canBeStopped: false });
  await store.endReply(guild, source, { state: "failed", messages: [id] });
}

/** Discord's limit. */
const PAGE = 100;

/** A question behind which more was said is not looked through to its end. */
const MOST_PAGES = 10;

/** What we have posted in reply to a question; and whether, where there is nothing, it is sure that there is nothing. */
export async function answerTo(question: Message): Promise<{ readonly standing: Message | undefined; readonly isSure: boolean }> {
  let after = question.id;
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const page = [...(await question.channel.messages.fetch({ after, limit: PAGE })).values()];
    const standing = page.find(({ author, reference }) => author.id === question.client.user.id && reference?.messageId === question.id);
    if (standing !== undefined || page.length < PAGE) return { standing, isSure: true };
    after = page.reduce((newest, { id }) => (BigInt(id) > BigInt(newest) ? id : newest), after);
  }
  return { standing: undefined, isSure: false };
}
