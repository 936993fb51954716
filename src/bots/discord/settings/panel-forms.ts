/** The forms of the settings panel: for numbers and texts, and for what a server names itself. */
import type { MessageComponentInteraction, ModalSubmitInteraction } from "discord.js";
import { type GuildSettings, limitFor, type PlainKey, say, saying, settingFacts, textAt } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { answerInPlace, type Component, checkManages, guildOf, type PrivateAnswer, Refused } from "../commands/command.ts";
import { within } from "../within.ts";
import { formOf, longestOf, SETTINGS } from "./controls.ts";
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
    if (facts === undefined || path.startsWith("principles.")) throw Refused.by("form.unknown");
    const value = textAt(settings, path);
    const longest = longestOf(facts);
    const { locale } = interaction;
    const hint = value.length > longest ? say(locale, "form.tooLong.hint") : facts.expected(locale);
    const name = path.split(".").at(-1) ?? path;
    const field = {
      id: VALUE,
      label: name,
      hint: ruleLimitOf(path) === undefined ? hint : say(locale, "form.share.hint"),
      value: value === "none" ? "" : value,
      longest,
    };
    await open(interaction, context, `${SETTINGS}:write:${version}:${path}`, path, [field]);
  },
  async pattern(interaction, context, [version = ""]) {
    const said = (key: PlainKey) => say(interaction.locale, key);
    const fields = [
      { id: "name", label: said("form.name.label"), hint: said("form.name.hint"), longest: 32 },
      { id: VALUE, label: said("form.pattern.label"), hint: said("form.pattern.hint"), longest: 200 },
    ];
    await open(interaction, context, `${SETTINGS}:pattern:${version}`, said("form.pattern.title"), fields);
  },
  async principle(interaction, context, [version = "", name = ""]) {
    const principles = name === "" ? {} : (await settingsNow(interaction, context)).principles;
    const words: Readonly<Record<string, string>> = { name, ...(Object.hasOwn(principles, name) ? principles[name] : {}) };
    const said = (key: PlainKey) => say(interaction.locale, key);
    const fields = PRINCIPLE.map(({ id, label, hint, longest }) => ({
      id,
      label: said(label),
      hint: said(hint),
      longest,
      value: words[id] ?? "",
    }));
    await open(interaction, context, `${SETTINGS}:principle:${version}`, said("form.principle.title"), fields);
  },
};

const VALUE = "value";

const PRINCIPLE = [
  { id: "name", label: "form.name.label", hint: "form.principleName.hint", longest: 32 },
  { id: "question", label: "form.question.label", hint: "form.question.hint", longest: 200 },
  { id: "good", label: "form.good.label", hint: "form.good.hint", longest: 60 },
  { id: "bad", label: "form.bad.label", hint: "form.bad.hint", longest: 60 },
] as const satisfies readonly { readonly id: string; readonly label: PlainKey; readonly hint: PlainKey; readonly longest: number }[];

async function settingsNow(interaction: MessageComponentInteraction, { store }: BotContext): Promise<GuildSettings> {
  const settings = (await within(PATIENCE_MS, store.settings(guildOf(interaction))))?.settings;
  if (settings === undefined) throw Refused.by("form.slow");
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
      if (act !== "principle") throw Refused.by("change.unknown");
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
  if (week.judge === undefined || week.judged === 0) return await panel(context, interaction, { at: path, line: saying("form.noWeek") });
  return await done(interaction, context, setting({ version, path, text: String(limitFor(week, Math.min(1, Number(share) / 100))) }));
}
