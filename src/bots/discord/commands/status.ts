import {
  type APIEmbedField,
  type ChatInputCommandInteraction,
  escapeMarkdown,
  inlineCode,
  PermissionFlagsBits,
  time,
  userMention,
} from "discord.js";
import { UNFIT_BELOW } from "../../../core/index.ts";
import { VERSION } from "../../../version.ts";
import { actsBy, type Decision, decisionsBy, everySettings, type GuildSettings, type KnownJudge } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { knownJudge } from "../known-judge.ts";
import { fitnessText } from "../moderate/card.ts";
import { figure, needsOf, problemsOf } from "../problems.ts";
import { cut } from "../reply/text.ts";
import { CALIBRATED } from "./calibrate.ts";
import { checkAdministers, guildOf, type PrivateAnswer } from "./command.ts";

/** Discord's limits are a little more. */
const LONGEST = 4000;
const LONGEST_FIELD = 1000;

/** `/rain status`: which judges work here, how good they are, of what they learned; what moderation does, needs and waits for. */
export async function status(interaction: ChatInputCommandInteraction, context: BotContext): Promise<PrivateAnswer> {
  checkAdministers(interaction);
  const { store, inference } = context;
  const guild = guildOf(interaction);
  const { settings } = await store.settings(guild);
  const rules = rulesOf(settings);
  const [answers, ...messages] = await Promise.all([
    knownJudge(context, settings, { name: settings.talk.principle }),
    ...rules.map((name) => knownJudge(context, settings, { name, guild })),
  ]);
  const unfit = rules.filter((name, index) => {
    const [judge, rule] = [messages[index], settings.moderation.rules[name]];
    return judge != null && rule !== undefined && !actsBy(judge, rule);
  });
  const decisions = await decisionsBy(rules, store.decisions(guild));
  const decided = rules.map((name, index) => `${inlineCode(name)} ${countsOf(decisions[index] ?? [])}`);
  const needs = await needsOf(context, guild, settings);
  const problems = await problemsOf(context, guild, settings);
  const fields = [
    { name: "My answers", value: judgeLine(settings.talk.principle, answers) },
    { name: "People's messages", value: rules.map((name, index) => judgeLine(name, messages[index])).join("\n") || "No rule is on." },
    { name: "Moderation", value: `${moderationLine(settings, unfit, context)}${await raidLine(context, guild, settings)}` },
    { name: "Pace", value: paceLines(context, guild) },
    {
      name: "What it needs",
      value: needs.map(({ name, state, problems }) => `${problems.length === 0 ? "✓" : "✗"} ${name}: ${state}`).join("\n"),
    },
    ...(problems.length === 0 ? [] : [{ name: "What is wrong", value: problems.join("\n") }]),
    ...(await untoldFields(context, guild, settings)),
    { name: "Decisions to learn of", value: decided.join("\n") || "None." },
    ...(await learningFields(context, guild)),
  ];
  const description = `rain-align ${VERSION}. Model: ${escapeMarkdown(cut(inference.model, 200))}. A judge tells good from bad; AUROC 0.50 is guessing, 1 is perfect, ${UNFIT_BELOW.toFixed(2)} is the least with which it may act.`;
  return {
    embeds: [
      {
        title: "Who judges here",
        description: cut(description, LONGEST),
        fields: fields.map(({ name, value }) => ({ name, value: cut(value, LONGEST_FIELD) })),
      },
    ],
  };
}

/** What moderators do by hand is told to who may see the audit log. */
async function untoldFields({ client }: BotContext, guild: string, { moderation }: GuildSettings): Promise<readonly APIEmbedField[]> {
  const me = await (await client.guilds.fetch(guild)).members.fetchMe();
  if (!moderation.automatic || me.permissions.has(PermissionFlagsBits.ViewAuditLog)) return [];
  const value = "Cards do not say who took away a message, or timed out, kicked or banned somebody by hand: I lack View Audit Log.";
  return [{ name: "What I am not told", value }];
}

/** Those that are on, be it in one channel or for one role. */
function rulesOf(settings: GuildSettings): readonly string[] {
  const everywhere = everySettings(settings).map(({ moderation }) => moderation.rules);
  return Object.keys(settings.moderation.rules).filter((name) => everywhere.some((rules) => rules[name]?.strictness !== "off"));
}

function judgeLine(name: string, judge: KnownJudge | undefined | null): string {
  if (judge === null) return `${inlineCode(name)}: could not be found out; the log of whoever runs me says why`;
  if (judge === undefined) return `${inlineCode(name)}: labelled answers are being read, to find out`;
  const { fitness, isFit, isOwn, source } = judge;
  const whose = isOwn ? "taught by this server" : "the model's own";
  if (fitness === undefined) return `${inlineCode(name)}: ${whose}, never measured: there are too few labelled answers`;
  const from = source === undefined ? "" : `, from ${source}`;
  const verdict = isFit ? "" : ": **not fit**";
  return `${inlineCode(name)}: ${whose}, ${fitnessText(fitness)}${from}${verdict}`;
}

function moderationLine({ moderation }: GuildSettings, unfit: readonly string[], { options }: BotContext): string {
  if (!moderation.automatic || !options.messageContent) return "Off: messages are judged where somebody asks for it.";
  if (moderation.shadow) return "In shadow mode: I only say what I would do.";
  if (unfit.length === 0) return "On: I do what the rules ask for.";
  return `On, but in shadow mode by ${unfit.map((name) => inlineCode(name)).join(", ")}: the judge there is not surely fit.`;
}

async function raidLine({ raids }: BotContext, guild: string, settings: GuildSettings): Promise<string> {
  if (everySettings(settings).every(({ moderation }) => moderation.filters.raids.action === "off")) return "";
  await raids.recall(guild);
  const until = raids.until(guild, settings);
  return until === undefined ? "" : `\nRaid mode is on until ${time(Math.floor(until / 1000), "t")}.`;
}

function paceLines({ looks, pace, options }: BotContext, guild: string): string {
  const at = options.clock();
  const [seconds, judged, written] = [pace.secondsOf(guild), pace.judgedLately(guild, at), pace.busiest(guild, at)];
  const waiting = looks.count(guild);
  return [
    waiting === 1 ? "1 message waits to be judged" : `${waiting} messages wait to be judged`,
    `judged in the last ten minutes: ${judged === 0 ? "none" : `${figure(judged)} a minute`}`,
    `a verdict takes: ${seconds === undefined ? "not measured yet" : `${figure(seconds)} s`}`,
    `written here: ${written === 0 ? "nothing in the last day" : `${figure(written)} a minute, in the busiest ten minutes of the last day`}`,
  ].join("\n");
}

function countsOf(decisions: readonly Decision[]): string {
  const approved = decisions.filter(({ isGood }) => isGood).length;
  return `${decisions.length} (${approved} approved, ${decisions.length - approved} rejected)`;
}

async function learningFields(
  { store, learning }: BotContext,
  guild: string,
): Promise<{ readonly name: string; readonly value: string }[]> {
  const progress = learning.get(guild);
  const now = progress === undefined ? [] : [{ name: "Learning now", value: `${Math.round(progress * 100)} %` }];
  const [last] = await store.audit(guild, 1, { events: [CALIBRATED] });
  if (last === undefined) return now;
  const by = last.actor === undefined ? "" : `, ${userMention(last.actor)}`;
  return [...now, { name: "Learned last", value: `${escapeMarkdown(last.detail)} (${time(Math.floor(last.at / 1000), "R")}${by})` }];
}
