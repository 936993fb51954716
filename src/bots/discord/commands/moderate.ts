import {
  type APIEmbed,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  type ChatInputCommandInteraction,
  InteractionContextType,
  type MessageContextMenuCommandInteraction,
  PermissionFlagsBits,
} from "discord.js";
import {
  decidedByFilters,
  type FilterHit,
  type Finding,
  filterHits,
  type GuildSettings,
  type Heard,
  type Judgement,
  judgeMessage,
  oneOrMany,
  type ReviewRecord,
  say,
  saying,
  together,
  withFindings,
} from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { insistOnSettings } from "../change-settings.ts";
import { findingLine, LONGEST_CARDS, lengthOf, reviewButtons, reviewCard, unfitLine, unreadFilesLine } from "../moderate/card.ts";
import { type Before, saidBefore, sinceFields, textFiles } from "../moderate/evidence.ts";
import { heardOf, heardText } from "../moderate/heard.ts";
import { incidentOf } from "../moderate/reviews.ts";
import { strikesOf } from "../moderate/strikes.ts";
import { readMessage } from "../reply/attached-text.ts";
import { cut } from "../reply/text.ts";
import { settingsOfMessage } from "../whereabouts.ts";
import { audit, auditSubcommand } from "./audit.ts";
import { answerPrivately, type Command, checkModerates, guildOf, type PrivateAnswer } from "./command.ts";
import { linesFile } from "./lines-file.ts";
import { statistics, statisticsSubcommand } from "./statistics.ts";

/** `/moderate`: tries a text against the rules, shows the review queue, exports what was decided. */
export const moderate: Command = {
  data: {
    type: ApplicationCommandType.ChatInput,
    name: "moderate",
    description: "For moderators: the review queue, and how the rules judge",
    contexts: [InteractionContextType.Guild],
    default_member_permissions: String(PermissionFlagsBits.ManageMessages),
    options: [
      {
        type: ApplicationCommandOptionType.Subcommand,
        name: "test",
        description: "How a text would be judged here",
        options: [{ type: ApplicationCommandOptionType.String, name: "text", description: "Any text", required: true, max_length: 4000 }],
      },
      { type: ApplicationCommandOptionType.Subcommand, name: "queue", description: "The messages that wait for a decision" },
      { type: ApplicationCommandOptionType.Subcommand, name: "export", description: "All decisions as JSONL" },
      auditSubcommand,
      statisticsSubcommand,
      {
        type: ApplicationCommandOptionType.Subcommand,
        name: "stop",
        description: "At once: nothing more is judged by itself, and nothing done",
      },
    ],
  },
  async run(interaction, context) {
    await answerPrivately(interaction, context, async () => {
      checkModerates(interaction);
      const subcommand = interaction.options.getSubcommand();
      if (subcommand === "test") return await test(interaction, context);
      if (subcommand === "audit") return await audit(interaction, context);
      if (subcommand === "statistics") return await statistics(interaction, context);
      if (subcommand === "export") return await exported(context, interaction);
      if (subcommand === "stop") return await stop(interaction, context);
      return await queue(context, interaction);
    });
  },
};

async function test(interaction: ChatInputCommandInteraction, context: BotContext): Promise<PrivateAnswer> {
  const guild = guildOf(interaction);
  const { settings } = await context.store.settings(guild);
  const tried = await tryOut(context, { guild, heard: heardText(interaction.options.getString("text", true)), settings });
  if (tried === undefined) return { content: say(interaction.locale, "test.nothing.text") };
  return { embeds: [judgementCard(interaction.locale, tried)] };
}

interface Tried {
  readonly judgement: Judgement;
  readonly hits: readonly FilterHit[];
}

/** What filters find and judges say, also where the filters alone decide. `undefined`: there is nothing to be said. */
async function tryOut(
  { inference, over, metrics }: BotContext,
  { guild, heard, settings }: { readonly guild: string; readonly heard: Heard; readonly settings: GuildSettings },
): Promise<Tried | undefined> {
  const hits = filterHits(heard, settings);
  const judged = await judgeMessage(inference, { guild, text: heard.text, settings, signal: over });
  if (judged.findings.length === 0 && hits.length === 0) return undefined;
  if (judged.findings.length > 0) metrics.judged.inc();
  if (judged.against.length > 0) metrics.against.inc();
  const together = withFindings(judged, hits);
  const byFilters = decidedByFilters(hits);
  const judgement = byFilters === undefined ? together : { ...together, action: byFilters.action, isCertain: true };
  return { judgement, hits };
}

/** As many as one message shows well. */
const SHOWN = 5;

