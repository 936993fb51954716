/** What moderators decide about a message, and what comes of it. */
import { type ButtonInteraction, type GuildTextBasedChannel, type Message, SnowflakeUtil, userMention } from "discord.js";
import type { ReviewRecord } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { presenceOf } from "../client.ts";
import { Refused } from "../commands/command.ts";
import { once } from "../reply/live-reply.ts";
import { defang, quoted, splitMessage } from "../reply/text.ts";
import { auditDetail } from "./evidence.ts";
import { updateCards } from "./follow-cards.ts";
import { incidentOf, postCard, reasonOf, remove } from "./reviews.ts";
import { channelOf, standing } from "./standing.ts";
import { isLonger, timedOutUntil } from "./time-outs.ts";

export const UNKNOWN = "I do not know this review.";

interface Decision {
  readonly guild: string;
  readonly id: number;
  /** The newest that was shown: what came since is not decided with it. @default all */
  readonly last?: number | undefined;
  readonly decision: "approved" | "rejected";
}

/**
 * Decides a review once, with all that belongs to the same incident, and does what follows from it. Gives what came of it, for the moderator.
 *
 * @throws {Refused} where there is none, or it was decided before
 */
export async function decide(
  interaction: ButtonInteraction,
  context: BotContext,
  { guild, id, last = Number.POSITIVE_INFINITY, decision }: Decision,
): Promise<string> {
  const known = await context.store.review(guild, id);
  if (known === undefined) throw new Refused(UNKNOWN);
  const incident = await context.store.incident(guild, incidentOf(known));
  const open = known.decision === "pending" ? incident.filter((other) => other.id !== id && other.decision === "pending") : [];
  const others = open.filter((other) => other.id <= last);
  const by = interaction.user.id;
  const outcomes = [await decideOne(context, { review: known, decision, by, pressed: interaction.message })];
  for (const review of others) {
    // Somebody else may decide at the same moment.
    const outcome = await decideOne(context, { review, decision, by }).catch((error: unknown) => {
      if (!(error instanceof Refused)) throw error;
    });
    if (outcome !== undefined) outcomes.push(outcome);
  }
  // Each is told of as it is decided; the card is of all of them.
  if (others.length > 0) await updateCards(context, known, { pressed: interaction.message });
  const [unseen] = open.filter((other) => other.id > last);
  if (unseen !== undefined) await postCard(context, (await context.store.settings(guild)).settings, unseen);
  if (known.appeal !== undefined) await tellAppellant(context, { ...known, decision }, outcomes[0] as string);
  return outcomes.length === 1
    ? `Review ${id}: ${decision}. ${outcomes[0]}`
    : `Review ${id} and ${outcomes.length - 1} with it: ${decision}. ${counted(outcomes)}`;
}

/** Such as "3 times: The message is gone already." */
export function counted(outcomes: readonly string[]): string {
  const kinds = [...new Set(outcomes)].map((kind) => [kind, outcomes.filter((outcome) => outcome === kind).length] as const);
  return kinds.map(([kind, count]) => `${count === 1 ? "Once" : `${count} times`}: ${kind}`).join(" ");
}

interface OneDecision extends Pick<Decision, "decision">, Pick<Following, "pressed"> {
  readonly review: ReviewRecord;
  readonly by: string;
}

async function decideOne(context: BotContext, { review: { guild, id, message }, decision, by, pressed }: OneDecision): Promise<string> {
  const { store, options, log, deeds } = context;
  // What the rules ask for may be under way: it is done first, and then taken back.
  const turn = deeds.join(message);
  try {
    await turn.before;
    const at = options.clock();
    const review = await store.decide({ guild, id, decision, by, at });
    if (review === undefined) {
      const known = await store.review(guild, id);
      throw new Refused(known === undefined ? UNKNOWN : `It was ${known.decision} by ${userMention(known.decidedBy ?? "")} already.`);
    }
    await store.addAudit({ guild, actor: by, event: `review.${decision}`, detail: auditDetail(id), at });
    log.info({ guild, review: id, decision }, "decided");
    return await follow(context, review, { pressed });
  } finally {
    turn.leave();
  }
}

