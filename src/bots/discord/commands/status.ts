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
import {
  actsBy,
  type Decision,
  decisionsBy,
  everySettings,
  type GuildSettings,
  type KnownJudge,
  say,
  saying,
  type Words,
} from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { knownJudge } from "../known-judge.ts";
import { fitnessWords } from "../moderate/card.ts";
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
  const { locale } = interaction;
  const said = (words: Words) => words(locale);
  const decided = rules.map((name, index) => said(countsOf(name, decisions[index] ?? [])));
  const needs = await needsOf(context, guild, settings);
  const problems = await problemsOf(context, guild, settings);
  const fields = [
    { name: say(locale, "status.answers"), value: said(judgeLine(settings.talk.principle, answers)) },
    {
      name: say(locale, "status.messages"),
      value: rules.map((name, index) => said(judgeLine(name, messages[index]))).join("\n") || say(locale, "status.noRule"),
    },
    {
      name: say(locale, "status.moderation"),
      value: [moderationLine(settings, unfit, context), ...(await raidLines(context, guild, settings))].map(said).join("\n"),
    },
    { name: say(locale, "status.pace"), value: paceLines(context, guild).map(said).join("\n") },
    {
      name: say(locale, "status.needs"),
      value: needs.map(({ name, state, problems }) => `${problems.length === 0 ? "✓" : "✗"} ${said(name)}: ${said(state)}`).join("\n"),
    },
    ...(problems.length === 0 ? [] : [{ name: say(locale, "status.wrong"), value: problems.map(said).join("\n") }]),
    ...(await untoldFields(context, locale, { guild, settings })),
    { name: say(locale, "status.decisions"), value: decided.join("\n") || say(locale, "status.none") },
    ...(await learningFields(context, locale, guild)),
  ];
  const model = escapeMarkdown(cut(inference.model, 200));
  const description = say(locale, "status.about", { version: VERSION, model, least: UNFIT_BELOW.toFixed(2) });
  return {
    embeds: [
      {
        title: say(locale, "status.title"),
        description: cut(description, LONGEST),
        fields: fields.map(({ name, value }) => ({ name, value: cut(value, LONGEST_FIELD) })),
      },
    ],
  };
}

/** What moderators do by hand is told to who may see the audit log. */
async function untoldFields(
  { client }: BotContext,
  language: string,
  { guild, settings: { moderation } }: { readonly guild: string; readonly settings: GuildSettings },
): Promise<readonly APIEmbedField[]> {
  const me = await (await client.guilds.fetch(guild)).members.fetchMe();
  if (!moderation.automatic || me.permissions.has(PermissionFlagsBits.ViewAuditLog)) return [];
  return [{ name: say(language, "status.untold"), value: say(language, "status.untold.what") }];
}

/** Those that are on, be it in one channel or for one role. */
function rulesOf(settings: GuildSettings): readonly string[] {
  const everywhere = everySettings(settings).map(({ moderation }) => moderation.rules);
  return Object.keys(settings.moderation.rules).filter((name) => everywhere.some((rules) => rules[name]?.strictness !== "off"));
}

function judgeLine(name: string, judge: KnownJudge | undefined | null): Words {
  const rule = inlineCode(name);
  if (judge === null) return saying("status.judge.unknown", { rule });
  if (judge === undefined) return saying("status.judge.finding", { rule });
  const { fitness, isFit, isOwn, source } = judge;
  const whose = saying(isOwn ? "status.judge.taught" : "status.judge.own");
  if (fitness === undefined) return saying("status.judge.never", { rule, whose });
  const known = saying("status.judge", { rule, whose, figure: fitnessWords(fitness) });
  const line = source === undefined ? known : saying("status.judge.from", { line: known, source });
  return isFit ? line : saying("status.judge.unfit", { line });
}

function moderationLine({ moderation }: GuildSettings, unfit: readonly string[], { options }: BotContext): Words {
  if (!moderation.automatic || !options.messageContent) return saying("status.off");
  if (moderation.shadow) return saying("status.shadow");
  if (unfit.length === 0) return saying("status.on");
  return saying("status.onInPart", { rules: unfit.map((name) => inlineCode(name)).join(", ") });
}

async function raidLines({ raids }: BotContext, guild: string, settings: GuildSettings): Promise<readonly Words[]> {
  if (everySettings(settings).every(({ moderation }) => moderation.filters.raids.action === "off")) return [];
  await raids.recall(guild);
  const until = raids.until(guild, settings);
  return until === undefined ? [] : [saying("status.raid", { time: time(Math.floor(until / 1000), "t") })];
}

function paceLines({ looks, pace, options }: BotContext, guild: string): readonly Words[] {
  const at = options.clock();
  const [seconds, judged, written] = [pace.secondsOf(guild), pace.judgedLately(guild, at), pace.busiest(guild, at)];
  const waiting = looks.count(guild);
  return [
    waiting === 1 ? saying("status.waiting.one") : saying("status.waiting.many", { count: waiting }),
    judged === 0 ? saying("status.judged.none") : saying("status.judged", { count: figure(judged) }),
    seconds === undefined ? saying("status.verdict.unknown") : saying("status.verdict", { seconds: figure(seconds) }),
    written === 0 ? saying("status.written.nothing") : saying("status.written", { count: figure(written) }),
  ];
}

function countsOf(name: string, decisions: readonly Decision[]): Words {
  const [count, approved] = [decisions.length, decisions.filter(({ isGood }) => isGood).length];
  return saying("status.decided", { rule: inlineCode(name), count, approved, rejected: count - approved });
}

async function learningFields(
  { store, learning }: BotContext,
  language: string,
  guild: string,
): Promise<{ readonly name: string; readonly value: string }[]> {
  const progress = learning.get(guild);
  const now = progress === undefined ? [] : [{ name: say(language, "status.learning"), value: `${Math.round(progress * 100)} %` }];
  const [last] = await store.audit(guild, 1, { events: [CALIBRATED] });
  if (last === undefined) return now;
  const by = last.actor === undefined ? "" : `, ${userMention(last.actor)}`;
  return [
    ...now,
    { name: say(language, "status.learned"), value: `${escapeMarkdown(last.detail)} (${time(Math.floor(last.at / 1000), "R")}${by})` },
  ];
}
