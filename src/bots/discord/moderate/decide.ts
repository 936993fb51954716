/** What moderators decide about a message, and what comes of it. */
import { type ButtonInteraction, type GuildTextBasedChannel, type Message, SnowflakeUtil, userMention } from "discord.js";
import { type ReviewRecord, type Said, say, saying, type TextKey, together, type Words } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { languageOfServer, presenceOf } from "../client.ts";
import { Refused } from "../commands/command.ts";
import { once } from "../reply/live-reply.ts";
import { defang, quoted, splitMessage } from "../reply/text.ts";
import { auditDetail } from "./evidence.ts";
import { updateCards } from "./follow-cards.ts";
import { incidentOf, postCard, reasonOf, remove } from "./reviews.ts";
import { channelOf, standing } from "./standing.ts";
import { isLonger, timedOutUntil } from "./time-outs.ts";

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
  if (known === undefined) throw Refused.by("review.unknown");
  const incident = await context.store.incident(guild, incidentOf(known));
  const open = known.decision === "pending" ? incident.filter((other) => other.id !== id && other.decision === "pending") : [];
  const others = open.filter((other) => other.id <= last);
  const by = interaction.user.id;
  const first = await decideOne(context, { review: known, decision, by, pressed: interaction.message });
  const outcomes = [first];
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
  if (known.appeal !== undefined) await tellAppellant(context, { ...known, decision }, first);
  const language = interaction.locale;
  if (outcomes.length === 1) return say(language, `review.${decision}`, { id, outcome: first });
  return say(language, `review.${decision}.more`, { id, count: outcomes.length - 1, outcome: counted(outcomes) });
}

/** Such as "3 times: The message is gone already." */
export function counted(outcomes: readonly Words[]): Words {
  return (language) => {
    const told = outcomes.map((outcome) => outcome(language));
    const kinds = [...new Set(told)].map((outcome) => ({ outcome, count: told.filter((one) => one === outcome).length }));
    return kinds
      .map(({ outcome, count }) =>
        count === 1 ? say(language, "outcome.once", { outcome }) : say(language, "outcome.times", { outcome, count }),
      )
      .join(" ");
  };
}

interface OneDecision extends Pick<Decision, "decision">, Pick<Following, "pressed"> {
  readonly review: ReviewRecord;
  readonly by: string;
}

