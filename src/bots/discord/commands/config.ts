import { type ChatInputCommandInteraction, escapeMarkdown, inlineCode, time, userMention } from "discord.js";
import {
  DEFAULT_SETTINGS,
  exportSettings,
  type GuildSettings,
  importSettings,
  MOST_BYTES,
  settingPaths,
  textAt,
  USUAL,
} from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { problemsOf } from "../problems.ts";
import { cut } from "../reply/text.ts";
import { decideSettings, soAlready } from "../settings/decide-settings.ts";
import { guildOf, type PrivateAnswer, Refused } from "./command.ts";

type Config = (interaction: ChatInputCommandInteraction, context: BotContext) => Promise<PrivateAnswer | string>;

/** The subcommands of `/rain config`. */
export const CONFIG: Readonly<Record<string, Config>> = { show, export: exported, import: imported, history, restore };

async function show(interaction: ChatInputCommandInteraction, { store }: BotContext): Promise<PrivateAnswer> {
  const { version, settings, changedAt: at, changedBy } = await store.settings(guildOf(interaction));
  const defaults = settingPaths(DEFAULT_SETTINGS);
  const changed = settingPaths(settings).filter(
    (path) => textAt(settings, path) !== (defaults.includes(path) ? textAt(DEFAULT_SETTINGS, path) : usualAt(path)),
  );
  const lines = changed.map((path) => `${inlineCode(path)}: ${shown(textAt(settings, path))}`);
  const own = Object.entries(settings.principles).map(
    ([name, { question, good, bad }]) => `principle ${inlineCode(name)}: ${escapeMarkdown(`${question} ${good} / ${bad}`)}`,
  );
  const title = version === 0 ? "Nothing was decided yet: all settings are the defaults" : `Version ${version}, what is not the default`;
  const by = changedBy === undefined ? [] : [`Changed by ${userMention(changedBy)}, ${time(Math.floor(at / 1000), "R")}`];
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
  const tooLong = `It is longer than what I import: ${MOST_BYTES} bytes. Without comments and what is at its default it may be short enough.`;
  return {
    content: [`Version ${version}:`, ...(content.length > MOST_BYTES ? [tooLong] : [])].join("\n"),
    files: [{ name: "rain.yaml", content }],
  };
}

async function imported(interaction: ChatInputCommandInteraction, context: BotContext): Promise<PrivateAnswer | string> {
  const file = interaction.options.getAttachment("file", true);
  // `importSettings` counts again what really came.
  if (file.size > MOST_BYTES) throw new Refused(`Nothing was changed. Expected a file of at most ${MOST_BYTES} bytes, got ${file.size}.`);
  const response = await fetch(file.url, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Refused("Nothing was changed. The file could not be read: please try again.");
  const text = await response.text();
  return await decideSettings(interaction, context, {
    detail: "imported a file",
    make: () => importSettings(text),
    told: async ({ version, settings, isChanged }) => {
      const line = isChanged
        ? `Imported as version ${version}. What the file leaves out is the default.`
        : soAlready("The settings are what the file says", version);
      return await withProblems(interaction, context, settings, line);
    },
  });
}

const SHOWN = 10;

async function history(interaction: ChatInputCommandInteraction, { store }: BotContext): Promise<PrivateAnswer> {
  const versions = await store.settingsHistory(guildOf(interaction), SHOWN);
  if (versions.length === 0) return { content: "Nothing was decided yet: all settings are the defaults." };
  const lines = versions.map(
    ({ version, changedBy, changedAt: at }) => `${version}: ${userMention(changedBy ?? "")}, ${time(Math.floor(at / 1000), "R")}`,
  );
  return { embeds: [{ title: "The last versions", description: lines.join("\n") }] };
}

/** How far back one may go. */
const KEPT = 100;

async function restore(interaction: ChatInputCommandInteraction, context: BotContext): Promise<PrivateAnswer | string> {
  const wanted = interaction.options.getInteger("version", true);
  const earlier = (await context.store.settingsHistory(guildOf(interaction), KEPT)).find(({ version }) => version === wanted);
  if (earlier === undefined) throw new Refused(`I know no version ${wanted}.`);
  return await decideSettings(interaction, context, {
    detail: `restored version ${wanted}`,
    make: () => earlier.settings,
    told: async ({ version, settings, isChanged }) => {
      const line = isChanged
        ? `Version ${wanted} is back, as version ${version}.`
        : soAlready(`The settings are those of version ${wanted}`, version);
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
  line: string,
): Promise<string> {
  const problems = await problemsOf(context, guildOf(interaction), settings);
  return cut([line, ...problems.map((problem) => `⚠️ ${problem}`)].join("\n"), LONGEST);
}

const LONGEST = 1900;
