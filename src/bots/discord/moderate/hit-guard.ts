import type { Message } from "discord.js";
import { dayBefore, expectedHits, type GuildSettings, isBeyond, isLow, type Judged, type Judgement, saying } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { insistOnSettings } from "../change-settings.ts";
import { tellServer } from "./log-channel.ts";

/** The newest messages of a guild that are looked at together. */
const NEWEST = 100;

/** A filter that takes more than this share of messages away, of those who are no newcomers, looks for too much. */
const MOST_FILTERED = 0.5;

const DAYS = 7;

/** Returns a guild to shadow mode when more of its messages are flagged than its judge's calibration and the last days let expect. */
export class HitGuard {
  readonly #context: BotContext;
  /** Whether each of the newest was flagged, by guild. */
  readonly #newest = new Map<string, boolean[]>();
  /** Whether each of the newest was taken away by a filter, by guild. */
  readonly #filtered = new Map<string, boolean[]>();
  readonly #returning = new Map<string, Promise<void>>();

  constructor(context: BotContext) {
    this.#context = context;
  }

  /** Counts a message that was judged, by its values by the rules whose usual limits hold: what others would have flagged can then be said. */
  async count(
    message: Message<true>,
    { against, verdicts }: Judgement,
    { moderation }: GuildSettings,
    hasUsualLimit: (rule: string) => boolean,
  ): Promise<void> {
    const { store, options } = this.#context;
    const { guildId: guild, channelId: channel, id, author } = message;
    const isAgainst = against.length > 0;
    note(this.#newest, guild, isAgainst);
    const values = verdicts.flatMap((said) => {
      const rule = moderation.rules[said.principle];
      return rule === undefined || !hasUsualLimit(said.principle) ? [] : [{ ...said, isLow: isLow(said, rule) }];
    });
    const at = options.clock();
    await store.countJudged({ guild, day: dayBefore(at, 0), isAgainst, channel, message: id, author: author.id, at, values });
  }

  /** Counts a message that filters have looked at. What newcomers write may be a raid, and says nothing about a filter. */
  countFiltered(guild: string, isTaken: boolean, isByNewcomer: boolean): void {
    if (!isTaken || !isByNewcomer) note(this.#filtered, guild, isTaken);
  }

  /** Whether nothing may be done by these settings any more: the guild is in shadow mode when this resolves to `true`. */
  async stops(guild: string, settings: GuildSettings, { isCertain, isByFilter, action, fitness }: Judgement): Promise<boolean> {
    if (settings.moderation.shadow || !isCertain || action === "log") return false;
    const returning = this.#returning.get(guild);
    if (returning !== undefined) {
      await returning;
      return true;
    }
    const at = this.#context.options.clock();
    const past = await this.#context.store.judgedBetween(guild, dayBefore(at, DAYS), dayBefore(at, 0));
    const newest = judgedOf((isByFilter ? this.#filtered : this.#newest).get(guild) ?? []);
    const expected = isByFilter ? MOST_FILTERED : expectedHits(fitness, past);
    if (!isBeyond(newest, expected)) return false;
    // What is judged meanwhile waits for it, too.
    const work = this.#returnToShadow(guild, { newest, past, expected, isByFilter }).finally(() => this.#returning.delete(guild));
    this.#returning.set(guild, work);
    await work;
    return true;
  }

  async #returnToShadow(
    guild: string,
    {
      newest,
      past,
      expected,
      isByFilter,
    }: Readonly<Record<"newest" | "past", Judged>> & {
      readonly expected: number;
      readonly isByFilter: boolean;
    },
  ) {
    const { client, log } = this.#context;
    this.#newest.delete(guild);
    this.#filtered.delete(guild);
    const by = isByFilter ? "filtered" : "flagged";
    const figure = saying(`shadow.${by}`, { count: newest.against, judged: newest.judged, percent: Math.round(expected * 100) });
    const make = (before: GuildSettings) => ({ ...before, moderation: { ...before.moderation, shadow: true } });
    const { settings, isChanged } = await insistOnSettings(this.#context, {
      guild,
      by: client.user.id,
      detail: `back to shadow mode: ${figure(undefined)}`,
      make,
    });
    // Somebody else was as quick.
    if (!isChanged) return;
    log.warn({ guild, count: newest.against }, "back to shadow mode");
    const known = { figure, days: DAYS, count: past.against, judged: past.judged };
    const withDays = isByFilter || past.judged === 0 ? figure : saying("shadow.flagged.days", known);
    await tellServer(this.#context, { guild, settings }, saying(`shadow.back.${by}`, { figure: withDays }));
  }
}

function note(newest: Map<string, boolean[]>, guild: string, isAgainst: boolean): void {
  newest.set(guild, [...(newest.get(guild) ?? []), isAgainst].slice(-NEWEST));
}

function judgedOf(newest: readonly boolean[]): Judged {
  return { judged: newest.length, against: newest.filter(Boolean).length };
}
