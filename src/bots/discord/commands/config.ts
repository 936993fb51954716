import { type ChatInputCommandInteraction, escapeMarkdown, inlineCode, time, userMention } from "discord.js";
import { DEFAULT_SETTINGS, type GuildSettings } from "../../guard/settings.ts";
import { settingPaths } from "../../guard/settings-keys.ts";
import { changedAt, textAt } from "../../guard/settings-paths.ts";
import { exportSettings, importSettings } from "../../guard/settings-yaml.ts";
import type { Parts } from "../parts.ts";
import { cut } from "../text/cut.ts";
import { changeSettings } from "./change-settings.ts";
import { guildOf, type PrivateAnswer, Refused } from "./command.ts";

type Config = (interaction: ChatInputCommandInteraction, parts: Parts) => Promise<PrivateAnswer | string>;

/** The subcommands of `/rain config` that answer in words; the form for a principle is another file's. */
export const CONFIG: Readonly<Record<string, Config>> = { show, set, forget, export: exported, import: imported, history, restore };

async function show(interaction: ChatInputCommandInteraction, { store }: Parts): Promise<PrivateAnswer> {
  const { version, settings, changedAt: at, changedBy } = await store.settings(guildOf(interaction));
  const key = interaction.options.getString("key");
  if (key !== null) {
    if (!settingPaths(settings).includes(key)) throw new Refused(`I know no setting ${inlineCode(key)}.`);
    return { content: `${inlineCode(key)} is ${shown(textAt(settings, key))}.` };
  }
  const defaults = settingPaths(DEFAULT_SETTINGS);
  const changed = settingPaths(settings).filter(
    (path) => !defaults.includes(path) || textAt(settings, path) !== textAt(DEFAULT_SETTINGS, path),
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

async function set(interaction: ChatInputCommandInteraction, parts: Parts): Promise<string> {
  const key = interaction.options.getString("key", true);
  const value = interaction.options.getString("value", true);
  const { settings, version } = await changeSettings(parts, {
    guild: guildOf(interaction),
    by: interaction.user.id,
    detail: `set ${key}`,
    make: (before) => changedAt(before, key, value),
  });
  return `${inlineCode(key)} is ${shown(textAt(settings, key))} now (version ${version}).`;
}

async function forget(interaction: ChatInputCommandInteraction, parts: Parts): Promise<string> {
  const name = interaction.options.getString("principle", true);
  const { version } = await changeSettings(parts, {
    guild: guildOf(interaction),
    by: interaction.user.id,
    detail: `forget the principle ${name.slice(0, 32)}`,
    make: (before) => withoutPrinciple(before, name),
  });
  return `The principle ${inlineCode(name)} is forgotten, with its rule (version ${version}).`;
}

function withoutPrinciple(settings: GuildSettings, name: string): GuildSettings {
  const { [name]: gone, ...principles } = settings.principles;
  const { [name]: _, ...rules } = settings.moderation.rules;
  if (gone === undefined) throw new Refused(`This server has no principle ${inlineCode(name)} of its own.`);
  if (settings.talk.principle === name)
    throw new Refused(`My answers are judged by ${inlineCode(name)}: set ${inlineCode("talk.principle")} first.`);
  return { ...settings, principles, moderation: { ...settings.moderation, rules } };
}

async function exported(interaction: ChatInputCommandInteraction, { store }: Parts): Promise<PrivateAnswer> {
  const { version, settings } = await store.settings(guildOf(interaction));
  return { content: `Version ${version}:`, files: [{ name: "rain.yaml", content: Buffer.from(exportSettings(settings)) }] };
}

/** More than the longest settings need; `importSettings` counts again what really came. */
const MOST_BYTES = 64 * 1024;

async function imported(interaction: ChatInputCommandInteraction, parts: Parts): Promise<string> {
  const file = interaction.options.getAttachment("file", true);
  if (file.size > MOST_BYTES) throw new Refused(`Nothing was changed. Expected a file of at most ${MOST_BYTES} bytes, got ${file.size}.`);
  const response = await fetch(file.url, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Refused("Nothing was changed. The file could not be read: please try again.");
  const text = await response.text();
  const { version } = await changeSettings(parts, {
    guild: guildOf(interaction),
    by: interaction.user.id,
    detail: "imported a file",
    make: () => importSettings(text),
  });
  return `Imported as version ${version}. What the file leaves out is the default.`;
}

const SHOWN = 10;

async function history(interaction: ChatInputCommandInteraction, { store }: Parts): Promise<PrivateAnswer> {
  const versions = await store.settingsHistory(guildOf(interaction), SHOWN);
  if (versions.length === 0) return { content: "Nothing was decided yet: all settings are the defaults." };
  const lines = versions.map(
    ({ version, changedBy, changedAt: at }) => `${version}: ${userMention(changedBy ?? "")}, ${time(Math.floor(at / 1000), "R")}`,
  );
  return { embeds: [{ title: "The last versions", description: lines.join("\n") }] };
}

/** How far back one may go. */
const KEPT = 100;

async function restore(interaction: ChatInputCommandInteraction, parts: Parts): Promise<string> {
  const guild = guildOf(interaction);
  const wanted = interaction.options.getInteger("version", true);
  const earlier = (await parts.store.settingsHistory(guild, KEPT)).find(({ version }) => version === wanted);
  if (earlier === undefined) throw new Refused(`I know no version ${wanted}.`);
  const { version } = await changeSettings(parts, {
    guild,
    by: interaction.user.id,
    detail: `restored version ${wanted}`,
    make: () => earlier.settings,
  });
  return `Version ${wanted} is back, as version ${version}.`;
}

function shown(text: string): string {
  return inlineCode(cut(text, 300).replaceAll("`", "'"));
}
