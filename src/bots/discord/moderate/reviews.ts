import { DiscordAPIError, type GuildMember, type Message, MessageType, PermissionFlagsBits, RESTJSONErrorCodes } from "discord.js";
import {
  type Action,
  excerptOf,
  type GuildSettings,
  hashOf,
  type Judgement,
  judgedText,
  type NewReview,
  type ReviewRecord,
  say,
  saying,
  together,
  type Words,
} from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { languageOfServer } from "../client.ts";
import { Refused } from "../commands/command.ts";
import { once } from "../reply/live-reply.ts";
import { cut, quoted, titleOf } from "../reply/text.ts";
import { appealButton, isAgainst, reviewButtons, reviewCard, unfitLine } from "./card.ts";
import { auditDetail, saidBefore, sinceFields, textFiles } from "./evidence.ts";
import { updateCards } from "./follow-cards.ts";
import { openLogChannel } from "./log-channel.ts";
import { strikesOf } from "./strikes.ts";
import { timeOut } from "./time-outs.ts";

/** In Discord's own audit log. */
const LONGEST_REASON = 500;

/** A message that a principle speaks against. */
export interface Against {
  readonly message: Message<true>;
  /** All that people read of it. */
  readonly text: string;
  /** Files with it that were not judged, or not to their end. */
  readonly unread: number;
  readonly judgement: Judgement;
  readonly settings: GuildSettings;
}

/**
 * Enters a message into the review queue, then does what the rules ask for, or in shadow mode nothing, and tells the moderators. Where no fit judge speaks
 * against it, it is as in shadow mode.
 * An action that cannot be recorded is not taken: each one can be looked up.
 */
export async function openReview(context: BotContext, against: Against): Promise<void> {
  const { message, judgement, settings } = against;
  const turn = context.deeds.join(message.id);
  const opened = await turn.before.then(() => enterAndAct(context, against)).finally(turn.leave);
  if (opened === undefined) return;
  const { review, done } = opened;
  await tellModerators(context, settings, review, judgement.isCertain ? done.problem : together(judgement.unfit.map(unfitLine), " "));
  const { isRemoved } = done;
  if (isRemoved && message.webhookId === null && settings.moderation.appeals && context.incidents.isFirstTold(review, incidentOf(review)))
    await tellAuthor(context, message, review);
}

/** What a review is decided with, by the number that names it. */
export function incidentOf({ incident, id }: ReviewRecord): number {
  return incident ?? id;
}

/** `undefined`: it has a review already. */
async function enterAndAct(
  context: BotContext,
  { message, text, unread, judgement, settings }: Against,
): Promise<{ readonly review: ReviewRecord; readonly done: Done } | undefined> {
  const { store, options, log, outbound } = context;
  const { findings, isCertain, against } = judgement;
  const shadow = settings.moderation.shadow || !isCertain;
  const { action, minutes } = await withStrikes(context, { message, judgement, settings, shadow });
  const review = {
    guild: message.guildId,
    channel: message.channelId,
    message: message.id,
    author: message.author.id,
    hash: hashOf(text),
    excerpt: excerptOf(text),
    text,
    judged: judgedText(text),
    attachments: message.attachments.size,
    unread,
    findings,
    action,
    shadow,
    createdAt: options.clock(),
  };
  const record = await entered(context, review, message.member);
  if (record === undefined) return undefined;
  const { id } = record;
  for (const { principle, found } of against)
    if (found !== undefined)
      await store.addAudit({ guild: review.guild, actor: undefined, event: principle, detail: auditDetail(id), at: review.createdAt });
  const language = languageOfServer(context.client, review.guild);
  const principles = against.map(({ principle }) => principle).join(", ");
  const reason = outbound.own(cut(say(language, "auditLog.against", { id, principles }), LONGEST_REASON));
  const done = shadow ? NOTHING : await act(context, message, { action, until: options.clock() + minutes * 60_000, reason });
  log.info({ guild: review.guild, review: id, action, shadow, problem: done.problem?.(undefined) }, "against a principle");
  if (done.problem !== undefined)
    await store.addAudit({ guild: review.guild, actor: undefined, event: "review.undone", detail: auditDetail(id), at: options.clock() });
  return { review: record, done };
}