async function queue(context: BotContext, interaction: ChatInputCommandInteraction): Promise<PrivateAnswer> {
  const { locale } = interaction;
  const guild = guildOf(interaction);
  const oldest: { readonly review: ReviewRecord; readonly incident: readonly ReviewRecord[] }[] = [];
  for (const review of await context.store.pendingIncidents(guild, SHOWN)) {
    const incident = await context.store.incident(guild, incidentOf(review));
    oldest.push({ review, incident: incident.filter(({ decision }) => decision === "pending") });
  }
  if (oldest.length === 0) return { content: say(locale, "queue.none") };
  const { settings } = await context.store.settings(guild);
  const cards: APIEmbed[] = [];
  const filesBefore: Before["files"][] = [];
  for (const { review, incident } of oldest) {
    const [before, since] = [await saidBefore(context, locale, review), await sinceFields(context, locale, review, incident)];
    filesBefore.push(before.files);
    const strikes = await strikesOf(context, guild, review.author, settings);
    cards.push(reviewCard(locale, review, { before: before.fields, incident, since, strikes }));
  }
  const shown = fitting(cards);
  const reviews = oldest.slice(0, shown.length);
  return {
    content: oldest.length === SHOWN ? say(locale, "queue.oldest.many", { count: reviews.length }) : say(locale, "queue.oldest"),
    embeds: shown,
    components: reviews.flatMap(({ review, incident }) => reviewButtons(locale, review, incident)),
    files: reviews.flatMap(({ review, incident }, index) => [...textFiles(locale, review, incident), ...(filesBefore[index] ?? [])]),
  };
}

function fitting(cards: readonly APIEmbed[]): readonly APIEmbed[] {
  const lengths = cards.map(lengthOf);
  const sums = lengths.map((_, index) => lengths.slice(0, index + 1).reduce((sum, length) => sum + length, 0));
  return cards.filter((_, index) => (sums[index] as number) <= LONGEST_CARDS);
}

/** For a moderator who sees that something goes wrong: whoever may manage the server switches it on again. */
async function stop(interaction: ChatInputCommandInteraction, context: BotContext): Promise<string> {
  const guild = guildOf(interaction);
  // Before the settings: the database may be slow.
  const before = context.looks.letGo(guild);
  const make = (settings: GuildSettings) => ({ ...settings, moderation: { ...settings.moderation, automatic: false } });
  const { version, isChanged } = await insistOnSettings(context, { guild, by: interaction.user.id, detail: "moderation stopped", make });
  const count = before + context.looks.letGo(guild);
  const isRaidOver = await context.raids.end(guild, interaction.user.id);
  const { locale } = interaction;
  if (!isChanged && count === 0 && !isRaidOver) return say(locale, "stopped.nothing", { version });
  const stopped = saying(`stopped.${oneOrMany(count)}`, { count, version });
  return together([stopped, ...(isRaidOver ? [saying("stopped.raid")] : [])], " ")(locale);
}

/** One line for each decision, the newest first: what was judged, how, and what a person decided. Preference data, without the messages themselves. */
async function exported({ store }: BotContext, interaction: ChatInputCommandInteraction): Promise<PrivateAnswer> {
  const decisions = store.decisions(guildOf(interaction), { newestFirst: true });
  const { file, count, left } = await linesFile("decisions.jsonl", decisions, (review) => {
    const { id, hash, excerpt, findings, action, shadow, decision, decidedAt, createdAt } = review;
    const times = { createdAt: new Date(createdAt).toISOString(), decidedAt: new Date(decidedAt ?? createdAt).toISOString() };
    return { id, hash, excerpt, findings, action, shadow, decision, ...times };
  });
  if (count === 0) return { content: say(interaction.locale, "export.nothing") };
  return { content: together([saying("export.count", { count }), ...left], " ")(interaction.locale), files: [file] };
}

/** The context menu's "Judge this message": its values, for the moderator who asks, and nothing is done. */
export const judge: Command<MessageContextMenuCommandInteraction> = {
  data: {
    type: ApplicationCommandType.Message,
    name: "Judge this message",
    contexts: [InteractionContextType.Guild],
    default_member_permissions: String(PermissionFlagsBits.ManageMessages),
  },
  async run(interaction, context) {
    await answerPrivately(interaction, context, async () => {
      checkModerates(interaction);
      const guild = guildOf(interaction);
      const { targetMessage: message } = interaction;
      const settings = settingsOfMessage((await context.store.settings(guild)).settings, message);
      const { text, unread } = await readMessage(message, context.log);
      const isInRaid = context.raids.until(guild, settings) !== undefined;
      const heard = heardOf(message, { text, member: message.member, at: message.createdTimestamp, isInRaid });
      const tried = await tryOut(context, { guild, heard, settings });
      const { locale } = interaction;
      const note = unread === 0 ? "" : unreadFilesLine(locale, unread);
      if (tried !== undefined) return { ...(note === "" ? {} : { content: note }), embeds: [judgementCard(locale, tried)] };
      return { content: [say(locale, "test.nothing.message"), note].join("\n").trim() };
    });
  },
};

/** What is thought of a text, and what would come of it. */
function judgementCard(language: string, { judgement: { findings, action, isCertain, unfit }, hits }: Tried): APIEmbed {
  const lineOf = (finding: Finding) => findingLine(language, finding);
  const looks = hits.flatMap(({ action: asked, finding }) =>
    asked === "look" ? [say(language, "test.first", { finding: lineOf(finding) })] : [],
  );
  const lines = [...looks, ...findings.map(lineOf), ...unfit.map((one) => unfitLine(one)(language))];
  const verdict =
    action === undefined ? say(language, "test.fine") : say(language, isCertain ? "test.asks" : "test.asks.unfit", { action });
  return { title: say(language, "card.values"), description: cut(lines.join("\n"), LONGEST), footer: { text: verdict } };
}

/** Discord's limit is a little more. */
const LONGEST = 4000;
