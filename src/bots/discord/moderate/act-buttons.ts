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
import type { GuildSettings, ReviewRecord } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { answerPrivately, type Component, checkModerates, type PrivateAnswer, Refused } from "../commands/command.ts";
import { ACT } from "./card.ts";
import { counted, decide, UNKNOWN } from "./decide.ts";
import { updateCards } from "./follow-cards.ts";
import { ACTS, type Act, type Encounter, encounters, obstacleTo, obstacleToDeleting } from "./obstacles.ts";
import { incidentOf } from "./reviews.ts";
import { sanction } from "./sanctions.ts";
import { adviceFor, strikesOf } from "./strikes.ts";

const MENU = "menu";

const LABELS: Readonly<Record<Act, string>> = { delete: "Delete", warn: "Warn", timeout: "Time out", ban: "Ban" };

/** The card's button opens the menu, the menu's buttons act. Both may be forged: each press is looked at by itself. */
export const actButton: Component<ButtonInteraction> = {
  prefix: ACT,
  async run(interaction, context, [act = "", id = "", who = ""]) {
    await answerPrivately(interaction, context, async () => {
      checkModerates(interaction);
      if (!interaction.inCachedGuild()) throw new Refused("This works in a server only.");
      const { guildId: guild, member: moderator } = interaction;
      const known = /^\d{1,15}$/.test(id) ? await context.store.review(guild, Number(id)) : undefined;
      if (known === undefined) throw new Refused(UNKNOWN);
      const { settings } = await context.store.settings(guild);
      const matter = await matterOf(context, { review: known, moderator, settings });
      if (act === MENU) return await menu(context, matter);
      const wanted = ACTS.find((one) => one === act);
      if (wanted === undefined) throw new Refused(UNKNOWN);
      if (who !== namesOf(matter)) throw new Refused("It is about other people by now: please press Act once more, to see whom.");
      return await carryOut(interaction, context, { ...matter, act: wanted });
    });
  },
};

/** What a card is about, for who presses its button. */
interface Matter {
  readonly review: ReviewRecord;
  readonly settings: GuildSettings;
  readonly moderator: GuildMember;
  /** Each person, with what they wrote that was not found fine. */
  readonly people: readonly { readonly meeting: Encounter; readonly reviews: readonly ReviewRecord[] }[];
}

type Person = Matter["people"][number];

async function matterOf(
  { store }: BotContext,
  { review, settings, moderator }: Pick<Matter, "review" | "settings" | "moderator">,
): Promise<Matter> {
  if (review.decision === "approved")
    throw new Refused(`It was approved by ${userMention(review.decidedBy ?? "")}: nothing is done about it.`);
  const { guild } = moderator;
  const open = (await store.incident(guild.id, incidentOf(review))).filter(({ decision }) => decision !== "approved");
  const meetings = await encounters({ guild, moderator, settings }, [...new Set(open.map(({ author }) => author))]);
  const people = meetings.map((meeting) => ({ meeting, reviews: open.filter(({ author }) => author === meeting.person) }));
  return { review, settings, moderator, people };
}

/** Whom the menu was about, as short as a custom id needs it: in a raid, more may have joined in since. Of one person nothing. */
function namesOf({ people }: Pick<Matter, "people">): string {
  if (people.length === 1) return "";
  const names = people.map(({ meeting }) => meeting.person).toSorted();
  return createHash("sha256").update(names.join()).digest("base64url").slice(0, SHORT);
}

const SHORT = 16;

/** Why this cannot be done to this person, be it by who asks or by the bot. */
async function obstacle(context: BotContext, act: Act, { meeting, reviews }: Person): Promise<string | undefined> {
  const found = obstacleTo(act, meeting);
  if (found !== undefined || act !== "delete") return found;
  const obstacles = await Promise.all(reviews.map((review) => obstacleToDeleting(context, review, meeting.moderator)));
  return obstacles.includes(undefined) ? undefined : obstacles[0];
}

