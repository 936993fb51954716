import { type ChatInputCommandInteraction, escapeMarkdown, inlineCode, time, userMention } from "discord.js";
import {
  DEFAULT_SETTINGS,
  exportSettings,
  type GuildSettings,
  importSettings,
  MOST_BYTES,
  say,
  saying,
  settingPaths,
  textAt,
  USUAL,
  type Words,
} from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { problemsOf } from "../problems.ts";
import { cut } from "../reply/text.ts";
import { decideSettings } from "../settings/decide-settings.ts";
import { guildOf, type PrivateAnswer, Refused } from "./command.ts";

type Config = (interaction: ChatInputCommandInteraction, context: BotContext) => Promise<PrivateAnswer | string>;

/** The subcommands of `/rain config`. */
export const CONFIG: Readonly<Record<string, Config>> = { show, export: exported, import: imported, history, restore };

async function show(interaction: ChatInputCommandInteraction, { store }: BotContext): Promise<PrivateAnswer> {
  const { version, settings, changedAt: at, changedBy } = await store.settings(guildOf(interaction));
  const { locale } = interaction;
  const defaults = settingPaths(DEFAULT_SETTINGS);
  const changed = settingPaths(settings).filter(
    (path) => textAt(settings, path) !== (defaults.includes(path) ? textAt(DEFAULT_SETTINGS, path) : usualAt(path)),
  );
  const lines = changed.map((path) => `${inlineCode(path)}: ${shown(textAt(settings, path))}`);
  const own = Object.entries(settings.principles).map(([name, { question, good, bad }]) =>
    say(locale, "config.principle", { name: inlineCode(name), words: escapeMarkdown(`${question} ${good} / ${bad}`) }),
  );
  const title = version === 0 ? say(locale, "config.none") : say(locale, "config.differs", { version });
  const when = time(Math.floor(at / 1000), "R");
  const by = changedBy === undefined ? [] : [say(locale, "config.changedBy", { who: userMention(changedBy), when })];
  const description = [...lines, ...own, ...by].join("\n");
  return { embeds: [{ title, ...(description === "" ? {} : { description: cut(description, 4000) }) }] };
}

/** What stands in an exception that says nothing of it. */
function usualAt(path: string): string | undefined {
  if (!path.startsWith("exceptions.")) return undefined;
  return path.endsWith(".cooldownSeconds") ? "none" : USUAL;
}

async function exported(interaction: ChatInputCommandInteraction, { store }: BotContext): Promise<PrivateAnswer> {
  const { version, settings } = await store.settings(guildOf(interaction));
  const content = Buffer.from(exportSettings(settings));
  const { locale } = interaction;
  const tooLong = content.length > MOST_BYTES ? [say(locale, "config.tooLong", { most: MOST_BYTES })] : [];
  return {
    content: [say(locale, "config.exported", { version }), ...tooLong].join("\n"),
    files: [{ name: "rain.yaml", content }],
  };
}

async function imported(interaction: ChatInputCommandInteraction, context: BotContext): Promise<PrivateAnswer | string> {
  const file = interaction.options.getAttachment("file", true);
  // `importSettings` counts again what really came.
  if (file.size > MOST_BYTES) throw Refused.by("config.fileTooLong", { most: MOST_BYTES, size: file.size });
  const response = await fetch(file.url, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw Refused.by("config.fileUnread");
  const text = await response.text();
  return await decideSettings(interaction, context, {
    detail: "imported a file",
    make: () => importSettings(text),
    told: async ({ version, settings, isChanged }) => {
      const line = saying(isChanged ? "config.imported" : "config.importedAlready", { version });
      return await withProblems(interaction, context, settings, line);
    },
  });
}

const SHOWN = 10;

async function history(interaction: ChatInputCommandInteraction, { store }: BotContext): Promise<PrivateAnswer> {
  const versions = await store.settingsHistory(guildOf(interaction), SHOWN);
  if (versions.length === 0) return { content: say(interaction.locale, "sentence", { words: saying("config.none") }) };
  const lines = versions.map(
    ({ version, changedBy, changedAt: at }) => `${version}: ${userMention(changedBy ?? "")}, ${time(Math.floor(at / 1000), "R")}`,
  );
  return { embeds: [{ title: say(interaction.locale, "config.history"), description: lines.join("\n") }] };
}

/** How far back one may go. */
const KEPT = 100;

async function restore(interaction: ChatInputCommandInteraction, context: BotContext): Promise<PrivateAnswer | string> {
  const wanted = interaction.options.getInteger("version", true);
  const earlier = (await context.store.settingsHistory(guildOf(interaction), KEPT)).find(({ version }) => version === wanted);
  if (earlier === undefined) throw Refused.by("config.unknownVersion", { version: wanted });
  return await decideSettings(interaction, context, {
    detail: `restored version ${wanted}`,
    make: () => earlier.settings,
    told: async ({ version, settings, isChanged }) => {
      const line = saying(isChanged ? "config.restored" : "config.restoredAlready", { wanted, version });
      return await withProblems(interaction, context, settings, line);
    },
  });
}

function shown(text: string): string {
  return inlineCode(cut(text, 300).replaceAll("`", "'"));
}

/** What was done, and what does not work by these settings: whoever sets them is there to mend it. */
async function withProblems(
  interaction: ChatInputCommandInteraction,
  context: BotContext,
  settings: GuildSettings,
  line: Words,
): Promise<string> {
  const problems = await problemsOf(context, guildOf(interaction), settings);
  const { locale } = interaction;
  return cut([line(locale), ...problems.map((problem) => `⚠️ ${problem(locale)}`)].join("\n"), LONGEST);
}

const LONGEST = 1900;
