/** Filters look at a message without a model: they hold before anything slow is asked. */
import escapeStringRegexp from "escape-string-regexp";
import { LRUCache } from "lru-cache";
import { type Action, mostOf } from "../actions.ts";
import { say } from "../languages/say.ts";
import type { Judgement } from "../moderate.ts";
import { normalise } from "../normalise.ts";
import type { GuildSettings } from "../settings.ts";
import type { Finding } from "../store/store.ts";
import type { FilterAction, Filters } from "./filter-settings.ts";
import { matches } from "./patterns.ts";

/** A message, and what else filters look at. What is not known is not held against it. */
export interface Heard {
  /** All that people read of it. */
  readonly text: string;
  /** Whether there is an invitation to a server in a text. */
  readonly hasInvitation: (text: string) => boolean;
  /** How many people and roles it mentions. Infinity: everyone. */
  readonly mentions: number;
  /** How often its author has said the same within so many seconds, with this. */
  readonly saidWithin: (seconds: number) => number;
  /** Milliseconds for which its author has an account, and is a member. */
  readonly accountAge: number | undefined;
  readonly memberAge: number | undefined;
  /** Whether a raid is on where it is said. */
  readonly isInRaid: boolean;
}

/** That a filter found what it looks for. */
export interface FilterHit {
  readonly action: Exclude<FilterAction, "off">;
  readonly finding: Finding;
}

const HOUR_MS = 3_600_000;

/** Makes of each kind of filter those that a guild has on, and what they find. A finding never holds words of the message that are not the guild's own. */
const KINDS: {
  readonly [Kind in keyof Filters]: (filter: Filters[Kind], others: Filters) => readonly Filter[];
} = {
  words: ({ list, action }) => list.map((word) => filter(action, "words", ({ text }) => (hasWord(text, word) ? `"${word}"` : undefined))),
  patterns: (patterns) =>
    Object.entries(patterns).map(([name, { pattern, action }]) =>
      filter(pattern === "" ? "off" : action, "patterns", ({ text }) => (matches(pattern, text) ? name : undefined)),
    ),
  invitations: ({ action }) => [
    filter(action, "invitations", ({ text, hasInvitation }, said) =>
      hasInvitation(said) || hasInvitation(text) ? say(undefined, "found.invitation") : undefined,
    ),
  ],
  links: ({ action, allowed }) => [
    filter(action, "links", ({ text }, said) =>
      [...hostsIn(said), ...hostsIn(text)].every((host) => allowed.some((domain) => isBelow(host, domain)))
        ? undefined
        : say(undefined, "found.link"),
    ),
  ],
  mentions: ({ action, most }) => [
    filter(action, "mentions", ({ mentions }) => {
      if (mentions <= most) return undefined;
      return mentions === Number.POSITIVE_INFINITY
        ? say(undefined, "found.everyone")
        : say(undefined, "found.mentions", { count: mentions });
    }),
  ],
  repeats: ({ action, most, seconds }) => [
    filter(action, "repeats", ({ saidWithin }) => {
      const said = saidWithin(seconds);
      return said > most ? say(undefined, "found.repeats", { count: said, seconds }) : undefined;
    }),
  ],
  newcomers: ({ action, ...newcomers }) => [filter(action, "newcomers", (heard) => newcomerWords(heard, newcomers))],
  raids: ({ action }, { newcomers }) => [
    filter(action, "raids", (heard) => {
      const words = heard.isInRaid ? newcomerWords(heard, newcomers) : undefined;
      return words && say(undefined, "found.raid", { words });
    }),
  ],
};

/** How one knows that somebody is new; `undefined` where nobody does. */
export function newcomerWords(
  { accountAge = Number.POSITIVE_INFINITY, memberAge = Number.POSITIVE_INFINITY }: Pick<Heard, "accountAge" | "memberAge">,
  { accountDays, memberHours }: Omit<Filters["newcomers"], "action">,
): string | undefined {
  if (accountAge < accountDays * 24 * HOUR_MS) return say(undefined, "found.account", { days: accountDays });
  return memberAge < memberHours * HOUR_MS ? say(undefined, "found.member", { hours: memberHours }) : undefined;
}

interface Filter {
  readonly action: FilterAction;
  readonly name: string;
  /** What it has found, for moderators, in English: `retold` has it in other languages. @param said the text as it was written: `text` of the message is as judges read it */
  readonly found: (heard: Heard, said: string) => string | undefined;
}

