/** Buttons by which moderators act on those who wrote what was found. Discord shows a card's buttons to all: what one may do is a menu for who presses. */
import { createHash } from "node:crypto";
import {
  type APIActionRowComponent,
  type APIButtonComponent,
  type ButtonInteraction,
  ButtonStyle,
  ComponentType,
  type GuildMember,
  userMention,
} from "discord.js";
import { type GuildSettings, oneOrMany, type ReviewRecord, say, saying, type Words } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { answerPrivately, type Component, checkModerates, type PrivateAnswer, Refused } from "../commands/command.ts";
import { ACT } from "./card.ts";
import { counted, decide } from "./decide.ts";
import { updateCards } from "./follow-cards.ts";
import { ACTS, type Act, type Encounter, encounters, obstacleTo, obstacleToDeleting } from "./obstacles.ts";
import { incidentOf } from "./reviews.ts";
import { sanction } from "./sanctions.ts";
import { adviceFor, strikesOf } from "./strikes.ts";

const MENU = "menu";

/** The card's button opens the menu, the menu's buttons act. Both may be forged: each press is looked at by itself. */
export const actButton: Component<ButtonInteraction> = {
  prefix: ACT,
  async run(interaction, context, [act = "", id = "", who = ""]) {
    await answerPrivately(interaction, context, async () => {
      checkModerates(interaction);
      if (!interaction.inCachedGuild()) throw Refused.by("only.server");
      const { guildId: guild, member: moderator } = interaction;
      const known = /^\d{1,15}$/.test(id) ? await context.store.review(guild, Number(id)) : undefined;
      if (known === undefined) throw Refused.by("review.unknown");
      const { settings } = await context.store.settings(guild);
      const matter = await matterOf(context, { review: known, moderator, settings, language: interaction.locale });
      if (act === MENU) return await menu(context, matter);
      const wanted = ACTS.find((one) => one === act);
      if (wanted === undefined) throw Refused.by("review.unknown");
      if (who !== namesOf(matter)) throw Refused.by("act.others");
      return await carryOut(interaction, context, { ...matter, act: wanted });
    });
  },
};

/** What a card is about, for who presses its button. */
interface Matter {
  readonly review: ReviewRecord;
  readonly settings: GuildSettings;
  readonly moderator: GuildMember;
  /** In which that person is told of it. */
  readonly language: string;
  /** Each person, with what they wrote that was not found fine. */
  readonly people: readonly { readonly meeting: Encounter; readonly reviews: readonly ReviewRecord[] }[];
}

type Person = Matter["people"][number];

async function matterOf({ store }: BotContext, { review, settings, moderator, language }: Omit<Matter, "people">): Promise<Matter> {
  if (review.decision === "approved") throw Refused.by("act.approved", { who: userMention(review.decidedBy ?? "") });
  const { guild } = moderator;
  const open = (await store.incident(guild.id, incidentOf(review))).filter(({ decision }) => decision !== "approved");
  const meetings = await encounters({ guild, moderator, settings }, [...new Set(open.map(({ author }) => author))]);
  const people = meetings.map((meeting) => ({ meeting, reviews: open.filter(({ author }) => author === meeting.person) }));
  return { review, settings, moderator, language, people };
}

/** Whom the menu was about, as short as a custom id needs it: in a raid, more may have joined in since. Of one person nothing. */
function namesOf({ people }: Pick<Matter, "people">): string {
  if (people.length === 1) return "";
  const names = people.map(({ meeting }) => meeting.person).toSorted();
  return createHash("sha256").update(names.join()).digest("base64url").slice(0, SHORT);
}

const SHORT = 16;

/** Why this cannot be done to this person, be it by who asks or by the bot. */
async function obstacle(context: BotContext, act: Act, { meeting, reviews }: Person): Promise<Words | undefined> {
  const found = obstacleTo(act, meeting);
  if (found !== undefined || act !== "delete") return found;
  const obstacles = await Promise.all(reviews.map((review) => obstacleToDeleting(context, review, meeting.moderator)));
  return obstacles.includes(undefined) ? undefined : obstacles[0];
}

