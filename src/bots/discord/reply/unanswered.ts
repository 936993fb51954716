/** Answers that were being written when the process died that wrote them. */
import { type Message, ShardClientUtil } from "discord.js";
import { excerptOf, hashOf, type ReplyRecord, say } from "../../guard/index.ts";
import { type BotContext, isPrivateGuild } from "../bot-context.ts";
import { settingsOfMessage } from "../whereabouts.ts";
import { isUnfinished, languageOf, messageTarget } from "./live-reply.ts";
import { isAnswered } from "./question.ts";

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
  const { guild, source, author, hash, excerpt, value } = reply;
  const channel = await client.channels.fetch(reply.channel);
  if (channel === null || !channel.isTextBased()) return;
  const question = await channel.messages.fetch({ message: source, force: true });
  const settings = settingsOfMessage((await store.settings(guild)).settings, question);
  if (!isAnswered(question, settings, options) || (await store.isOptedOut(author))) return;
  const { standing, isSure } = await answerTo(question);
  const target = messageTarget(question, outbound, { standing });
  // What can be stopped is no whole message.
  if (standing !== undefined && !isUnfinished(standing)) {
    const parts = await partsFrom(standing, hash);
    if (parts !== undefined)
      await store.endReply(guild, source, { state: value === undefined ? "refused" : "posted", messages: parts.map(({ id }) => id) });
    else if (excerpt === excerptOf(standing.content)) {
      // The text is nowhere any more: what is missing cannot be posted.
      const id = await target.add({ content: outbound.own(say(languageOf(question), "restarted.cut")), buttons: "nothing" }, BEHIND_ALL);
      await store.endReply(guild, source, { state: "failed", messages: [standing.id, ...(id === undefined ? [] : [id])] });
    }
  } else if (isSure) {
    const id = await target.put({ content: outbound.own(say(languageOf(question), "restarted.unanswered")), buttons: "nothing" });
    await store.endReply(guild, source, { state: "failed", messages: [id] });
  }
}

/** Behind the last part that an answer can have. */
const BEHIND_ALL = 1000;

/** By which the messages of one answer are known again, all of them together. */
export function hashOfPosts(posts: readonly string[]): string {
  return hashOf(posts.map((post) => post.trim()).join("\n"));
}

/** The messages of an answer, from its first one, where all of them are there. Further parts reply to nothing. */
async function partsFrom(first: Message, hash: string | undefined): Promise<readonly Message[] | undefined> {
  const parts = [first];
  const isWhole = () => hashOfPosts(parts.map(({ content }) => content)) === hash;
  if (isWhole()) return parts;
  const since = [...(await first.channel.messages.fetch({ after: first.id, limit: PAGE })).values()].toSorted((one, other) =>
    BigInt(one.id) < BigInt(other.id) ? -1 : 1,
  );
  for (const message of since) {
    const { author, reference, interactionMetadata, embeds } = message;
    if (author.id !== first.client.user.id || reference !== null || interactionMetadata !== null || embeds.length > 0) continue;
    parts.push(message);
    if (isWhole()) return parts;
  }
  return undefined;
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
