import {
  type ChatInputCommandInteraction,
  ComponentType,
  escapeMarkdown,
  inlineCode,
  type ModalSubmitInteraction,
  TextInputStyle,
  time,
  userMention,
} from "discord.js";
import {
  changedAt,
  checkSettings,
  DEFAULT_SETTINGS,
  exportSettings,
  type GuildSettings,
  importSettings,
  SettingsError,
  settingPaths,
  textAt,
} from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { problemsOf } from "../problems.ts";
import { cut } from "../reply/text.ts";
import { decideSettings } from "../settings/decide-settings.ts";
import { within } from "../within.ts";
import { answerPrivately, type Component, checkManages, guildOf, type PrivateAnswer, Refused } from "./command.ts";

type Config = (interaction: ChatInputCommandInteraction, context: BotContext) => Promise<PrivateAnswer | string>;

/** The subcommands of `/rain config` that answer in words; the form for a principle is another file's. */
export const CONFIG: Readonly<Record<string, Config>> = { show, set, forget, export: exported, import: imported, history, restore };

async function show(interaction: ChatInputCommandInteraction, { store }: BotContext): Promise<PrivateAnswer> {
  const { version, settings, changedAt: at, changedBy } = await store.settings(guildOf(interaction));
  const key = interaction.options.getString("key");
  if (key !== null) {
    try {
      return { content: `${inlineCode(key)} is ${shown(textAt(settings, key))}.` };
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      throw new Refused(`I know no setting ${inlineCode(key)}.`, { cause: error });
    }
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

async function set(interaction: ChatInputCommandInteraction, context: BotContext): Promise<PrivateAnswer | string> {
  const key = interaction.options.getString("key", true);
  const value = interaction.options.getString("value", true);
  return await decideSettings(interaction, context, {
    detail: `set ${key}`,
    make: (before) => changedAt(before, key, value),
    told: async ({ settings, version, isChanged }) => {
      const line = `${inlineCode(key)} is ${shown(textAt(settings, key))}`;
      return await withProblems(interaction, context, settings, isChanged ? `${line} now (version ${version}).` : soAlready(line, version));
    },
  });
}

async function forget(interaction: ChatInputCommandInteraction, context: BotContext): Promise<PrivateAnswer | string> {
  const name = interaction.options.getString("principle", true);
  return await decideSettings(interaction, context, {
    detail: `forget the principle ${name.slice(0, 32)}`,
    make: (before) => withoutPrinciple(before, name),
    told: async ({ version }) => `The principle ${inlineCode(name)} is forgotten, with its rule (version ${version}).`,
  });
}

function withoutPrinciple(settings: GuildSettings, name: string): GuildSettings {
  const { [name]: gone, ...principles } = settings.principles;
  const { [name]: _, ...rules } = settings.moderation.rules;
  if (gone === undefined) throw new Refused(`This server has no principle ${inlineCode(name)} of its own.`);
  if (settings.talk.principle === name)
    throw new Refused(`My answers are judged by ${inlineCode(name)}: set ${inlineCode("talk.principle")} first.`);
  return { ...settings, principles, moderation: { ...settings.moderation, rules } };
}

async function exported(interaction: ChatInputCommandInteraction, { store }: BotContext): Promise<PrivateAnswer> {
  const { version, settings } = await store.settings(guildOf(interaction));
  return { content: `Version ${version}:`, files: [{ name: "rain.yaml", content: Buffer.from(exportSettings(settings)) }] };
}

/** More than the longest settings need; `importSettings` counts again what really came. */
const MOST_BYTES = 64 * 1024;

async function imported(interaction: ChatInputCommandInteraction, context: BotContext): Promise<PrivateAnswer | string> {
  const file = interaction.options.getAttachment("file", true);
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

/** A decision that changes nothing. */
function soAlready(line: string, version: number): string {
  return `${line} already: nothing was changed (version ${version}).`;
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

const PRINCIPLE = "principle";

const FIELDS = [
  { name: "name", label: "Name", hint: "polite", longest: 32 },
  { name: "question", label: "Question about a message", hint: "Is the message polite?", longest: 200 },
  { name: "good", label: "What a good one is, in a word", hint: "polite", longest: 60 },
  { name: "bad", label: "What a bad one is, in a word", hint: "rude", longest: 60 },
] as const;

/** Discord waits three seconds for a form, and unlike an answer it cannot be announced. */
const PATIENCE_MS = 2000;

/** Opens a form for a principle in plain words: for a new one, or with what a known one says. */
export async function openPrincipleForm(interaction: ChatInputCommandInteraction, { store, outbound }: BotContext): Promise<void> {
  const guild = guildOf(interaction);
  const name = interaction.options.getString("name") ?? "";
  const principles = name === "" ? {} : (await within(PATIENCE_MS, store.settings(guild)))?.settings.principles;
  if (principles === undefined) throw new Refused("I could not look up what the principle says now. Please try again in a moment.");
  const known = Object.hasOwn(principles, name) ? principles[name] : undefined;
  const values: Readonly<Record<string, string>> = { name, ...known };
  const components = FIELDS.map(({ name: id, label, hint, longest }) => {
    const value = values[id]?.slice(0, longest) ?? "";
    const input = {
      type: ComponentType.TextInput,
      custom_id: id,
      style: TextInputStyle.Short,
      max_length: longest,
      placeholder: hint,
    } as const;
    return { type: ComponentType.Label, label, component: { ...input, required: true, ...(value === "" ? {} : { value }) } } as const;
  });
  await interaction.showModal(outbound.own({ custom_id: PRINCIPLE, title: "A principle in plain words", components }));
}

export const principleSubmitted: Component<ModalSubmitInteraction> = {
  prefix: PRINCIPLE,
  async run(interaction, context) {
    await answerPrivately(interaction, context, async () => {
      checkManages(interaction);
      const [name, question, good, bad] = FIELDS.map((field) => interaction.fields.getTextInputValue(field.name).trim());
      return await decideSettings(interaction, context, {
        detail: `principle ${name}`,
        make: (settings) => checkSettings({ ...settings, principles: { ...settings.principles, [name ?? ""]: { question, good, bad } } }),
        told: async ({ version, isChanged }) =>
          isChanged
            ? `The principle \`${name}\` is known (version ${version}). Give it a rule with \`/rain config set\` \`moderation.rules.${name}.strictness\`; try it with \`/moderate test\`.`
            : soAlready(`The principle \`${name}\` says that`, version),
      });
    });
  },
};
