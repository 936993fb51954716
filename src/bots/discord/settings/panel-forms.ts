/** The forms of the settings panel: for numbers and texts, and for what a server names itself. */
import type { MessageComponentInteraction, ModalSubmitInteraction } from "discord.js";
import { type GuildSettings, limitFor, settingFacts, textAt } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { answerInPlace, type Component, checkManages, guildOf, type PrivateAnswer, Refused } from "../commands/command.ts";
import { within } from "../within.ts";
import { type Field, formOf, longestOf, SETTINGS } from "./controls.ts";
import { lastWeek } from "./last-week.ts";
import { panel, ruleLimitOf } from "./panel.ts";
import { done, newPattern, principleDeed, setting } from "./panel-deeds.ts";

/** Discord waits three seconds for a form, and unlike an answer it cannot be announced. */
const PATIENCE_MS = 2000;

type Opens = (interaction: MessageComponentInteraction, context: BotContext, ids: readonly string[]) => Promise<void>;

/** What opens a form. */
export const OPENS: Readonly<Record<string, Opens>> = {
  async write(interaction, context, [version = "", path = ""]) {
    const settings = await settingsNow(interaction, context);
    const facts = settingFacts(settings, path);
    if (facts === undefined || path.startsWith("principles.")) throw new Refused("I know no such setting.");
    const value = textAt(settings, path);
    const longest = longestOf(facts);
    const hint = value.length > longest ? "What is set is too long for a form: what you write takes its place." : facts.expected;
    const name = path.split(".").at(-1) ?? path;
    const field = {
      id: VALUE,
      label: name,
      hint: ruleLimitOf(path) === undefined ? hint : SHARE_HINT,
      value: value === "none" ? "" : value,
      longest,
    };
    await open(interaction, context, `${SETTINGS}:write:${version}:${path}`, path, [field]);
  },
  async pattern(interaction, context, [version = ""]) {
    const fields = [
      { id: "name", label: "Name", hint: "Of your own: a-z, 0-9 and -", longest: 32 },
      { id: VALUE, label: "A regular expression", hint: "As RE2 reads it", longest: 200 },
    ];
    await open(interaction, context, `${SETTINGS}:pattern:${version}`, "A new pattern", fields);
  },
  async principle(interaction, context, [version = "", name = ""]) {
    const principles = name === "" ? {} : (await settingsNow(interaction, context)).principles;
    const words: Readonly<Record<string, string>> = { name, ...(Object.hasOwn(principles, name) ? principles[name] : {}) };
    const fields = PRINCIPLE.map((field) => ({ ...field, value: words[field.id] ?? "" }));
    await open(interaction, context, `${SETTINGS}:principle:${version}`, "A principle in plain words", fields);
  },
};

const VALUE = "value";
const SHARE_HINT = "A number from -1 to 1, or a share of last week's messages, such as 1 %";

const PRINCIPLE = [
  { id: "name", label: "Name", hint: "polite", longest: 32 },
  { id: "question", label: "Question about a message", hint: "Is the message polite?", longest: 200 },
  { id: "good", label: "What a good one is, in a word", hint: "polite", longest: 60 },
  { id: "bad", label: "What a bad one is, in a word", hint: "rude", longest: 60 },
] as const satisfies readonly Field[];

async function settingsNow(interaction: MessageComponentInteraction, { store }: BotContext): Promise<GuildSettings> {
  const settings = (await within(PATIENCE_MS, store.settings(guildOf(interaction))))?.settings;
  if (settings === undefined) throw new Refused("I could not look up what is set now. Please try again in a moment.");
  return settings;
}

async function open(interaction: MessageComponentInteraction, { outbound }: BotContext, ...form: Parameters<typeof formOf>): Promise<void> {
  await interaction.showModal(outbound.own(formOf(...form)));
}

/** Forms of the panel. */
export const settingsWritten: Component<ModalSubmitInteraction> = {
  prefix: SETTINGS,
  async run(interaction, context, [act = "", version = "", path = ""]) {
    await answerInPlace(interaction, context, async () => {
      checkManages(interaction);
      const said = (id: string) => interaction.fields.getTextInputValue(id).trim();
      if (act === "write") return await written(interaction, context, { version, path, text: said(VALUE) });
      if (act === "pattern") return await done(interaction, context, newPattern(version, said("name"), said(VALUE)));
      if (act !== "principle") throw new Refused("I do not know what this is: nothing was changed.");
      const [name = "", question = "", good = "", bad = ""] = PRINCIPLE.map(({ id }) => said(id));
      return await done(interaction, context, principleDeed(version, name, { question, good, bad }));
    });
  },
};

async function written(
  interaction: ModalSubmitInteraction,
  context: BotContext,
  { version, path, text }: Readonly<Record<"version" | "path" | "text", string>>,
): Promise<PrivateAnswer | string> {
  const guild = guildOf(interaction);
  const { settings } = await context.store.settings(guild);
  const principle = ruleLimitOf(path);
  const share = /^(\d+(?:[.,]\d+)?)\s*%$/.exec(text)?.[1]?.replace(",", ".");
  if (principle === undefined || share === undefined || settingFacts(settings, path) === undefined) {
    const isNothing = text === "" && settingFacts(settings, path)?.mayBeNothing === true;
    return await done(interaction, context, setting({ version, path, text: isNothing ? "none" : text }));
  }
  const week = await lastWeek(context, { guild, settings, principle });
  if (week.judge === undefined || week.judged === 0)
    return await panel(context, guild, {
      at: path,
      line: "Nothing was changed. Of the last week no message is known that the judge that works now has judged: write a number.",
    });
  return await done(interaction, context, setting({ version, path, text: String(limitFor(week, Math.min(1, Number(share) / 100))) }));
}
