import { type ChatInputCommandInteraction, inlineCode, MessageFlags } from "discord.js";
import {
  type CalibrationReport,
  decisionsBy,
  type GuildSettings,
  guildPrinciple,
  InferenceError,
  type JudgeFigures,
  say,
  saying,
  type Words,
} from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { checkAdministers, guildOf, Refused, showPrivately } from "./command.ts";

/** What the audit calls it. */
export const CALIBRATED = "judge.calibrated";

/** `/rain calibrate`: the server's own judge learns of what its moderators decided, beside all else that is done. */
export async function calibrate(interaction: ChatInputCommandInteraction, context: BotContext): Promise<void> {
  await interaction.deferReply({ flags: MessageFlags.Ephemeral });
  checkAdministers(interaction);
  const { store, learning, log } = context;
  const guild = guildOf(interaction);
  const { settings } = await store.settings(guild);
  const name = ruleOf(settings, interaction.options.getString("principle"));
  const progress = learning.get(guild);
  if (progress !== undefined) throw Refused.by("learn.underWay", { percent: percent(progress) });
  learning.set(guild, 0);
  try {
    const [decisions = []] = await decisionsBy([name], store.decisions(guild));
    await showPrivately(interaction, context, say(interaction.locale, "learn.begun", { count: decisions.length, rule: inlineCode(name) }));
    const report = await learn(context, { guild, principle: guildPrinciple(settings, name), decisions });
    const by = interaction.user.id;
    if (report.outcome !== "too-few")
      await store.addAudit({ guild, actor: by, event: CALIBRATED, detail: summaryOf(name, report), at: context.options.clock() });
    // A command may be answered for fifteen minutes; `/rain status` tells it for longer.
    await showPrivately(interaction, context, outcomeOf(interaction.locale, name, report)).catch((error: unknown) =>
      log.info({ err: error, guild }, "not told"),
    );
  } finally {
    learning.delete(guild);
  }
}

async function learn({ inference, learning, log, over }: BotContext, request: Parameters<BotContext["inference"]["calibrate"]>[0]) {
  const { guild } = request;
  try {
    const report = await inference.calibrate(request, { signal: over, onProgress: (share) => learning.set(guild, share) });
    const figures = report.outcome === "too-few" ? {} : { ...report.after, count: report.decisions };
    log.info({ guild, outcome: report.outcome, ...figures }, "learned of decisions");
    return report;
  } catch (error) {
    if (InferenceError.findIn(error)?.code === "busy") throw new Refused(saying("learn.already"), { cause: error });
    throw error;
  }
}

/** The rule that is meant: by default the first one by which messages are judged. */
function ruleOf({ moderation: { rules } }: GuildSettings, given: string | null): string {
  const [first] = Object.entries(rules).filter(([, { strictness }]) => strictness !== "off");
  const name = given?.trim().toLowerCase() ?? first?.[0];
  if (name === undefined) throw Refused.by("learn.noRule");
  if (!Object.hasOwn(rules, name)) throw Refused.by("learn.unknownRule", { rule: inlineCode(name.slice(0, 32).replaceAll("`", "'")) });
  return name;
}

/** For the person who asked. */
function outcomeOf(language: string, name: string, report: CalibrationReport): string {
  const rule = inlineCode(name);
  if (report.outcome === "too-few") {
    const { missing: count, missingApproved, missingRejected } = report;
    const approved = missingApproved > 0 ? saying("learn.approved", { count: missingApproved }) : undefined;
    const rejected = missingRejected > 0 ? saying("learn.rejected", { count: missingRejected }) : undefined;
    const kinds = approved && rejected ? saying("learn.both", { approved, rejected }) : (approved ?? rejected);
    if (kinds === undefined) return say(language, "learn.tooFew", { rule, count });
    return say(language, "learn.tooFew.ofThem", { rule, count, kinds });
  }
  const { before, after, decisions, labelled, outcome } = report;
  const lines = [
    say(language, "learn.figures", { rule, count: decisions }),
    say(language, "learn.before", { figure: figureWords(before) }),
    labelled > 0
      ? say(language, "learn.after.labelled", { count: labelled, figure: figureWords(after) })
      : say(language, "learn.after", { figure: figureWords(after) }),
    say(language, `learn.end.${outcome}`),
  ];
  return lines.join("\n");
}

/** For the audit, without any text of people. */
function summaryOf(name: string, { outcome, before, after, decisions }: Exclude<CalibrationReport, { outcome: "too-few" }>): string {
  return `${name}: ${outcome}, AUROC ${before.auroc.toFixed(2)} before, ${after.auroc.toFixed(2)} after, on ${decisions} decisions`;
}

function figureWords({ auroc, low, high }: JudgeFigures): Words {
  return saying("learn.figure", { auroc: auroc.toFixed(2), low: low.toFixed(2), high: high.toFixed(2) });
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