/** More are not named. */
const MOST_NAMED = 10;

async function menu(context: BotContext, { review, settings, people }: Matter): Promise<PrivateAnswer> {
  const lines: string[] = [];
  for (const { meeting } of people.slice(0, MOST_NAMED)) lines.push(await historyLine(context, meeting, { review, settings }));
  if (people.length > MOST_NAMED) lines.push(`And ${people.length - MOST_NAMED} more people.`);
  const possible: Act[] = [];
  for (const act of ACTS) {
    const obstacles = await Promise.all(people.map((person) => obstacle(context, act, person)));
    const reasons = [...new Set(obstacles.filter((one) => one !== undefined))];
    if (obstacles.includes(undefined)) possible.push(act);
    else lines.push(`${LABELS[act]}: not here, ${reasons.join("; ")}.`);
  }
  if (possible.length > 0 && review.decision === "pending") lines.push("Each of these also rejects what was written.");
  return { content: lines.join("\n"), components: possible.length === 0 ? [] : [row(review, possible, people)] };
}

/** What is known of a person, and what follows from it. */
async function historyLine(
  context: BotContext,
  { guild, person }: Encounter,
  { review, settings }: Pick<Matter, "review" | "settings">,
): Promise<string> {
  const { strikes: steps } = settings.moderation;
  const isPending = review.decision === "pending";
  const count = (await strikesOf(context, guild.id, person, settings)) + (isPending ? 1 : 0);
  const advice = adviceFor(count, steps);
  const said = advice === undefined ? "" : ` I would ${ADVICE[advice](steps.timeoutMinutes)}.`;
  return `${userMention(person)}: ${count} ${count === 1 ? "strike" : "strikes"} within ${steps.days} days${isPending ? ", with this one" : ""}.${said}`;
}

const ADVICE: Readonly<Record<Exclude<Act, "delete">, (minutes: number) => string>> = {
  warn: () => "warn them",
  timeout: (minutes) => `time them out for ${minutes} minutes`,
  ban: () => "ban them",
};

function row({ id }: ReviewRecord, acts: readonly Act[], people: readonly Person[]): APIActionRowComponent<APIButtonComponent> {
  const names = namesOf({ people });
  const components = acts.map((act) => ({
    type: ComponentType.Button as const,
    style: act === "ban" ? (ButtonStyle.Danger as const) : (ButtonStyle.Secondary as const),
    label: people.length > 1 ? `${LABELS[act]} (${people.length} people)` : LABELS[act],
    custom_id: [ACT, act, id, ...(names === "" ? [] : [names])].join(":"),
  }));
  return { type: ComponentType.ActionRow, components };
}

async function carryOut(
  interaction: ButtonInteraction<"cached">,
  context: BotContext,
  { review, moderator, people, settings, act }: Matter & { readonly act: Act },
): Promise<string> {
  const obstacles = await Promise.all(people.map((person) => obstacle(context, act, person)));
  if (!obstacles.includes(undefined)) throw new Refused(`${LABELS[act]}: not here, ${[...new Set(obstacles)].join("; ")}.`);
  const { guild, id } = review;
  const first = review.decision === "pending" ? [await decide(interaction, context, { guild, id, decision: "rejected" })] : [];
  const outcomes: string[] = [];
  for (const [index, { meeting, reviews }] of people.entries()) {
    const reason = obstacles[index];
    outcomes.push(reason === undefined ? await sanction(context, { act, meeting, moderator, reviews, settings }) : `not done, ${reason}`);
  }
  for (const one of people.flatMap(({ reviews }) => reviews)) await updateCards(context, one);
  const told =
    people.length > MOST_NAMED
      ? [counted(outcomes.map((outcome) => `${outcome}.`))]
      : people.map(({ meeting: { person } }, index) => `${userMention(person)}: ${outcomes[index]}.`);
  return [...first, ...told].join("\n");
}
