import { type ChatInputCommandInteraction, inlineCode, MessageFlags } from "discord.js";
import {
  type CalibrationReport,
  decisionsBy,
  type GuildSettings,
  guildPrinciple,
  InferenceError,
  type JudgeFigures,
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
  if (progress !== undefined) throw new Refused(`I am learning of this server's decisions already: ${percent(progress)} are done.`);
  learning.set(guild, 0);
  try {
    const [decisions = []] = await decisionsBy([name], store.decisions(guild));
    await showPrivately(interaction, context, startOf(name, decisions.length));
    const report = await learn(context, { guild, principle: guildPrinciple(settings, name), decisions });
    const by = interaction.user.id;
    if (report.outcome !== "too-few")
      await store.addAudit({ guild, actor: by, event: CALIBRATED, detail: summaryOf(name, report), at: context.options.clock() });
    // A command may be answered for fifteen minutes; `/rain status` tells it for longer.
    await showPrivately(interaction, context, outcomeOf(name, report)).catch((error: unknown) =>
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
    if (InferenceError.findIn(error)?.code === "busy")
      throw new Refused("I am learning of this server's decisions already.", { cause: error });
    throw error;
  }
}

/** The rule that is meant: by default the first one by which messages are judged. */
function ruleOf({ moderation: { rules } }: GuildSettings, given: string | null): string {
  const [first] = Object.entries(rules).filter(([, { strictness }]) => strictness !== "off");
  const name = given?.trim().toLowerCase() ?? first?.[0];
  if (name === undefined) throw new Refused("This server judges messages by no principle: all its rules are off.");
  if (!Object.hasOwn(rules, name)) throw new Refused(`This server has no rule by ${inlineCode(name.slice(0, 32).replaceAll("`", "'"))}.`);
  return name;
}

function startOf(name: string, decisions: number): string {
  return `I read ${decisions} decisions of this server's moderators by ${inlineCode(name)}. That takes a while, and goes on beside everything else: \`/rain status\` says how far I am.`;
}

/** For the person who asked. */
function outcomeOf(name: string, report: CalibrationReport): string {
  const rule = inlineCode(name);
  if (report.outcome === "too-few") {
    const { missing, missingApproved, missingRejected } = report;
    const kinds = [
      missingApproved > 0 ? `at least ${missingApproved} approved` : "",
      missingRejected > 0 ? `at least ${missingRejected} rejected` : "",
    ].filter((kind) => kind !== "");
    const ofThem = kinds.length === 0 ? "" : `, of them ${kinds.join(" and ")}`;
    return `There are too few decisions about different messages by ${rule}: ${missing} more are needed${ofThem}. Press *Approve* or *Reject* in \`/moderate queue\`.`;
  }
  const { before, after, decisions, labelled } = report;
  const lines = [
    `By ${rule}, on ${decisions} decisions, each asked about without having learned of it (AUROC: 0.50 is guessing, 1 is perfect):`,
    `- before, as the model comes: ${figuresText(before)}`,
    `- after learning of the others${labelled > 0 ? ` and of ${labelled} labelled answers of the package` : ""}: ${figuresText(after)}`,
    ENDS[report.outcome],
  ];
  return lines.join("\n");
}

const ENDS = {
  taken: "It is better, and judges this server's messages from now on. No other server's are judged by it.",
  "no-better": "It is no better: nothing has changed. More decisions may help.",
  weak: "It is better, but not enough to rely on: below 0.70, from where on a judge may act, or no surer than guessing. Nothing has changed. More decisions may help.",
} as const satisfies Readonly<Record<Exclude<CalibrationReport["outcome"], "too-few">, string>>;

/** For the audit, without any text of people. */
function summaryOf(name: string, { outcome, before, after, decisions }: Exclude<CalibrationReport, { outcome: "too-few" }>): string {
  return `${name}: ${outcome}, AUROC ${before.auroc.toFixed(2)} before, ${after.auroc.toFixed(2)} after, on ${decisions} decisions`;
}

function figuresText({ auroc, low, high }: JudgeFigures): string {
  return `**${auroc.toFixed(2)}** (${low.toFixed(2)} to ${high.toFixed(2)})`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
