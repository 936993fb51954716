/** The settings panel: one message, which only who asked for it sees, with a page of the schema at a time. */
import { type APIEmbed, channelMention, escapeMarkdown, inlineCode, roleMention, userMention } from "discord.js";
import {
  belowLimit,
  type GuildSettings,
  limitFor,
  limitOf,
  numeral,
  type Picks,
  type SettingFacts,
  type SettingsPage,
  say,
  saying,
  settingFacts,
  settingsPage,
  textAt,
  together,
  type Words,
} from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { guildOf, type PrivateAnswer } from "../commands/command.ts";
import { problemsOf } from "../problems.ts";
import { cut } from "../reply/text.ts";
import { ANOTHER, buttonsRow, MOST_PICKED, type Option, optionsRow, pageOf, pickerRow, placeRow, type Row, SETTINGS } from "./controls.ts";
import { lastWeek } from "./last-week.ts";
import { pickable } from "./pickable.ts";

/** What the panel shows. */
export interface PanelView {
  /** The path of a page or of a setting; what is unknown is the first page. */
  readonly at: string;
  /** Of a list that is longer than a picker, which part. @default 0 */
  readonly part?: number;
  /** What is said above it. */
  readonly line?: Words;
}

/** How the first page is named where a name must not be empty. */
const FIRST = ".";

/** Discord's limits are a little more. */
const LONGEST_TEXT = 1900;
const LONGEST_DESCRIPTION = 4000;
const LONGEST_FIELD = 1000;
const LONGEST_VALUE = 60;

/** Pages below one that are shown at once, beside the way up and to more of them. */
const PAGES = 22;

/** @param interaction whose language it speaks */
export async function panel(
  context: BotContext,
  interaction: Parameters<typeof guildOf>[0],
  { at, part = 0, line }: PanelView,
): Promise<PrivateAnswer> {
  const [guild, language] = [guildOf(interaction), interaction.locale];
  const { version, settings } = await context.store.settings(guild);
  const setting = settingFacts(settings, at);
  const page = settingsPage(settings, setting === undefined ? at : parentOf(at)) ?? (settingsPage(settings, "") as SettingsPage);
  const view = { context, guild, language, version, settings, page, setting, part };
  const problems = await problemsOf(context, guild, settings);
  const lines = [...(line === undefined ? [] : [line(language)]), ...problems.map((problem) => `⚠️ ${problem(language)}`)];
  const content = lines.join("\n");
  return {
    ...(content === "" ? {} : { content: cut(content, LONGEST_TEXT) }),
    embeds: [await cardOf(view)],
    components: await rowsOf(view),
  };
}

interface View {
  readonly context: BotContext;
  readonly guild: string;
  readonly language: string;
  readonly version: number;
  readonly settings: GuildSettings;
  readonly page: SettingsPage;
  readonly setting: SettingFacts | undefined;
  readonly part: number;
}

function parentOf(path: string): string {
  return path.split(".").slice(0, -1).join(".");
}