/** A decision that is older is not carried out any more: nobody expects it. */
const LATEST_MS = 86_400_000;

/** Does what follows from decisions that a process took and did not live to carry out. */
export async function carryOutUncarried(context: BotContext): Promise<void> {
  const { store, client, options, deeds, log } = context;
  const { isOurs } = presenceOf(client, options.clock());
  for (const { guild, id, message, decidedAt = 0 } of (await store.uncarriedDecisions()).filter((review) => isOurs(review.guild))) {
    const turn = deeds.join(message);
    try {
      await turn.before;
      // This process may have done it meanwhile.
      const review = await store.review(guild, id);
      if (review?.text === undefined || review.decision === "pending") continue;
      if (decidedAt < options.clock() - LATEST_MS) await store.carriedOut(guild, id);
      else {
        const outcome = await follow(context, review, { isAgain: true });
        if (review.appeal !== undefined) await tellAppellant(context, review, outcome);
        log.info({ guild, review: id }, "carried out late");
      }
    } catch (error) {
      log.error({ err: error, guild, review: id }, "a decision was not carried out");
    } finally {
      turn.leave();
    }
  }
}

interface Following {
  /** The card on which it was decided. */
  readonly pressed?: Message | undefined;
  /** It was begun before, by a process that died: what it has done is not done again. */
  readonly isAgain?: boolean;
}

/** What follows from a decision. Gives what came of it. */
async function follow(context: BotContext, review: ReviewRecord, { pressed, isAgain = false }: Following): Promise<string> {
  const { isDone, outcome } = review.decision === "approved" ? await undo(context, review, isAgain) : await carryOut(context, review);
  const stays = review.decision === "approved" ? await stayingSanctions(context, review) : "";
  // Until then the message is nowhere else.
  if (isDone) await context.store.carriedOut(review.guild, review.id);
  await updateCards(context, review, { pressed });
  return `${outcome}${stays}`;
}

/** Of one person. */
const MOST_SANCTIONS = 50;

/** What a moderator has done for a message that is found fine after all: to take that back takes the permission for it, by hand. */
async function stayingSanctions({ store }: BotContext, { guild, author, id }: ReviewRecord): Promise<string> {
  const own = (await store.sanctions(guild, author, MOST_SANCTIONS)).filter(({ review }) => review === id);
  const staying = own.flatMap(({ kind }) => (kind === "banned" ? ["a ban"] : kind === "timed-out" ? ["a time-out"] : []));
  return staying.length === 0 ? "" : ` What a moderator did for it stays until somebody takes it back by hand: ${staying.join(", ")}.`;
}

/** What came of a decision, for people; and whether nothing is left to be tried. */
interface Carried {
  readonly outcome: string;
  readonly isDone: boolean;
}

function done(outcome: string): Carried {
  return { outcome, isDone: true };
}

function failed(outcome: string): Carried {
  return { outcome, isDone: false };
}

/** A message that is fine: what was done is taken back as far as it can be. Gives what was and what cannot be, for moderators and its author. */
async function undo(context: BotContext, review: ReviewRecord, isAgain: boolean): Promise<Carried> {
  const nothing = nothingAsked(review);
  if (nothing !== undefined) return done(`${nothing}: nothing was done to the message.`);
  const showing = showAgain(context, review, isAgain);
  const steps = await Promise.all(review.action === "timeout" ? [endTimeout(context, review), showing] : [showing]);
  return { outcome: steps.map(({ outcome }) => outcome).join(" "), isDone: steps.every(({ isDone }) => isDone) };
}

/** Why a rule does nothing to a message. */
function nothingAsked({ shadow, action }: ReviewRecord): string | undefined {
  if (shadow) return "It was in shadow mode";
  return action === "log" ? "The rule asks for nothing but a card" : undefined;
}