async function decideOne(context: BotContext, { review: { guild, id, message }, decision, by, pressed }: OneDecision): Promise<Words> {
  const { store, options, log, deeds } = context;
  // What the rules ask for may be under way: it is done first, and then taken back.
  const turn = deeds.join(message);
  try {
    await turn.before;
    const at = options.clock();
    const review = await store.decide({ guild, id, decision, by, at });
    if (review === undefined) {
      const known = await store.review(guild, id);
      if (known === undefined) throw Refused.by("review.unknown");
      const key = known.decision === "approved" ? "review.approvedAlready" : "review.rejectedAlready";
      throw Refused.by(key, { who: userMention(known.decidedBy ?? "") });
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
async function follow(context: BotContext, review: ReviewRecord, { pressed, isAgain = false }: Following): Promise<Words> {
  const { isDone, outcome } = review.decision === "approved" ? await undo(context, review, isAgain) : await carryOut(context, review);
  const stays = review.decision === "approved" ? await stayingSanctions(context, review) : undefined;
  // Until then the message is nowhere else.
  if (isDone) await context.store.carriedOut(review.guild, review.id);
  await updateCards(context, review, { pressed });
  return stays === undefined ? outcome : together([outcome, stays], " ");
}

/** Of one person. */
const MOST_SANCTIONS = 50;

/** What a moderator has done for a message that is found fine after all: to take that back takes the permission for it, by hand. */
async function stayingSanctions({ store }: BotContext, { guild, author, id }: ReviewRecord): Promise<Words | undefined> {
  const own = (await store.sanctions(guild, author, MOST_SANCTIONS)).filter(({ review }) => review === id);
  const staying = own.flatMap(({ kind }) =>
    kind === "banned" ? [saying("outcome.ban")] : kind === "timed-out" ? [saying("outcome.timeout")] : [],
  );
  return staying.length === 0 ? undefined : saying("outcome.sanctions", { what: together(staying, ", ") });
}

/** What came of a decision, for people; and whether nothing is left to be tried. */
interface Carried {
  readonly outcome: Words;
  readonly isDone: boolean;
}

function done<Key extends TextKey>(...outcome: Said<Key>): Carried {
  return { outcome: saying(...outcome), isDone: true };
}

function failed<Key extends TextKey>(...outcome: Said<Key>): Carried {
  return { outcome: saying(...outcome), isDone: false };
}

/** A message that is fine: what was done is taken back as far as it can be. Gives what was and what cannot be, for moderators and its author. */
async function undo(context: BotContext, review: ReviewRecord, isAgain: boolean): Promise<Carried> {
  const nothing = nothingAsked(review);
  if (nothing !== undefined) return done(`outcome.${nothing}.was`);
  const showing = showAgain(context, review, isAgain);
  const steps = await Promise.all(review.action === "timeout" ? [endTimeout(context, review), showing] : [showing]);
  return {
    outcome: together(
      steps.map(({ outcome }) => outcome),
      " ",
    ),
    isDone: steps.every(({ isDone }) => isDone),
  };
}

/** Why a rule does nothing to a message. */
function nothingAsked({ shadow, action }: ReviewRecord): "shadow" | "log" | undefined {
  if (shadow) return "shadow";
  return action === "log" ? "log" : undefined;
}

async function endTimeout({ client, outbound, options, store }: BotContext, review: ReviewRecord): Promise<Carried> {
  const { guild, author, id, createdAt } = review;
  try {
    const member = await (await client.guilds.fetch(guild)).members.fetch({ user: author, force: true });
    if (timedOutUntil(member) <= options.clock()) return done("outcome.timeout.hadEnded");
    if (isLonger(member, createdAt, (await store.settings(guild)).settings)) return done("outcome.timeout.longer");
    await member.timeout(null, outbound.own(say(languageOfServer(client, guild), "auditLog.approved", { id })));
    return done("outcome.timeout.over");
  } catch (error) {
    return failed("outcome.timeout.stays", { reason: reasonOf(error) });
  }
}

/** In its author's name, and in words that a person let pass; never where it still stands. */
async function showAgain(context: BotContext, review: ReviewRecord, isAgain: boolean): Promise<Carried> {
  try {
    const channel = await channelOf(context, review);
    if ((await standing(channel, review)) !== undefined) return done("outcome.stands");
    if (review.action !== "hide") return done("outcome.staysDeleted");
    if (review.text === undefined) return done("outcome.forgotten");
    const { attachments: count } = review;
    const language = languageOfServer(context.client, review.guild);
    const author = userMention(review.author);
    const head =
      count > 1
        ? say(language, "outcome.approvedText.lost.many", { author, count })
        : say(language, count === 1 ? "outcome.approvedText.lost.one" : "outcome.approvedText", { author });
    const text = `${head}\n${defang(review.text)}`;
    const shown = isAgain ? await saidSince(channel, review.decidedAt ?? 0) : [];
    for (const [index, part] of splitMessage(text).entries())
      if (!shown.includes(part.trim()))
        await channel.send({ content: context.outbound.own(part), allowedMentions: { parse: [] }, ...once("shown", review.id, index) });
    if (count > 1) return done("outcome.shown.lost.many", { count });
    return done(count === 1 ? "outcome.shown.lost.one" : "outcome.shown");
  } catch (error) {
    return failed("outcome.notShown", { reason: reasonOf(error) });
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

/** A message that is not fine: if it still stands, it is taken away now, where its rule asked for that. In shadow mode nothing ever is. */
async function carryOut(context: BotContext, review: ReviewRecord): Promise<Carried> {
  const nothing = nothingAsked(review);
  if (nothing !== undefined) return done(`outcome.${nothing}.is`);
  try {
    const message = await standing(await channelOf(context, review), review);
    const { attachments: count } = review;
    if (message === undefined && count > 1) return done("outcome.gone.lost.many", { count });
    if (message === undefined) return done(count === 1 ? "outcome.gone.lost.one" : "outcome.gone");
    await remove(context, message);
    return done("outcome.deleted");
  } catch (error) {
    return failed("outcome.stays", { reason: reasonOf(error) });
  }
}

async function tellAppellant({ client, outbound, log }: BotContext, review: ReviewRecord, outcome: Words): Promise<void> {
  const { guild, author, decision } = review;
  const known = client.guilds.cache.get(guild)?.name;
  const server = known === undefined ? saying("appeal.aServer") : quoted(known);
  const words = decision === "approved" ? saying("appeal.won", { server, outcome }) : saying("appeal.lost", { server });
  try {
    const user = await client.users.fetch(author);
    await user.send({
      content: outbound.own(words(languageOfServer(client, guild))),
      allowedMentions: { parse: [] },
      ...once("appellant", incidentOf(review)),
    });
  } catch (error) {
    log.info({ err: error, guild }, "appellant not told");
  }
}
