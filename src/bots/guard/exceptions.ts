import { mostOf } from "./actions.ts";
import type { FilterAction, Filters } from "./filters/filter-settings.ts";
import { own } from "./own.ts";
import { type GuildSettings, STRICTNESS, USUAL } from "./settings.ts";

/** Where something is said, and by whom. */
export interface Whereabouts {
  /** Ids: the thread, if it is one, its channel, its category. */
  readonly channels: readonly string[];
  /** Ids of the roles that its author has. */
  readonly roles: readonly string[];
}

type Exception = GuildSettings["exceptions"][string];
type Rule = GuildSettings["moderation"]["rules"][string];

/**
 * What holds there, for them. Each part is decided by itself: by a role before a place, by a channel before its category, of several roles by the
 * one that stands first in the settings; and in each exception by what it says of the one rule or filter, before what it says of all.
 */
export function settingsFor(settings: GuildSettings, where: Whereabouts): GuildSettings {
  const { talk, moderation } = settings;
  const applying = exceptionsFor(settings, where);
  if (applying.length === 0) return settings;
  const answers = firstOf(applying, (exception) => exception.talk);
  const isOn = answers === undefined ? talk.enabled : answers === "on";
  const cooldownSeconds = firstOf(applying, (exception) => exception.cooldownSeconds) ?? talk.cooldownSeconds;
  const rules = Object.entries(moderation.rules).map(([name, rule]) => [name, ruleFor(rule, name, applying)] as const);
  return {
    ...settings,
    talk: { ...talk, enabled: isOn, cooldownSeconds, channels: answers === "on" ? [] : talk.channels },
    moderation: {
      ...moderation,
      automatic: moderation.automatic && firstOf(applying, (exception) => exception.moderation) !== "off",
      rules: Object.fromEntries(rules),
      filters: filtersFor(moderation.filters, applying),
    },
  };
}

/** Whether no exception says how far a message may go there, or theirs, by this rule. */
export function hasUsualLimit(settings: GuildSettings, where: Whereabouts, name: string): boolean {
  const rule = own(settings.moderation.rules, name);
  return rule === undefined || strictnessFor(rule, name, exceptionsFor(settings, where)) === undefined;
}

/** Those that hold there, for them; what the first one says counts. */
function exceptionsFor({ exceptions }: GuildSettings, { channels, roles }: Whereabouts): readonly Exception[] {
  const ofRoles = Object.entries(exceptions).flatMap(([id, exception]) => (roles.includes(id) ? [exception] : []));
  const ofPlaces = channels.map((id) => own(exceptions, id)).filter((exception) => exception !== undefined);
  return [...ofRoles, ...ofPlaces];
}

/**
 * The settings that may hold somewhere: the usual ones, those of each exception by itself, and where there are several, as what is said of a role meets
 * what is said of a channel, each rule as strict as any of them has it, with the most that any asks for.
 */
export function everySettings(settings: GuildSettings): readonly GuildSettings[] {
  const ids = Object.keys(settings.exceptions);
  const alone = [settings, ...ids.map((id) => settingsFor(settings, { channels: [id], roles: [] }))];
  if (ids.length < 2) return alone;
  const exceptions = Object.values(settings.exceptions);
  const rules = Object.entries(settings.moderation.rules).map(([name, rule]) => {
    const strictest = STRICTNESS.findLast((one) => alone.some(({ moderation }) => moderation.rules[name]?.strictness === one));
    const actions = exceptions.flatMap((exception) => [exception.action, own(exception.rules, name)?.action ?? USUAL]);
    const most = mostOf([rule.action, ...actions.filter((action) => action !== USUAL)]);
    return [name, { ...rule, strictness: strictest ?? rule.strictness, action: most ?? rule.action }] as const;
  });
  return [...alone, { ...settings, moderation: { ...settings.moderation, rules: Object.fromEntries(rules) } }];
}

type Said<Value> = Exclude<Value, typeof USUAL | undefined>;

/** What the first of them says that says something. */
function firstOf<Value>(exceptions: readonly Exception[], said: (exception: Exception) => Value): Said<Value> | undefined {
  return exceptions.map(said).find((value): value is Said<Value> => value !== undefined && value !== USUAL);
}

/** What is said of the one, else what is said of all; that is said of those that are on elsewhere. */
function either<Value>(one: Value | undefined, all: Value, isOn: boolean): Value | undefined {
  if (one !== undefined && one !== USUAL) return one;
  return isOn ? all : undefined;
}

function strictnessFor(rule: Rule, name: string, applying: readonly Exception[]): Rule["strictness"] | undefined {
  return firstOf(applying, ({ rules, strictness }) =>
    either<Rule["strictness"] | typeof USUAL>(own(rules, name)?.strictness, strictness, rule.strictness !== "off"),
  );
}

function ruleFor(rule: Rule, name: string, applying: readonly Exception[]): Rule {
  const strictness = strictnessFor(rule, name, applying);
  // Where another strictness holds, the limit of the usual one does not.
  const changed = strictness === undefined ? rule : { ...rule, strictness, limit: undefined };
  if (changed.strictness === "off") return changed;
  const action = firstOf(applying, ({ rules, action: all }) => either(own(rules, name)?.action, all, true));
  return action === undefined ? changed : { ...changed, action };
}

/** A filter that is off, or only looks, does what is said of it alone. */
function filtersFor(filters: Filters, applying: readonly Exception[]): Filters {
  const changed = <Filter extends { readonly action: FilterAction }>(kind: keyof Filters, filter: Filter): Filter => {
    const isOn = filter.action !== "off" && filter.action !== "look";
    const action = firstOf(applying, (exception) => either<FilterAction | typeof USUAL>(exception.filters[kind], exception.action, isOn));
    return action === undefined ? filter : { ...filter, action };
  };
  const patterns = Object.entries(filters.patterns).map(([name, pattern]) => [name, changed("patterns", pattern)] as const);
  return {
    words: changed("words", filters.words),
    patterns: Object.fromEntries(patterns),
    invitations: changed("invitations", filters.invitations),
    links: changed("links", filters.links),
    mentions: changed("mentions", filters.mentions),
    repeats: changed("repeats", filters.repeats),
    newcomers: changed("newcomers", filters.newcomers),
    raids: changed("raids", filters.raids),
  };
}