/** What is done, where a rule or filter takes a message away: more where its author has as many strikes as a server wants that for. */
async function withStrikes(
  context: BotContext,
  { message, judgement: { action = "log" }, settings, shadow }: Omit<Against, "text" | "unread"> & { readonly shadow: boolean },
): Promise<{ readonly action: Action; readonly minutes: number }> {
  const { strikes, timeoutMinutes: minutes } = settings.moderation;
  const usual = { action, minutes };
  if (shadow || action === "log" || !strikes.automatic || strikes.timeoutFrom === 0 || message.webhookId !== null) return usual;
  const count = 1 + (await strikesOf(context, message.guildId, message.author.id, settings));
  return count < strikes.timeoutFrom ? usual : { action: "timeout", minutes: Math.max(minutes, strikes.timeoutMinutes) };
}

/** A review in the queue, with the incident to which it belongs. `undefined`: the message has one already. */
export async function entered(context: BotContext, review: NewReview, member: GuildMember | null): Promise<ReviewRecord | undefined> {
  const { store, incidents, deeds, options } = context;
  const { guild, author, action, shadow } = review;
  const joinedAt = member?.joinedTimestamp ?? undefined;
  const sighting = { guild, author, joinedAt, treatment: `${action}/${shadow}`, at: options.clock() };
  // One after the other: the second message of a person finds what the first one has begun.
  const turn = deeds.join(guild);
  try {
    await turn.before;
    const incident = await incidents.find(sighting, async (first) => {
      const known = await store.review(guild, first);
      return known?.decision === "pending" && known.incident === undefined;
    });
    const id = await store.addReview({ ...review, incident });
    if (id === undefined) return undefined;
    incidents.add(sighting, incident ?? id);
    return { ...review, incident, id, decision: "pending", decidedBy: undefined, decidedAt: undefined, appeal: undefined };
  } finally {
    turn.leave();
  }
}

/**
 * Posts a card in the log channel, if there is one that we may write in; the queue has it in any case. It follows what is decided from then on, and what
 * else belongs to the same incident is added to it.
 */
export async function tellModerators(context: BotContext, settings: GuildSettings, review: ReviewRecord, problem?: Words): Promise<void> {
  const turn = context.deeds.join(`${review.guild}/${incidentOf(review)}`);
  try {
    await turn.before;
    if (review.appeal !== undefined || !(await addToCard(context, review, problem))) await postCard(context, settings, review, problem);
  } catch (error) {
    context.log.warn({ err: error, guild: review.guild }, "log channel");
  } finally {
    turn.leave();
  }
}

/** `false`: there is no card yet to which it belongs. */
async function addToCard(context: BotContext, review: ReviewRecord, problem: Words | undefined): Promise<boolean> {
  const { store } = context;
  const { guild, id } = review;
  if (review.incident === undefined) return false;
  const incident = await store.incident(guild, review.incident);
  for (const one of incident) {
    if ((await store.cards(guild, one.id)).length === 0) continue;
    // In shadow mode nothing is done, and nothing can fail.
    const failure = problem === undefined || review.shadow ? undefined : saying("card.failure", { id, problem });
    // What came meanwhile was added with it.
    if (incident.at(-1)?.id === id || failure !== undefined) await updateCards(context, one, { failure });
    return true;
  }
  return false;
}

/** A card of its own, whatever other one shows it. */
export async function postCard(context: BotContext, settings: GuildSettings, review: ReviewRecord, problem?: Words): Promise<void> {
  const { outbound, log, store } = context;
  const { guild, id } = review;
  try {
    const channel = await openLogChannel(context, { guild, settings });
    if (channel === undefined) return;
    const language = languageOfServer(context.client, guild);
    const before = await saidBefore(context, language, review);
    const incident = (await store.incident(guild, incidentOf(review))).filter(({ decision }) => decision === "pending");
    const since = await sinceFields(context, language, review, incident);
    const strikes = await strikesOf(context, guild, review.author, settings);
    const card = {
      embeds: [reviewCard(language, review, { problem, before: before.fields, incident, since, strikes })],
      components: reviewButtons(language, review, incident),
      allowedMentions: { parse: [] },
    };
    const files = [...textFiles(language, review, incident), ...before.files].map(({ name, content }) => outbound.file(name, content));
    const posted = await channel.send({
      ...outbound.own(card),
      files,
      ...once("card", id, review.appeal === undefined ? "new" : "appealed"),
    });
    await store.addCard({ guild, id, channel: posted.channelId, message: posted.id });
    // Somebody may have decided in the queue while it was on its way.
    const newest = await store.review(guild, id);
    if (newest !== undefined && newest.decision !== review.decision) await updateCards(context, newest);
  } catch (error) {
    log.warn({ err: error, guild }, "log channel");
  }
}

