import { type Attachment, cleanContent, type Message, MessageType, PermissionFlagsBits, type TextBasedChannel } from "discord.js";
import type { Logger } from "pino";
import type { GuildSettings, Store, Utterance } from "../../guard/index.ts";
import { type BotOptions, isServed, privateGuild } from "../bot-context.ts";
import { type AttachedText, attachedText } from "./attached-text.ts";
import type { CommandQuestions } from "./command-questions.ts";
import { sharedIn } from "./text.ts";

/** Whether a message is a question to us, and may be answered where it was asked. */
export function isAnswered(message: Message, settings: GuildSettings, options: BotOptions): boolean {
  if (!isAddressed(message, settings)) return false;
  if (!message.inGuild()) return options.dms;
  return isServed(options, message.guildId) && lackingPermissions(message).length === 0;
}

/** What we lack to answer a question where it was asked, by Discord's names; nothing where it is none, or is not to be answered. */
export function lackingToAnswer(message: Message, settings: GuildSettings, options: BotOptions): readonly string[] {
  const isQuestion = message.inGuild() && isServed(options, message.guildId) && isAddressed(message, settings);
  return isQuestion ? lackingPermissions(message) : [];
}

function lackingPermissions({ guild, channel }: Message<true>): readonly string[] {
  const { me } = guild.members;
  const needed = [
    ["View Channel", PermissionFlagsBits.ViewChannel],
    ["Read Message History", PermissionFlagsBits.ReadMessageHistory],
    channel.isThread()
      ? (["Send Messages in Threads", PermissionFlagsBits.SendMessagesInThreads] as const)
      : (["Send Messages", PermissionFlagsBits.SendMessages] as const),
  ] as const;
  return needed.filter(([, permission]) => me === null || !channel.permissionsFor(me).has(permission)).map(([name]) => name);
}

/**
 * Whether a message is a question to us: it mentions us by name or, in reply to us, goes on. Bots, webhooks and we ourselves ask
 * nothing, so no two bots can talk for ever.
 */
function isAddressed(message: Message, { talk }: GuildSettings): boolean {
  if (!talk.enabled || !isByPerson(message)) return false;
  if (!message.inGuild()) return true;
  if (!isTalkedIn(message, talk.channels)) return false;
  const { user } = message.client;
  const isMention = new RegExp(`<@!?${user.id}>`).test(message.content);
  const isReply = message.reference?.messageId !== undefined && message.mentions.repliedUser?.id === user.id;
  return (talk.mentions && isMention) || (talk.replies && isReply);
}

export function isByPerson({ author, webhookId, system }: Message): boolean {
  return !author.bot && !author.system && webhookId === null && !system;
}

/** Whether a program posts it under a name of its own, which no account stands behind. Responses to commands come in the same way, and are a bot's. */
export function isByWebhook({ webhookId, applicationId, interactionMetadata }: Message): boolean {
  return webhookId !== null && webhookId !== applicationId && interactionMetadata === null;
}

/** Where something was said; the channel may not be known. */
interface QuestionChannel {
  readonly channelId: string;
  readonly channel: TextBasedChannel | null;
}

/** Whether the guild wants it to talk there. */
export function isTalkedIn({ channel, channelId }: QuestionChannel, channels: readonly string[]): boolean {
  if (channels.length === 0 || channels.includes(channelId)) return true;
  return channel?.isThread() === true && channel.parentId !== null && channels.includes(channel.parentId);
}

/** How a conversation is read. */
interface ReadingRules {
  readonly settings: GuildSettings;
  readonly store: Pick<Store, "isOptedOut" | "reply">;
  readonly asked: Pick<CommandQuestions, "find">;
  readonly log: Logger;
}

/** What is read of a conversation. */
export interface Conversation {
  /** Its last line is the question. */
  readonly said: readonly Utterance[];
  /** Files of the question, and of the message that it replies to, that were not read, or not to their end. */
  readonly unread: number;
}

/** The conversation that a message goes on with. Of people who opted out nothing is read. */
export async function readConversation(message: Message, reading: ReadingRules): Promise<Conversation> {
  const { context, contextMessages } = reading.settings.talk;
  const meant = message.reference?.messageId;
  const earlier = isReadWhole(message.channel, context)
    ? await lastSaid(message.channel, reading, { before: message.id, meant })
    : await saidIn(await repliedTo(message, contextMessages - 1, reading), reading, meant);
  // What was too long for a message is a file of it.
  const asked = withText(lineOf(message), await attachedText(message, reading.log));
  return { said: [...earlier.said, asked.line], unread: earlier.unread + asked.unread };
}

function withText(line: Utterance, { text, unread }: AttachedText): { readonly line: Utterance; readonly unread: number } {
  return { line: { ...line, text: `${line.text}\n${text}`.trim() }, unread };
}

/** Where a command was given, which is no message; and a file with it. */
interface Asked {
  readonly channel: TextBasedChannel | null;
  readonly line: Utterance;
  readonly file: Attachment | null;
  readonly interaction: { readonly guildId: string | null; readonly id: string };
}

/** What was said last in a channel, if we may read there, and what is asked by a command. */
export async function readAsked({ channel, line, file, interaction }: Asked, reading: ReadingRules): Promise<Conversation> {
  const attachments = new Map(file === null ? [] : [[file.id, file] as const]);
  const asked = withText(line, await attachedText({ attachments, guildId: interaction.guildId, id: interaction.id }, reading.log));
  const before = channel === null ? [] : await readChannel(channel, reading);
  return { said: [...before, asked.line], unread: asked.unread };
}

