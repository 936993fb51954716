import { inlineCode } from "discord.js";
import { actsBy, everySettings, type GuildSettings, type KnownJudge, saying, together, type Words } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { Refused } from "../commands/command.ts";
import { knownJudge } from "../known-judge.ts";
import { doubtOf, fitnessWords } from "./card.ts";

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
export async function checkLeavingShadow(context: BotContext, { guild, before, after }: SettingsStep): Promise<readonly Words[]> {
  const already = actingRules(before);
  const isMoreByStrikes = after.moderation.strikes.automatic && !before.moderation.strikes.automatic;
  const doubts: Words[] = [];
  const figures: Words[] = [];
  for (const [name, how] of actingRules(after)) {
    if (already.get(name) === how && !isMoreByStrikes) continue;
    const rule = after.moderation.rules[name];
    const judge = await knownJudge(context, after, { name, guild });
    if (rule === undefined) continue;
    const code = inlineCode(name);
    if (judge == null) doubts.push(saying("leave.unknown", { rule: code }));
    else if (actsBy(judge, rule)) figures.push(saying("leave.decides", { rule: code, figure: figureOf(judge) }));
    else doubts.push(saying("leave.doubt", { rule: code, doubt: doubtOf(judge), way: wayOut(name, judge) }));
  }
  if (doubts.length === 0) return figures.length === 0 ? [] : [saying("leave.willAct"), ...figures];
  throw new Refused(together([saying("leave.refused"), ...doubts], "\n"));
}

function figureOf({ fitness }: KnownJudge): Words {
  return fitness === undefined ? saying("leave.neverMeasured") : fitnessWords(fitness);
}

function wayOut(name: string, { isFit, fitness }: Parameters<typeof actsBy>[0]): Words {
  if (!isFit) return saying("leave.teach", { action: inlineCode(`moderation.rules.${name}.action`) });
  const figure = Math.floor((fitness?.low ?? 0) * 100) / 100;
  return saying("leave.accept", { figure, key: inlineCode(`moderation.rules.${name}.actsFrom`) });
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
