import { inlineCode } from "discord.js";
import { actsBy, everySettings, type GuildSettings, type KnownJudge } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { Refused } from "../commands/command.ts";
import { knownJudge } from "../known-judge.ts";
import { doubtOf, fitnessText } from "./card.ts";

interface SettingsStep {
  readonly guild: string;
  readonly before: GuildSettings;
  readonly after: GuildSettings;
}

/**
 * Whether a guild may leave shadow mode, or let a rule do more than before: each rule that would then act needs a judge that is surely fit, or that the
 * guild has accepted by its figure.
 *
 * @returns the figure of each such judge, to be confirmed. None: nothing more would be done than before
 * @throws {Refused} with the figures, and what to do
 */
export async function checkLeavingShadow(context: BotContext, { guild, before, after }: SettingsStep): Promise<readonly string[]> {
  const already = actingRules(before);
  const isMoreByStrikes = after.moderation.strikes.automatic && !before.moderation.strikes.automatic;
  const doubts: string[] = [];
  const figures: string[] = [];
  for (const [name, how] of actingRules(after)) {
    if (already.get(name) === how && !isMoreByStrikes) continue;
    const rule = after.moderation.rules[name];
    const judge = await knownJudge(context, after, { name, guild });
    if (rule === undefined) continue;
    if (judge != null && actsBy(judge, rule)) figures.push(`By ${inlineCode(name)} my judge decides: ${figureOf(judge)}.`);
    else doubts.push(`By ${inlineCode(name)} ${judge == null ? UNKNOWN : `my judge ${doubtOf(judge)}. ${wayOut(name, judge)}`}`);
  }
  if (doubts.length === 0) return figures.length === 0 ? [] : [WILL_ACT, ...figures];
  throw new Refused(
    ["Nothing was changed: something would be done to messages by a judge that errs too often, or may.", ...doubts].join("\n"),
  );
}

const WILL_ACT = "From then on I do to messages what the rules ask for:";

function figureOf({ fitness }: KnownJudge): string {
  return fitness === undefined ? "it was never measured, and nobody knows how often it errs" : fitnessText(fitness);
}

const UNKNOWN = "it is not known yet how good my judge is: please try again when `/rain status` says it.";

function wayOut(name: string, { isFit, fitness }: Parameters<typeof actsBy>[0]): string {
  const action = inlineCode(`moderation.rules.${name}.action`);
  if (!isFit) return `It never acts: teach it by \`/rain calibrate\`, or set ${action} to \`log\`.`;
  const figure = Math.floor((fitness?.low ?? 0) * 100) / 100;
  const key = inlineCode(`moderation.rules.${name}.actsFrom`);
  return `To let it act all the same, confirm its figure, by ${figure} for ${key} in \`/settings\`, and try again; else teach it by \`/rain calibrate\`.`;
}

/** The rules by which something is done to messages, and what, wherever in the server. */
function actingRules(settings: GuildSettings): ReadonlyMap<string, string> {
  const acting = new Map<string, string>();
  for (const { moderation } of everySettings(settings)) {
    if (!moderation.automatic || moderation.shadow) continue;
    for (const [name, { strictness, action, actsFrom }] of Object.entries(moderation.rules))
      if (strictness !== "off" && action !== "log") acting.set(name, `${acting.get(name) ?? ""} ${strictness} ${action} ${actsFrom}`);
  }
  return acting;
}