/** The path that a name of a page stands for, and which part of its list; whoever forged it. */
export function viewOf(name: string): PanelView {
  const [, path = "", part = "0"] = /^(.*?)(?:#(\d{1,3}))?$/.exec(name) ?? [];
  return { at: path === FIRST ? "" : path, part: Number(part) };
}

async function cardOf(view: View): Promise<APIEmbed> {
  const { settings, page, setting, version, language } = view;
  const lines = page.settings.map((path) => `${inlineCode(nameOf(path))}: ${shownAt(settings, path)(language)}`);
  const below = page.pages.map((path) => titleOf(path, page.path)).join(", ");
  const pages = below === "" ? [] : [say(language, "panel.below", { pages: below })];
  const title = page.path === "" ? say(language, "panel.title") : say(language, "panel.title.page", { page: page.path });
  return {
    title: cut(title, 200),
    description: cut(
      [...(page.description(language) === "" ? [] : [say(language, "sentence", { words: page.description })]), ...lines, ...pages].join(
        "\n",
      ),
      LONGEST_DESCRIPTION,
    ),
    fields: setting === undefined ? [] : [{ name: setting.path, value: cut(await explained(view, setting), LONGEST_FIELD) }],
    footer: { text: say(language, "panel.version", { version }) },
  };
}

async function explained({ context, guild, settings, language }: View, { path, description, expected }: SettingFacts): Promise<string> {
  const what = say(language, "panel.explained", { description, expected });
  const principle = ruleLimitOf(path);
  if (principle === undefined) return what;
  const week = await lastWeek(context, { guild, settings, principle });
  if (week.judge === undefined || week.judged === 0) return what;
  const shares = [0.001, 0.01, 0.05].map((share) =>
    saying("panel.share", { share: numeral(share * 100), limit: limitFor(week, share).toFixed(2) }),
  );
  return say(language, "panel.limit", { what, judged: numeral(week.judged), shares: together(shares, ", ") });
}

/** The principle of a rule's limit, or of what has one. */
export function ruleLimitOf(path: string): string | undefined {
  return /^moderation\.rules\.([^.]+)\.limit$/.exec(path)?.[1];
}

/** What is set there, as people read it. */
export function shownAt(settings: GuildSettings, path: string): Words {
  const [group, name = "", word = ""] = path.split(".");
  // Words of people, who may have written anything.
  if (group === "principles") return () => escapeMarkdown(settings.principles[name]?.[word as "question"] ?? "");
  const text = textAt(settings, path);
  const picks = settingFacts(settings, path)?.picks;
  if (picks === undefined || !/\d/.test(text)) return () => shown(text);
  const ids = text.split(", ");
  const mentions: Words[] = ids.slice(0, MOST_MENTIONS).map((id) => () => mentionOf(id, picks));
  const more = ids.length > mentions.length ? [saying("panel.andMore", { count: ids.length - mentions.length })] : [];
  return together([...mentions, ...more], " ");
}

/** The ids of a list, or the one that is set. */
export function idsAt(settings: GuildSettings, path: string): readonly string[] {
  const text = textAt(settings, path);
  return text === "none" ? [] : text.split(", ");
}

const MOST_MENTIONS = 5;

function mentionOf(id: string, picks: Picks): string {
  return picks === "roles" ? roleMention(id) : picks === "people" ? userMention(id) : channelMention(id);
}

function shown(text: string): string {
  return inlineCode(cut(text, LONGEST_VALUE).replaceAll("`", "'"));
}

async function rowsOf(view: View): Promise<readonly Row[]> {
  const { page, setting, language } = view;
  const ways = waysOf(view);
  const settings = page.path.startsWith("principles.") ? [] : page.settings;
  const choices = settings.map((path) => ({
    value: path,
    label: nameOf(path),
    description: settingFacts(view.settings, path)?.description(language),
    isChosen: path === setting?.path,
  }));
  return [
    ...(ways.length === 0 ? [] : [optionsRow(`${SETTINGS}:go`, say(language, "panel.go.placeholder"), ways)]),
    ...(choices.length === 0 ? [] : [optionsRow(`${SETTINGS}:choose`, say(language, "panel.choose.placeholder"), choices)]),
    ...(setting === undefined || settings.length === 0 ? ownRows(view) : await controlRows(view, setting)),
  ];
}

/** Up, and down; where there are too many, to more of them. */
function waysOf({ page, setting, context, guild, language, ...view }: View): readonly Option[] {
  const part = setting === undefined ? view.part : 0;
  const above = parentOf(page.path);
  const label = above === "" ? say(language, "panel.back.all.option") : say(language, "panel.back.option", { page: above });
  const up = { value: above || FIRST, label };
  const { items, hasMore } = pageOf(page.pages, part, PAGES);
  const name = page.path || FIRST;
  return [
    ...(page.path === "" ? [] : [up]),
    ...(part > 0 ? [{ value: `${name}#${part - 1}`, label: say(language, "panel.before.button") }] : []),
    ...items.map((path) => ({ value: path, label: placeName(context, guild, path) ?? titleOf(path, page.path) })),
    ...(hasMore ? [{ value: `${name}#${part + 1}`, label: say(language, "panel.more.button") }] : []),
  ];
}

/** Exceptions are known by ids, and people by the names of what has them. */
function placeName({ client }: BotContext, guild: string, path: string): string | undefined {
  const [group, id = "", below] = path.split(".");
  if (group !== "exceptions" || id === "" || below !== undefined) return undefined;
  const known = client.guilds.cache.get(guild);
  const name = known?.channels.cache.get(id)?.name ?? known?.roles.cache.get(id)?.name;
  return name === undefined ? id : `${name} (${id})`;
}

function nameOf(path: string): string {
  return path.split(".").at(-1) ?? path;
}

function titleOf(path: string, above: string): string {
  return above === "" ? path : path.slice(above.length + 1);
}

/** Of pages on which something can be made. */
function ownRows({ page: { path }, version, language }: View): readonly Row[] {
  const [group, name = ""] = path.split(".");
  if (path === "exceptions")
    return [placeRow(language, `${SETTINGS}:except:places`), pickerRow(language, `${SETTINGS}:except:roles`, "roles")];
  const [fresh, write] = [say(language, "panel.new.button"), say(language, "panel.write.button")];
  if (path === "moderation.filters.patterns") return [buttonsRow([{ customId: `${SETTINGS}:pattern:${version}`, label: fresh }])];
  if (path === "principles") return [buttonsRow([{ customId: `${SETTINGS}:principle:${version}`, label: fresh }])];
  if (group !== "principles") return [];
  return [
    buttonsRow([
      { customId: `${SETTINGS}:principle:${version}:${name}`, label: write },
      { customId: `${SETTINGS}:forget:${version}:${name}`, label: say(language, "panel.forget.button") },
    ]),
  ];
}

/** What one sets a setting with. A panel that shows an older version sets nothing: its ids say which it shows. */
async function controlRows(view: View, setting: SettingFacts): Promise<readonly Row[]> {
  const { context, guild, language, settings, version, part } = view;
  const { path, control, picks, isList } = setting;
  const now = textAt(settings, path);
  const set = `${SETTINGS}:set:${version}:${path}`;
  const nothing = setting.mayBeNothing && now !== "none" ? [{ customId: `${set}:none`, label: say(language, "panel.none.button") }] : [];
  const write = { customId: `${SETTINGS}:write:${version}:${path}`, label: say(language, "panel.write.button") };
  if (control === "switch")
    return [
      buttonsRow([
        { customId: `${set}:true`, label: say(language, "panel.on.button"), isChosen: now === "true" },
        { customId: `${set}:false`, label: say(language, "panel.off.button"), isChosen: now === "false" },
      ]),
    ];
  if (control === "choice") {
    const foreseen = await figuresOf(view, path);
    const options = setting.choices.map((choice) => ({
      value: choice,
      label: choice,
      description: foreseen(choice),
      isChosen: choice === now,
    }));
    return [optionsRow(set, say(language, "panel.set.placeholder"), options)];
  }
  if (control === "number") {
    const foreseen = await figuresOf(view, path);
    const numbers = [...new Set([...setting.choices, ...(now === "none" ? [] : [now])])].toSorted(
      (one, other) => Number(one) - Number(other),
    );
    const options = numbers.map((value) => ({ value, label: value, description: foreseen(value), isChosen: value === now }));
    const another = { value: ANOTHER, label: say(language, "panel.another.option") };
    return [optionsRow(set, say(language, "panel.set.placeholder"), [...options, another]), buttonsRow([write, ...nothing])];
  }
  if (picks === undefined) return [buttonsRow([write, ...nothing])];
  const { items, hasMore } = pageOf(idsAt(settings, path), part, MOST_PICKED);
  // Behind a part that is full comes one in which more can be picked.
  const isFull = isList && (hasMore || items.length === MOST_PICKED);
  const parts = [
    ...(part > 0 ? [{ customId: `${SETTINGS}:part:${path}:${part - 1}`, label: say(language, "panel.before.button") }] : []),
    ...(isFull ? [{ customId: `${SETTINGS}:part:${path}:${part + 1}`, label: say(language, "panel.more.button") }] : []),
  ];
  const picked = await pickable(context, { guild, picks }, items);
  const picker = pickerRow(language, `${SETTINGS}:pick:${version}:${path}:${part}`, picks, { picked, most: isList ? MOST_PICKED : 1 });
  return [picker, buttonsRow([write, ...nothing, ...parts])];
}

/** Says of each strictness, or limit, what it would have flagged. */
async function figuresOf({ context, guild, settings, language }: View, path: string): Promise<(choice: string) => string | undefined> {
  const principle = ruleLimitOf(path) ?? /^moderation\.rules\.([^.]+)\.strictness$/.exec(path)?.[1];
  if (principle === undefined) return () => undefined;
  const week = await lastWeek(context, { guild, settings, principle });
  if (week.judge === undefined || week.judged === 0) return () => undefined;
  return (choice) => {
    const limit =
      ruleLimitOf(path) === undefined ? limitOf({ strictness: choice as Parameters<typeof limitOf>[0]["strictness"] }) : Number(choice);
    return say(language, "panel.foreseen.option", { count: numeral(belowLimit(week, limit)), judged: numeral(week.judged) });
  };
}
