import { channelMention, PermissionFlagsBits } from "discord.js";
import { everySettings, filterActions, type GuildSettings, judgeMessage, numeral, saying, type Words } from "../guard/index.ts";
import type { BotContext } from "./bot-context.ts";
import { knownJudge } from "./known-judge.ts";
import { logChannelOf } from "./moderate/log-channel.ts";
import { within } from "./within.ts";

/** Messages that may wait to be judged before the model is said to be too slow. */
const MANY_WAITING = 20;

/** Something that moderation needs. */
interface Need {
  readonly name: Words;
  /** How it is, in a few words. */
  readonly state: Words;
  /** What that keeps from being done, in words for those who can change it. */
  readonly problems: readonly Words[];
}

/** What a guild's moderation needs to do what its settings say. */
export async function needsOf(context: BotContext, guild: string, settings: GuildSettings): Promise<readonly Need[]> {
  return [intentNeed(context, settings), await permissionsNeed(context, guild, settings), await logChannelNeed(context, guild, settings)];
}

/** Why a guild's moderation does not do what its settings say, or would not once it is switched on. None: all is well. */
export async function problemsOf(context: BotContext, guild: string, settings: GuildSettings): Promise<readonly Words[]> {
  const needs = await needsOf(context, guild, settings);
  return [
    ...needs.flatMap(({ problems }) => problems),
    ...(settings.moderation.automatic ? await paceProblems(context, guild, settings) : []),
  ];
}

function intentNeed({ options }: BotContext, { moderation: { automatic } }: GuildSettings): Need {
  const name = saying("need.intent");
  if (options.messageContent) return { name, state: saying("need.intent.granted"), problems: [] };
  return { name, state: saying("need.intent.notGranted"), problems: automatic ? [saying("need.intent.problem")] : [] };
}

async function logChannelNeed(context: BotContext, guild: string, settings: GuildSettings): Promise<Need> {
  const name = saying("need.log");
  const { logChannel, automatic } = settings.moderation;
  const found = await logChannelOf(context, { guild, settings });
  if ("channel" in found) return { name, state: () => channelMention(found.channel.id), problems: [] };
  const isLacking = automatic || logChannel !== undefined;
  const problem = saying("need.log.problem", { problem: found.problem });
  return { name, state: logChannel === undefined ? saying("need.log.none") : found.problem, problems: isLacking ? [problem] : [] };
}

/** What the rules ask for and the bot may do nowhere in the guild. Of single channels the cards say it. */
async function permissionsNeed({ client }: BotContext, guild: string, settings: GuildSettings): Promise<Need> {
  const rules = everySettings(settings).flatMap(({ moderation }) => Object.values(moderation.rules));
  const asked = [
    ...rules.flatMap(({ strictness, action }) => (strictness === "off" ? [] : [action])),
    ...everySettings(settings).flatMap((everywhere) => filterActions(everywhere)),
  ];
  const isTaking = asked.some((action) => action !== "log");
  const isSilencing = asked.includes("timeout") || (isTaking && settings.moderation.strikes.automatic);
  const needed = [
    ...(isTaking ? [["Manage Messages", PermissionFlagsBits.ManageMessages] as const] : []),
    ...(isSilencing ? [["Moderate Members", PermissionFlagsBits.ModerateMembers] as const] : []),
  ];
  const me = await (await client.guilds.fetch(guild)).members.fetchMe();
  const lacking = needed.filter(([, permission]) => !me.permissions.has(permission)).map(([name]) => name);
  const granted: Words = needed.length === 0 ? saying("need.permissions.none") : () => needed.map(([name]) => name).join(", ");
  return {
    name: saying("need.permissions"),
    state: lacking.length === 0 ? granted : saying("need.permissions.lacking", { permissions: lacking.join(", ") }),
    problems: lacking.map((permission) => saying("need.permissions.problem", { permission })),
  };
}

async function paceProblems(context: BotContext, guild: string, settings: GuildSettings): Promise<readonly Words[]> {
  const waiting = context.looks.count(guild);
  const passedOver = context.looks.passedOver(guild, context.options.clock());
  return [
    await tooSlow(context, guild, settings),
    waiting < MANY_WAITING ? undefined : saying("need.waiting", { count: waiting }),
    passedOver === 0 ? undefined : saying("need.passedOver", { count: passedOver }),
  ].filter((problem) => problem !== undefined);
}

async function tooSlow(context: BotContext, guild: string, settings: GuildSettings): Promise<Words | undefined> {
  const { pace, options } = context;
  const written = pace.busiest(guild, options.clock());
  // Of a server in which nothing was written no pace is known.
  const seconds = written === 0 ? undefined : (pace.secondsOf(guild) ?? (await timedVerdict(context, guild, settings)));
  if (seconds === undefined || written * seconds <= 60) return undefined;
  return saying("need.slow", { written: figure(written), seconds: figure(seconds), judged: figure(60 / seconds) });
}

/** One sentence: of most messages there is one verdict, and of longer ones more. */
const SENTENCE = "Could somebody tell me tomorrow how I get from the station to the meeting?";

/** How long one is waited for; what takes longer is known the next time. */
const PATIENCE_MS = 10_000;

/** What one verdict costs, in seconds, where none was measured yet. `undefined`: not known. */
async function timedVerdict(context: BotContext, guild: string, settings: GuildSettings): Promise<number | undefined> {
  const { inference, over, pace, log } = context;
  // What waits is measured by itself, and is not to wait for one more.
  if (context.looks.count(guild) > 0) return undefined;
  const rules = Object.entries(settings.moderation.rules).flatMap(([name, { strictness }]) => (strictness === "off" ? [] : [name]));
  // Before a judge can be asked it may have to read labelled answers.
  for (const name of rules) if ((await knownJudge(context, settings, { name, guild })) == null) return undefined;
  const timing = pace.timed(guild, () => judgeMessage(inference, { guild, text: SENTENCE, settings, signal: over }));
  await within(
    PATIENCE_MS,
    timing.catch((error: unknown) => log.warn({ err: error, guild }, "no verdict could be timed")),
  );
  return pace.secondsOf(guild);
}

/** To a tenth. */
export function figure(value: number): Words {
  return numeral(Math.round(value * 10) / 10);
}