/** Whether all that was said last in a channel is the conversation: always in private, where there is no other. */
function isReadWhole(channel: TextBasedChannel, context: GuildSettings["talk"]["context"]): boolean {
  return channel.isDMBased() || context === "recent" || (context === "thread" && channel.isThread());
}

async function readChannel(channel: TextBasedChannel, reading: ReadingRules): Promise<readonly Utterance[]> {
  const isRecent = isReadWhole(channel, reading.settings.talk.context);
  return isRecent && isReadable(channel) ? (await lastSaid(channel, reading)).said : [];
}

/** Commands work also where the bot may not look. */
export function isReadable(channel: TextBasedChannel): boolean {
  if (channel.isDMBased()) return true;
  const { me } = channel.guild.members;
  return me !== null && channel.permissionsFor(me).has([PermissionFlagsBits.ViewChannel, PermissionFlagsBits.ReadMessageHistory]);
}

/** What was asked by commands counts as messages. */
async function lastSaid(
  channel: TextBasedChannel,
  reading: ReadingRules,
  { before, meant }: { readonly before?: string; readonly meant?: string | undefined } = {},
): Promise<Conversation> {
  const limit = reading.settings.talk.contextMessages - 1;
  const { said, unread } = await saidIn(await lastMessages(channel, limit, before), reading, meant);
  return { said: limit < 1 ? [] : said.slice(-limit), unread };
}

async function lastMessages(channel: TextBasedChannel, limit: number, before?: string): Promise<readonly Message[]> {
  if (limit < 1) return [];
  const messages = await channel.messages.fetch({ limit, ...(before === undefined ? {} : { before }) });
  return [...messages.values()].toReversed();
}

/** From the first one of the chain to the last. What cannot be read any more ends it. */
async function repliedTo(message: Message, limit: number, { store }: ReadingRules): Promise<readonly Message[]> {
  const chain: Message[] = [];
  const read = (id: string) => message.channel.messages.fetch(id).catch(() => undefined);
  const guild = message.guildId ?? privateGuild(message.author.id);
  for (let last = message; chain.length < limit; last = chain[0] as Message) {
    const { messageId, channelId } = last.reference ?? {};
    if (messageId === undefined || channelId !== message.channelId || last.type !== MessageType.Reply) break;
    const earlier = await read(messageId);
    if (earlier === undefined) break;
    // A long answer of ours is several messages, of which the first alone replies to the question: whichever was meant, all of them were.
    const isOurs = earlier.author.id === message.client.user.id;
    const parts = (isOurs ? (await store.reply(guild, messageId))?.messages : undefined) ?? [];
    const others = parts.filter((id) => id !== messageId).map(async (id) => [id, await read(id)] as const);
    const known = new Map([[messageId, earlier] as const, ...(await Promise.all(others))]);
    const all = parts.includes(messageId) ? parts.map((id) => known.get(id)).filter((part) => part !== undefined) : [earlier];
    chain.unshift(...all);
  }
  return chain;
}

/** @param meant the message whose files are read, too: the one that is replied to */
async function saidIn(messages: readonly Message[], { store, asked, log }: ReadingRules, meant?: string): Promise<Conversation> {
  const said: Utterance[] = [];
  let unread = 0;
  for (const message of messages) {
    const isOurs = message.author.id === message.client.user.id;
    if (!isOurs && (message.author.bot || message.webhookId !== null || message.system)) continue;
    if (!isOurs && (await store.isOptedOut(message.author.id))) continue;
    if (isOurs && !message.inGuild() && !(await isAnswer(message, store))) continue;
    const question = isOurs ? asked.find(message.id) : undefined;
    if (question !== undefined && !(await store.isOptedOut(question.speaker?.id ?? ""))) said.push(question);
    const read = message.id === meant && !isOurs ? withText(lineOf(message), await attachedText(message, log)) : undefined;
    said.push(read?.line ?? lineOf(message));
    unread += read?.unread ?? 0;
  }
  return { said, unread };
}

/** In private we also tell of servers, such as what became of a message there: that is no part of a conversation, and no other server's to know. */
async function isAnswer({ id, channel, reference, interactionMetadata }: Message, store: Pick<Store, "reply">): Promise<boolean> {
  if (reference !== null || interactionMetadata !== null) return true;
  const person = channel.isDMBased() && "recipientId" in channel ? channel.recipientId : "";
  // A further part of a long answer.
  return (await store.reply(privateGuild(person), id)) !== undefined;
}

function lineOf(message: Message): Utterance {
  const { author, member, client } = message;
  if (author.id === client.user.id) return { speaker: undefined, text: withoutUs(message) };
  const shared = sharedIn(message).map((text) => cleanContent(text, message.channel));
  const text = [titleAt(message), withoutUs(message), ...shared].filter((part) => part !== "").join("\n");
  return { speaker: { id: author.id, name: member?.displayName ?? author.displayName }, text };
}

/** The title of a thread that began with this message, whoever wrote it. */
function titleAt({ channel, id, thread }: Message): string {
  return channel.isThread() && channel.id === id ? channel.name : (thread?.name ?? "");
}

/** Names instead of mentions, and our own left out: it is how one talks to us, not what is said. */
function withoutUs({ content, channel, client }: Message): string {
  const text = content.replaceAll(new RegExp(`<@!?${client.user.id}>`, "g"), " ");
  return cleanContent(text, channel)
    .replace(/[ \t]+/g, " ")
    .trim();
}