async function endTimeout({ client, outbound, options, store }: BotContext, review: ReviewRecord): Promise<Carried> {
  const { guild, author, id, createdAt } = review;
  try {
    const member = await (await client.guilds.fetch(guild)).members.fetch({ user: author, force: true });
    if (timedOutUntil(member) <= options.clock()) return done("The time-out had ended already.");
    if (isLonger(member, createdAt, (await store.settings(guild)).settings)) return done("A longer time-out stays, which is not mine.");
    await member.timeout(null, outbound.own(`Review ${id}: approved`));
    return done("The time-out is over.");
  } catch (error) {
    return failed(`The time-out stays: ${reasonOf(error)}.`);
  }
}

/** In its author's name, and in words that a person let pass; never where it still stands. */
async function showAgain(context: BotContext, review: ReviewRecord, isAgain: boolean): Promise<Carried> {
  try {
    const channel = await channelOf(context, review);
    if ((await standing(channel, review)) !== undefined) return done("The message still stands there.");
    if (review.action !== "hide") return done(`The message stays deleted, as only what was hidden is shown again: ${MAY_POST_IT}`);
    if (review.text === undefined) return done(`How the message was written was forgotten when it was rejected: ${MAY_POST_IT}`);
    const { attachments } = review;
    const lost = attachments === 0 ? "" : ` (${attachments === 1 ? "an " : ""}${attachmentsInWords(attachments)} lost)`;
    const text = `${userMention(review.author)} wrote, and a moderator approved${lost}:\n${defang(review.text)}`;
    const shown = isAgain ? await saidSince(channel, review.decidedAt ?? 0) : [];
    for (const [index, part] of splitMessage(text).entries())
      if (!shown.includes(part.trim()))
        await channel.send({ content: context.outbound.own(part), allowedMentions: { parse: [] }, ...once("shown", review.id, index) });
    if (attachments === 0) return done("The message is shown again.");
    const way = `its author may post ${attachments === 1 ? "it" : "them"} again.`;
    return done(`The message is shown again. Its ${attachmentsInWords(attachments)} lost: ${way}`);
  } catch (error) {
    return failed(`Not shown again: ${reasonOf(error)}.`);
  }
}

/** Our clock may go before Discord's. */
const CLOCKS_APART_MS = 60_000;

/** What we have said in a channel since then, as far as one page goes: nonces are forgotten by Discord within minutes. */
async function saidSince({ messages, client }: GuildTextBasedChannel, at: number): Promise<readonly string[]> {
  const after = String(SnowflakeUtil.generate({ timestamp: at - CLOCKS_APART_MS }));
  const since = await messages.fetch({ after, limit: 100 });
  return since.filter(({ author }) => author.id === client.user.id).map(({ content }) => content);
}

const MAY_POST_IT = "its author may post it again.";

/** Such as "2 attachments are". */
function attachmentsInWords(count: number): string {
  return count === 1 ? "attachment is" : `${count} attachments are`;
}

/** A message that is not fine: if it still stands, it is taken away now, where its rule asked for that. In shadow mode nothing ever is. */
async function carryOut(context: BotContext, review: ReviewRecord): Promise<Carried> {
  const nothing = nothingAsked(review);
  if (nothing !== undefined) return done(`${nothing}: nothing is done to the message.`);
  try {
    const message = await standing(await channelOf(context, review), review);
    const { attachments } = review;
    if (message === undefined)
      return done(`The message is gone already${attachments === 0 ? "" : `, and its ${attachmentsInWords(attachments)} lost`}.`);
    await remove(context, message);
    return done("The message is deleted now.");
  } catch (error) {
    return failed(`The message stays: ${reasonOf(error)}.`);
  }
}

async function tellAppellant({ client, outbound, log }: BotContext, review: ReviewRecord, outcome: string): Promise<void> {
  const { guild, author, decision } = review;
  const word =
    decision === "approved" ? `in your favour: your message was fine. ${outcome}` : "and stay with it: your message was against the rules.";
  const name = quoted(client.guilds.cache.get(guild)?.name ?? "a server");
  try {
    const user = await client.users.fetch(author);
    await user.send({
      content: outbound.own(`The moderators of ${name} looked at your message again, ${word}`),
      allowedMentions: { parse: [] },
      ...once("appellant", incidentOf(review)),
    });
  } catch (error) {
    log.info({ err: error, guild }, "appellant not told");
  }
}