/** More are not named. */
const MOST_NAMED = 10;

async function menu(context: BotContext, { review, settings, language, people }: Matter): Promise<PrivateAnswer> {
  const lines: string[] = [];
  for (const { meeting } of people.slice(0, MOST_NAMED)) lines.push(await historyLine(context, meeting, { review, settings, language }));
  if (people.length > MOST_NAMED) lines.push(say(language, "act.more", { count: people.length - MOST_NAMED }));
  const possible: Act[] = [];
  for (const act of ACTS) {
    const obstacles = await Promise.all(people.map((person) => obstacle(context, act, person)));
    if (obstacles.includes(undefined)) possible.push(act);
    else lines.push(notHere(act, obstacles)(language));
  }
  if (possible.length > 0 && review.decision === "pending") lines.push(say(language, "act.rejects"));
  return { content: lines.join("\n"), components: possible.length === 0 ? [] : [row(language, review, possible, people)] };
}

/** Each reason once. */
function notHere(act: Act, obstacles: readonly (Words | undefined)[]): Words {
  const reasons: Words = (language) => [...new Set(obstacles.flatMap((one) => one?.(language) ?? []))].join("; ");
  return saying("act.notHere", { act: saying(`act.${act}.button`), reasons });
}

/** What is known of a person, and what follows from it. */
async function historyLine(
  context: BotContext,
  { guild, person }: Encounter,
  { review, settings, language }: Pick<Matter, "review" | "settings" | "language">,
): Promise<string> {
  const { strikes: steps } = settings.moderation;
  const isPending = review.decision === "pending";
  const count = (await strikesOf(context, guild.id, person, settings)) + (isPending ? 1 : 0);
  const advice = adviceFor(count, steps);
  const known = { who: userMention(person), count, days: steps.days };
  const strikes = `act.strikes.${oneOrMany(count)}` as const;
  const line = say(language, isPending ? `${strikes}.withThis` : strikes, known);
  if (advice === undefined) return line;
  const said =
    advice === "timeout" ? say(language, "act.advice.timeout", { count: steps.timeoutMinutes }) : say(language, `act.advice.${advice}`);
  return `${line} ${said}`;
}

function row(
  language: string,
  { id }: ReviewRecord,
  acts: readonly Act[],
  people: readonly Person[],
): APIActionRowComponent<APIButtonComponent> {
  const names = namesOf({ people });
  const components = acts.map((act) => ({
    type: ComponentType.Button as const,
    style: act === "ban" ? (ButtonStyle.Danger as const) : (ButtonStyle.Secondary as const),
    label:
      people.length > 1
        ? say(language, "act.people.button", { act: saying(`act.${act}.button`), count: people.length })
        : say(language, `act.${act}.button`),
    custom_id: [ACT, act, id, ...(names === "" ? [] : [names])].join(":"),
  }));
  return { type: ComponentType.ActionRow, components };
}

async function carryOut(
  interaction: ButtonInteraction<"cached">,
  context: BotContext,
  { review, moderator, people, settings, language, act }: Matter & { readonly act: Act },
): Promise<string> {
  const obstacles = await Promise.all(people.map((person) => obstacle(context, act, person)));
  if (!obstacles.includes(undefined)) throw new Refused(notHere(act, obstacles));
  const { guild, id } = review;
  const first = review.decision === "pending" ? [await decide(interaction, context, { guild, id, decision: "rejected" })] : [];
  const outcomes: Words[] = [];
  for (const [index, { meeting, reviews }] of people.entries()) {
    const reason = obstacles[index];
    outcomes.push(
      reason === undefined ? await sanction(context, { act, meeting, moderator, reviews, settings }) : saying("act.notDone", { reason }),
    );
  }
  for (const one of people.flatMap(({ reviews }) => reviews)) await updateCards(context, one);
  const told =
    people.length > MOST_NAMED
      ? [counted(outcomes.map((words) => saying("sentence", { words })))(language)]
      : people.map(({ meeting: { person } }, index) =>
          say(language, "act.outcome", { who: userMention(person), outcome: outcomes[index] as Words }),
        );
  return [...first, ...told].join("\n");
}