/** Many people take no private messages: they are told nothing, and moderators still have the card. */
async function tellAuthor({ outbound, log }: BotContext, message: Message<true>, review: ReviewRecord): Promise<void> {
  const names = new Set(review.findings.filter(isAgainst).map(({ principle }) => principle));
  // Of a person who only wrote something it is not known in which language they read.
  const language = message.guild.preferredLocale;
  const line = say(language, review.action === "hide" ? "appeal.hidden" : "appeal.removed", {
    server: quoted(message.guild.name),
    principles: [...names].join(", "),
  });
  try {
    const told = { content: line, components: [appealButton(review, language)], allowedMentions: { parse: [] } };
    await message.author.send({ ...outbound.own(told), ...once("author", review.id) });
  } catch (error) {
    log.info({ err: error, guild: review.guild }, "author not told");
  }
}

/** What came of an action. */
interface Done {
  /** Why it could not be done, or not all of it. */
  readonly problem: Words | undefined;
  readonly isRemoved: boolean;
}

const NOTHING: Done = { problem: undefined, isRemoved: false };

interface ActionRequest {
  readonly action: Action;
  /** When a time-out ends. */
  readonly until: number;
  /** For Discord's own audit log. */
  readonly reason: string;
}

/** Does what a rule asks for, as far as the bot's permissions go at this moment. */
async function act(context: BotContext, message: Message<true>, wanted: ActionRequest): Promise<Done> {
  if (wanted.action === "log") return NOTHING;
  const removing = await problemOf("problem.notDeleted", remove(context, message));
  const title = message.type === MessageType.ThreadCreated || titleOf(message) !== "" ? saying("problem.threadStays") : undefined;
  const silencing = wanted.action === "timeout" ? await problemOf("problem.notTimedOut", silence(message, wanted)) : undefined;
  const problems = [removing, silencing, title].filter((problem) => problem !== undefined);
  return { problem: problems.length === 0 ? undefined : together(problems, "; "), isRemoved: removing === undefined };
}

async function problemOf(key: "problem.notDeleted" | "problem.notTimedOut", work: Promise<void>): Promise<Words | undefined> {
  return await work.then(
    () => undefined,
    (error: unknown) => saying(key, { reason: reasonOf(error) }),
  );
}

/** Why something could not be done, for people. What Discord says of it is in English. */
export function reasonOf(error: unknown): Words {
  return error instanceof Refused ? error.inLanguage : () => messageOf(error);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What is gone already is no failure: its author may have taken it away, or Discord's response was lost. */
export async function remove({ removed }: BotContext, message: Message<true>): Promise<void> {
  const { me } = message.guild.members;
  if (me === null || !message.channel.permissionsFor(me).has(PermissionFlagsBits.ManageMessages)) throw Refused.by("reason.lacking");
  removed.set(message.id, true);
  try {
    await message.delete();
  } catch (error) {
    removed.delete(message.id);
    if (!(error instanceof DiscordAPIError) || error.code !== RESTJSONErrorCodes.UnknownMessage) throw error;
  }
}

async function silence(message: Message<true>, { until, reason }: ActionRequest): Promise<void> {
  if (message.webhookId !== null) throw Refused.by("reason.webhook");
  const member = await message.guild.members.fetch({ user: message.author, force: true }).catch(() => null);
  if (member === null) throw Refused.by("reason.left");
  if (!member.moderatable) throw Refused.by("reason.above");
  await timeOut(member, until, reason);
}

/** `message.member` is whom discord.js happens to remember. `null`: the author has left, or is a webhook. */
export async function authorOf(message: Message<true>): Promise<GuildMember | null> {
  if (message.webhookId !== null) return null;
  return await message.guild.members.fetch(message.author).catch(() => null);
}
