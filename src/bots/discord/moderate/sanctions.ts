/** What is done about a person at a moderator's wish, once it is known that they may. */
import type { GuildMember } from "discord.js";
import { type GuildSettings, oneOrMany, type ReviewRecord, type SanctionRecord, say, saying, type Words } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { languageOfServer } from "../client.ts";
import { Refused } from "../commands/command.ts";
import { once } from "../reply/live-reply.ts";
import { quoted } from "../reply/text.ts";
import { appealButton, isAgainst } from "./card.ts";
import { auditDetail } from "./evidence.ts";
import { type Act, type Encounter, obstacleToDeleting } from "./obstacles.ts";
import { incidentOf, reasonOf, remove } from "./reviews.ts";
import { channelOf, standing } from "./standing.ts";
import { timeOut } from "./time-outs.ts";

export interface Wish {
  readonly act: Act;
  readonly meeting: Encounter;
  readonly moderator: GuildMember;
  /** What the person wrote that is decided together, the oldest first. */
  readonly reviews: readonly ReviewRecord[];
  readonly settings: GuildSettings;
}

const KINDS: Readonly<Record<Act, SanctionRecord["kind"]>> = { delete: "deleted", warn: "warned", timeout: "timed-out", ban: "banned" };

/** Sanctions of one person that are looked through for one that is there already. */
const MOST = 200;

/** Does it once for what is decided together, and records it. Gives what came of it, for the moderator. */
export async function sanction(context: BotContext, wish: Wish): Promise<Words> {
  const { store, deeds, log, options } = context;
  const { act, meeting, moderator, reviews } = wish;
  const { person, guild } = meeting;
  const [first] = reviews;
  if (first === undefined) return saying("act.nothing");
  // Of two moderators who press at the same moment, the second one finds what the first one has done.
  const turn = deeds.join(`${guild.id}/${person}/sanctions`);
  const kind = KINDS[act];
  try {
    await turn.before;
    const done = (await store.sanctions(guild.id, person, MOST)).find(
      (one) => one.kind === kind && reviews.some(({ id }) => id === one.review),
    );
    if (done !== undefined && act !== "delete") return saying(ALREADY[act]);
    const record = { guild: guild.id, actor: moderator.id, detail: auditDetail(first.id), at: options.clock() };
    // What cannot be recorded is not done.
    await store.addAudit({ ...record, event: `sanction.${kind}` });
    const outcome = await DO[act](context, wish, first);
    await store.addSanction({ guild: guild.id, person, kind, actor: moderator.id, review: first.id, entry: undefined, at: record.at });
    log.info({ guild: guild.id, review: first.id, action: kind }, "acted on a person");
    return outcome;
  } catch (error) {
    log.warn({ err: error, guild: guild.id, review: first.id, action: kind }, "could not act on a person");
    await store.addAudit({
      guild: guild.id,
      actor: undefined,
      event: "sanction.undone",
      detail: auditDetail(first.id),
      at: options.clock(),
    });
    return saying("act.notDone", { reason: reasonOf(error) });
  } finally {
    turn.leave();
  }
}

const ALREADY = { warn: "act.warnedAlready", timeout: "act.timedOutAlready", ban: "act.bannedAlready" } as const;

/** Gives what came of it. @throws where it could not be done */
const DO: Readonly<Record<Act, (context: BotContext, wish: Wish, review: ReviewRecord) => Promise<Words>>> = {
  delete: async (context, { moderator, reviews }) => {
    const counts = { deleted: 0, gone: 0 };
    const problems: Words[] = [];
    for (const review of reviews) {
      const problem = await obstacleToDeleting(context, review, moderator);
      if (problem !== undefined) {
        problems.push(problem);
        continue;
      }
      const message = await standing(await channelOf(context, review), review);
      if (message === undefined) counts.gone++;
      else {
        await remove(context, message);
        counts.deleted++;
      }
    }
    const deleted = saying(`act.deleted.${oneOrMany(counts.deleted)}`, { count: counts.deleted });
    const gone = counts.gone === 0 ? [] : [saying("act.gone", { count: counts.gone })];
    return (language) => [...new Set([deleted, ...gone, ...problems].map((words) => words(language)))].join(", ");
  },

  warn: async (context, wish, review) => {
    const isTold = await tell(context, wish, review, (language, about) => say(language, "sanction.warned", about));
    return saying(isTold ? "act.warned" : "act.warned.untold");
  },

  timeout: async (context, wish, review) => {
    const { member } = wish.meeting;
    if (member === null) throw Refused.by("obstacle.left");
    const { timeoutMinutes: minutes } = wish.settings.moderation.strikes;
    const until = context.options.clock() + minutes * 60_000;
    const came = await timeOut(member, until, reasonFor(context, wish, review));
    if (came === "is for longer") return saying("act.timedOutForLonger");
    await tell(context, wish, review, (language, about) => say(language, "sanction.timedOut", { ...about, count: minutes }));
    return saying("act.timedOut", { count: minutes });
  },

  ban: async (context, wish, review) => {
    // Who is banned already can often not be told any more.
    await tell(context, wish, review, (language, about) => say(language, "sanction.banned", about));
    await wish.meeting.guild.bans.create(wish.meeting.person, { reason: reasonFor(context, wish, review) });
    return saying("act.banned");
  },
};

/** For Discord's own audit log, in which the bot stands as who did it. */
function reasonFor({ client, outbound }: BotContext, { moderator }: Wish, { id, guild }: ReviewRecord): string {
  return outbound.own(say(languageOfServer(client, guild), "auditLog.by", { id, moderator: moderator.id }));
}

/** In private, once, with a button to appeal where the server takes appeals. Whether they were told. */
async function tell(
  { client, outbound, log }: BotContext,
  { meeting, settings, reviews, act }: Wish,
  review: ReviewRecord,
  words: (language: string, about: { readonly server: string; readonly principles: string }) => string,
): Promise<boolean> {
  const against = new Set(reviews.flatMap(({ findings }) => findings.filter(isAgainst).map(({ principle }) => principle)));
  const language = meeting.guild.preferredLocale;
  const line = words(language, { server: quoted(meeting.guild.name), principles: [...against].join(", ") });
  const told = {
    content: settings.moderation.appeals ? `${line} ${say(language, "sanction.appeal")}` : line,
    components: settings.moderation.appeals ? [appealButton(review, language)] : [],
    allowedMentions: { parse: [] },
  };
  try {
    await (await client.users.fetch(meeting.person)).send({ ...outbound.own(told), ...once(act, incidentOf(review), meeting.person) });
    return true;
  } catch (error) {
    log.info({ err: error, guild: meeting.guild.id, review: review.id }, "not told what was done about them");
    return false;
  }
}
