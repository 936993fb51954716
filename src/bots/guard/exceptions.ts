import type { Action } from "./actions.ts";
import { own } from "./fields.ts";
import { type GuildSettings, USUAL } from "./settings.ts";

/** Where something is said, and by whom. */
export interface Whereabouts {
  /** Ids: the thread, if it is one, its channel, its category. */
  readonly channels: readonly string[];
  /** Ids of the roles that its author has. */
  readonly roles: readonly string[];
}

type Exception = GuildSettings["exceptions"][string];

/**
 * What holds there, for them. Each part is decided by itself: by a role before a place, by a channel before its category, and of several roles by the
 * one that stands first in the settings.
 */
export function settingsFor(settings: GuildSettings, where: Whereabouts): GuildSettings {
  const { talk, moderation } = settings;
  const applying = exceptionsFor(settings, where);
  if (applying.length === 0) return settings;
  const answers = firstOf(applying, "talk");
  const isOn = answers === undefined ? talk.enabled : answers === "on";
  const action = firstOf(applying, "action");
  const cooldownSeconds = applying.find((exception) => exception.cooldownSeconds !== undefined)?.cooldownSeconds ?? talk.cooldownSeconds;
  return {
    ...settings,
    talk: { ...talk, enabled: isOn, cooldownSeconds, channels: answers === "on" ? [] : talk.channels },
    moderation: {
      ...moderation,
      automatic: moderation.automatic && firstOf(applying, "moderation") !== "off",
      rules: withRules(moderation.rules, { strictness: firstOf(applying, "strictness"), action }),
      filters: withAction(moderation.filters, action),
    },
  };
}

/** Whether no exception says how far a message may go there, or theirs. */
export function hasUsualLimits(settings: GuildSettings, where: Whereabouts): boolean {
  return firstOf(exceptionsFor(settings, where), "strictness") === undefined;
}

/** Those that hold there, for them; what the first one says counts. */
function exceptionsFor({ exceptions }: GuildSettings, { channels, roles }: Whereabouts): readonly Exception[] {
  const ofRoles = Object.entries(exceptions).flatMap(([id, exception]) => (roles.includes(id) ? [exception] : []));
  const ofPlaces = channels.map((id) => own(exceptions, id)).filter((exception) => exception !== undefined);
  return [...ofRoles, ...ofPlaces];
}

/** The settings that may hold somewhere: the usual ones, and those of each exception by itself. */
export function everySettings(settings: GuildSettings): readonly GuildSettings[] {
  return [settings, ...Object.keys(settings.exceptions).map((id) => settingsFor(settings, { channels: [id], roles: [] }))];
}

function firstOf<Name extends "talk" | "moderation" | "strictness" | "action">(
  exceptions: readonly Exception[],
  name: Name,
): Exclude<Exception[Name], typeof USUAL> | undefined {
  const [first] = exceptions.map((exception) => exception[name]).filter((value) => value !== USUAL);
  return first as Exclude<Exception[Name], typeof USUAL> | undefined;
}

type Rules = GuildSettings["moderation"]["rules"];

interface Instead {
  readonly strictness: Rules[string]["strictness"] | undefined;
  readonly action: Rules[string]["action"] | undefined;
}

/** A rule that is off stays off. */
function withRules(rules: Rules, { strictness, action }: Instead): Rules {
  // Where another strictness holds, the limit of the usual one does not.
  const changed = (rule: Rules[string]): Rules[string] => ({
    ...rule,
    ...(strictness === undefined ? {} : { strictness, limit: undefined }),
    ...(action === undefined ? {} : { action }),
  });
  return Object.fromEntries(Object.entries(rules).map(([name, rule]) => [name, rule.strictness === "off" ? rule : changed(rule)]));
}

type Filters = GuildSettings["moderation"]["filters"];

/** A filter that is off, or only looks, stays so. */
function withAction(filters: Filters, action: Action | undefined): Filters {
  if (action === undefined) return filters;
  const changed = <Filter extends { readonly action: Filters["links"]["action"] }>(filter: Filter): Filter =>
    filter.action === "off" || filter.action === "look" ? filter : { ...filter, action };
  const patterns = Object.entries(filters.patterns).map(([name, pattern]) => [name, changed(pattern)] as const);
  return {
    words: changed(filters.words),
    patterns: Object.fromEntries(patterns),
    invitations: changed(filters.invitations),
    links: changed(filters.links),
    mentions: changed(filters.mentions),
    repeats: changed(filters.repeats),
    newcomers: changed(filters.newcomers),
  };
}