function filter(action: FilterAction, kind: keyof Filters, found: Filter["found"]): Filter {
  return { action, name: `filters.${kind}`, found };
}

/** What a guild's filters find in a message. */
export function filterHits(heard: Heard, { moderation }: Pick<GuildSettings, "moderation">): readonly FilterHit[] {
  const filters = filtersOf(moderation.filters).filter(({ action }) => action !== "off");
  if (filters.length === 0) return [];
  const readable = { ...heard, text: normalise(heard.text) };
  return filters.flatMap(({ action, name, found }) => {
    const what = action === "off" ? undefined : found(readable, heard.text);
    if (what === undefined || action === "off") return [];
    // As surely as anything: nothing is weighed.
    return [{ action, finding: { principle: name, value: -1, threshold: 0, found: what } }];
  });
}

function filtersOf(filters: Filters): readonly Filter[] {
  return [
    ...KINDS.words(filters.words, filters),
    ...KINDS.patterns(filters.patterns, filters),
    ...KINDS.invitations(filters.invitations, filters),
    ...KINDS.links(filters.links, filters),
    ...KINDS.mentions(filters.mentions, filters),
    ...KINDS.repeats(filters.repeats, filters),
    ...KINDS.newcomers(filters.newcomers, filters),
    ...KINDS.raids(filters.raids, filters),
  ];
}

/** What the filters of a guild may do to messages. */
export function filterActions({ moderation }: Pick<GuildSettings, "moderation">): readonly Action[] {
  return filtersOf(moderation.filters).flatMap(({ action }) => (action === "off" || action === "look" ? [] : [action]));
}

/** What is done about a message, where a filter takes it away: no judge is asked then. */
export function decidedByFilters(hits: readonly FilterHit[]): Judgement | undefined {
  const action = mostOf(actionsOf(hits));
  if (action === undefined || action === "log") return undefined;
  const findings = findingsOf(hits);
  return { findings, against: findings, action, isCertain: true, isByFilter: true, fitness: 1, unfit: [], verdicts: [] };
}

/** What judges say, beside what filters have found that do not decide. */
export function withFindings(judgement: Judgement, hits: readonly FilterHit[]): Judgement {
  const findings = findingsOf(hits);
  if (findings.length === 0) return judgement;
  const isCertain = judgement.isCertain || judgement.against.length === 0;
  return {
    ...judgement,
    findings: [...findings, ...judgement.findings],
    against: [...findings, ...judgement.against],
    action: judgement.action ?? mostOf(actionsOf(hits)),
    isCertain,
  };
}

/** Those of filters that ask for more than a look. */
function findingsOf(hits: readonly FilterHit[]): readonly Finding[] {
  return hits.flatMap(({ action, finding }) => (action === "look" ? [] : [finding]));
}

function actionsOf(hits: readonly FilterHit[]): readonly Action[] {
  return hits.flatMap(({ action }) => (action === "look" ? [] : [action]));
}

/** Words that are kept ready, of all guilds. */
const ready = new LRUCache<string, RegExp>({ max: 20_000, memoMethod: wordPattern });

/** As a word by itself, but where a `*` stands for more of it. */
function hasWord(text: string, written: string): boolean {
  return ready.memo(written).test(text);
}

/** Words are read as texts are. What says nothing is found nowhere. */
function wordPattern(written: string): RegExp {
  const [, before = "", phrase = "", after = ""] = /^(\*?)(.*?)(\*?)$/su.exec(normalise(written)) ?? [];
  const words = phrase.trim().split(/\s+/).map(escapeStringRegexp).join("\\s+");
  const begins = before === "" ? "(?<![\\p{L}\\p{M}\\p{N}])" : "";
  const ends = after === "" ? "(?![\\p{L}\\p{M}\\p{N}])" : "";
  return new RegExp(words === "" ? "(?!)" : `${begins}${words}${ends}`, "iu");
}

const ADDRESS = /https?:[\\/]+[^\s<>\\/][^\s<>]*/gi;

/** Where links lead; what cannot be read as an address leads nowhere that is allowed. */
function hostsIn(text: string): readonly string[] {
  return (text.match(ADDRESS) ?? []).map((address) => {
    const whole = address.replace(/[)\]}"'.,;:!?*_~`|]+$/u, "");
    return URL.canParse(whole) ? new URL(whole).hostname : "";
  });
}

function isBelow(host: string, domain: string): boolean {
  const name = domain.toLowerCase();
  return host === name || host.endsWith(`.${name}`);
}
