import { hyperlink, inlineCode, messageLink } from "discord.js";
import {
  belowLimit,
  dayBefore,
  type GuildSettings,
  type LowMessage,
  limitOf,
  numeral,
  oneOrMany,
  say,
  saying,
  together,
  USUAL,
  type Values,
  valuesBy,
  type Words,
} from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { knownJudge } from "../known-judge.ts";

/** With the present one. */
const DAYS = 7;

/** Messages that are shown of those that a limit would have flagged. */
const SHOWN = 10;

/** What is known of the last week's messages by one principle. */
interface LastWeek extends Values {
  /** The judge that works now; `undefined`: not known. */
  readonly judge: string | undefined;
}

/** Another limit than before. */
interface LimitChange {
  readonly principle: string;
  readonly before: number;
  readonly after: number;
}

/** The limits in which two settings differ. -Infinity: the principle speaks against nothing. */
export function limitChanges(before: GuildSettings, after: GuildSettings): readonly LimitChange[] {
  const names = new Set([before, after].flatMap(({ moderation }) => Object.keys(moderation.rules)));
  return [...names]
    .map((principle) => ({ principle, before: limitIn(before, principle), after: limitIn(after, principle) }))
    .filter((change) => change.before !== change.after);
}

/** Whether other limits hold in some places, or for some people. */
export function changesExceptions(before: GuildSettings, after: GuildSettings): boolean {
  const ids = new Set([before, after].flatMap(({ exceptions }) => Object.keys(exceptions)));
  return [...ids].some((id) => strictnessIn(before, id) !== strictnessIn(after, id));
}

/** What an exception says of it, in one text. */
function strictnessIn({ exceptions }: GuildSettings, id: string): string {
  const { strictness = USUAL, rules = {} } = exceptions[id] ?? {};
  const ofRules = Object.entries(rules).filter(([, rule]) => rule.strictness !== USUAL);
  return [strictness, ...ofRules.map(([name, rule]) => `${name} ${rule.strictness}`).toSorted()].join();
}

function limitIn({ moderation: { rules } }: GuildSettings, principle: string): number {
  const rule = Object.hasOwn(rules, principle) ? rules[principle] : undefined;
  return rule === undefined ? Number.NEGATIVE_INFINITY : limitOf(rule);
}

/** What the guild's judge of a principle said of its last week's messages. */
export async function lastWeek(
  context: BotContext,
  { guild, settings, principle }: { readonly guild: string; readonly settings: GuildSettings; readonly principle: string },
): Promise<LastWeek> {
  const judge = (await knownJudge(context, settings, { name: principle, guild }))?.version;
  const counts = await context.store.valuesSince(guild, firstDay(context));
  return { judge, ...valuesBy(counts, { principle, judge: judge ?? "" }) };
}

/** What new limits would have flagged of the guild's last week, with links to some of it; for the person who is about to take them. */
export async function foreseen(
  context: BotContext,
  language: string,
  { guild, before, after }: { readonly guild: string; readonly before: GuildSettings; readonly after: GuildSettings },
): Promise<string> {
  const figures: string[] = [];
  const examples: string[] = [];
  for (const change of limitChanges(before, after)) {
    const { principle } = change;
    const settings = Object.hasOwn(after.moderation.rules, principle) ? after : before;
    const week = await lastWeek(context, { guild, settings, principle });
    figures.push(figureLine(change, week)(language));
    if (week.judge === undefined || change.after === Number.NEGATIVE_INFINITY) continue;
    const found = await context.store.lowMessages({
      guild,
      principle,
      judge: week.judge,
      from: firstDay(context),
      below: Math.round(change.after * 100),
      limit: SHOWN,
    });
    examples.push(...exampleLines(language, change, found));
  }
  if (changesExceptions(before, after)) figures.push(say(language, "week.exceptions"));
  return fitting([...figures, ...examples]);
}

function firstDay({ options }: BotContext): string {
  return dayBefore(options.clock(), DAYS - 1);
}

function figureLine({ principle, before, after }: LimitChange, week: LastWeek): Words {
  const figure = figureWords(week, before, after);
  return saying("week.line", { principle: inlineCode(principle), after: flagged(after), before: flagged(before), figure });
}

function figureWords(week: LastWeek, before: number, after: number): Words {
  const { judge, judged, judgedByOthers } = week;
  if (judge === undefined) return saying("week.noJudge");
  const others = saying(`week.others.${oneOrMany(judgedByOthers)}`, { count: numeral(judgedByOthers), days: DAYS });
  if (judged === 0) return judgedByOthers === 0 ? saying("week.notJudged", { days: DAYS }) : saying("week.cannot", { others });
  const below = (limit: number) => numeral(belowLimit(week, limit));
  const figure = saying("week.figure", { days: DAYS, after: below(after), judged: numeral(judged), before: below(before) });
  return judgedByOthers === 0 ? figure : together([figure, saying("week.besides", { others })], " ");
}

function exampleLines(language: string, { principle, after }: LimitChange, found: readonly LowMessage[]): readonly string[] {
  if (found.length === 0) return [];
  const links = found.map(({ channel, message, guild, hundredths }) => {
    const value = hundredths < -100 ? say(language, "week.noNumber") : (hundredths / 100).toFixed(2);
    return `- ${hyperlink(value, messageLink(channel, message, guild))}`;
  });
  return [say(language, "week.closest", { principle: inlineCode(principle), limit: after.toFixed(2) }), ...links];
}

function flagged(limit: number): Words {
  return limit === Number.NEGATIVE_INFINITY ? saying("week.none") : saying("week.below", { limit: limit.toFixed(2) });
}

/** Discord's limit is a little more. */
const LONGEST = 4000;

/** Whole lines: half of a link would be none. */
function fitting(lines: readonly string[]): string {
  const kept: string[] = [];
  for (const line of lines) {
    if ([...kept, line].join("\n").length > LONGEST) break;
    kept.push(line);
  }
  return kept.join("\n");
}
