/** What people do to the settings in the panel. Paths and values may be forged: each is checked as if somebody had typed it. */
import { inlineCode, type MessageComponentInteraction, type ModalSubmitInteraction } from "discord.js";
import { changedAt, checkSettings, type GuildSettings, saying, type Words } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import type { DecidedSettings } from "../change-settings.ts";
import { type PrivateAnswer, Refused } from "../commands/command.ts";
import { MOST_PICKED } from "./controls.ts";
import { decideSettings } from "./decide-settings.ts";
import { idsAt, panel, shownAt } from "./panel.ts";

/** What is done to the settings, and where the panel stands then. */
export interface Deed {
  readonly at: string;
  readonly part?: number;
  /** The version that the panel showed. */
  readonly version: number;
  /** For the audit, without any text of people. */
  readonly detail: string;
  readonly make: (settings: GuildSettings) => GuildSettings;
  /** What is said of it. */
  readonly line: (decided: DecidedSettings) => Words;
}

export function setting({ version, path, text }: Readonly<Record<"version" | "path" | "text", string>>): Deed {
  const line = ({ settings, version, isChanged }: DecidedSettings) =>
    saying(isChanged ? "change.set" : "change.set.already", { path: inlineCode(path), value: shownAt(settings, path), version });
  return { at: path, version: Number(version), detail: `set ${path}`, make: (before) => changedAt(before, path, text), line };
}

/** In the place of those that the picker showed: a long list is picked in parts. */
export function picked({
  version,
  path,
  part,
  ids,
}: {
  readonly version: string;
  readonly path: string;
  readonly part: number;
  readonly ids: readonly string[];
}): Deed {
  const make = (before: GuildSettings) => {
    const all = idsAt(before, path);
    const changed = [...all.slice(0, part * MOST_PICKED), ...ids, ...all.slice((part + 1) * MOST_PICKED)];
    return changedAt(before, path, changed.length === 0 ? "none" : changed.join(","));
  };
  return { ...setting({ version, path, text: "" }), part, make };
}

export function forgetting(version: string, name: string): Deed {
  return {
    at: "principles",
    version: Number(version),
    detail: `forget the principle ${name.slice(0, 32)}`,
    make: (before) => withoutPrinciple(before, name),
    line: ({ version, isChanged }) => saying(isChanged ? "change.forgot" : "change.forgot.already", { name: inlineCode(name), version }),
  };
}

function withoutPrinciple(settings: GuildSettings, name: string): GuildSettings {
  const { [name]: gone, ...principles } = settings.principles;
  const { [name]: _, ...rules } = settings.moderation.rules;
  if (gone === undefined || !Object.hasOwn(settings.principles, name)) throw Refused.by("change.noPrinciple", { name: inlineCode(name) });
  if (settings.talk.principle === name) throw Refused.by("change.usedPrinciple", { name: inlineCode(name) });
  const exceptions = Object.entries(settings.exceptions).map(([id, exception]) => {
    const { [name]: gone, ...others } = exception.rules;
    return [id, { ...exception, rules: others }] as const;
  });
  return { ...settings, principles, moderation: { ...settings.moderation, rules }, exceptions: Object.fromEntries(exceptions) };
}

export function newPattern(version: string, name: string, pattern: string): Deed {
  const path = `moderation.filters.patterns.${name}`;
  const make = (before: GuildSettings) => {
    const { moderation } = before;
    const { patterns } = moderation.filters;
    const known = Object.hasOwn(patterns, name) ? patterns[name] : {};
    const filters = { ...moderation.filters, patterns: { ...patterns, [name]: { ...known, pattern } } };
    return checkSettings({ ...before, moderation: { ...moderation, filters } });
  };
  const line = ({ version, isChanged }: DecidedSettings) =>
    saying(isChanged ? "change.pattern" : "change.pattern.already", { name: inlineCode(name), version });
  return { at: path, version: Number(version), detail: `set ${path.slice(0, 80)}`, make, line };
}

export function principleDeed(version: string, name: string, words: GuildSettings["principles"][string]): Deed {
  return {
    at: `principles.${name}`,
    version: Number(version),
    detail: `principle ${name}`,
    make: (before) => checkSettings({ ...before, principles: { ...before.principles, [name]: words } }),
    line: ({ version, isChanged }) =>
      saying(isChanged ? "change.principle" : "change.principle.already", { name: inlineCode(name), version }),
  };
}

/** Does it, and shows the panel again, with what came of it or why nothing did. */
export async function done(
  interaction: MessageComponentInteraction | ModalSubmitInteraction,
  context: BotContext,
  deed: Deed,
): Promise<PrivateAnswer | string> {
  const { at, part = 0, version, detail, make } = deed;
  const shown = async (line: Words) => await panel(context, interaction, { at, part, line });
  const told = async (decided: DecidedSettings) => await shown(deed.line(decided));
  try {
    return await decideSettings(interaction, context, { version, detail, make, told, left: () => shown(saying("change.nothing")) });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return await shown(error.inLanguage);
  }
}
