import { inlineCode } from "discord.js";
import { expectedHits, type GuildSettings, isBeyond, type Judged, type Judgement } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { insistOnSettings } from "../change-settings.ts";
import { tellServer } from "./log-channel.ts";

/** The newest messages of a guild that are looked at together. */
const NEWEST = 100;

const DAY_MS = 86_400_000;
const DAYS = 7;

/** Returns a guild to shadow mode when more of its messages are flagged than its judge's calibration and the last days let expect. */
export class HitGuard {
  readonly #context: BotContext;
  /** Whether each of the newest was flagged, by guild. */
  readonly #newest = new Map<string, boolean[]>();
  readonly #returning = new Map<string, Promise<void>>();

  constructor(context: BotContext) {
    this.#context = context;
  }

  /** Counts a message that was judged. */
  async count(guild: string, isAgainst: boolean): Promise<void> {
    const newest = this.#newest.get(guild) ?? [];
    newest.push(isAgainst);
    this.#newest.set(guild, newest.slice(-NEWEST));
    await this.#context.store.countJudged({ guild, day: this.#dayBefore(0), isAgainst });
  }

  /** Whether nothing may be done by these settings any more: the guild is in shadow mode when this resolves to `true`. */
  async stops(guild: string, settings: GuildSettings, { isCertain, action, fitness }: Judgement): Promise<boolean> {
    if (settings.moderation.shadow || !isCertain || action === "log") return false;
    const returning = this.#returning.get(guild);
    if (returning !== undefined) {
      await returning;
      return true;
    }
    const past = await this.#context.store.judgedBetween(guild, this.#dayBefore(DAYS), this.#dayBefore(0));
    const newest = judgedOf(this.#newest.get(guild) ?? []);
    const expected = expectedHits(fitness, past);
    if (!isBeyond(newest, expected)) return false;
    // What is judged meanwhile waits for it, too.
    const work = this.#returnToShadow(guild, { newest, past, expected }).finally(() => this.#returning.delete(guild));
    this.#returning.set(guild, work);
    await work;
    return true;
  }

  async #returnToShadow(
    guild: string,
    { newest, past, expected }: Readonly<Record<"newest" | "past", Judged>> & { readonly expected: number },
  ) {
    const { client, log } = this.#context;
    this.#newest.delete(guild);
    const figure = `${newest.against} of the last ${newest.judged} messages were flagged, where at most ${Math.round(expected * 100)} % were to be expected`;
    const make = (before: GuildSettings) => ({ ...before, moderation: { ...before.moderation, shadow: true } });
    const { settings, isChanged } = await insistOnSettings(this.#context, {
      guild,
      by: client.user.id,
      detail: `back to shadow mode: ${figure}`,
      make,
    });
    // Somebody else was as quick.
    if (!isChanged) return;
    log.warn({ guild, count: newest.against }, "back to shadow mode");
    const days = past.judged === 0 ? "" : ` (on the ${DAYS} days before: ${past.against} of ${past.judged})`;
    await tellServer(
      this.#context,
      { guild, settings },
      `I am back in shadow mode, and do nothing to messages any more: ${figure}${days}. Either something is going on here, or my judge errs: please look at ${inlineCode("/moderate queue")}. ${inlineCode("/rain config set key:moderation.shadow value:false")} switches me on again.`,
    );
  }

  /** In UTC, such as "2026-11-21". */
  #dayBefore(days: number): string {
    return new Date(this.#context.options.clock() - days * DAY_MS).toISOString().slice(0, "2026-11-21".length);
  }
}

function judgedOf(newest: readonly boolean[]): Judged {
  return { judged: newest.length, against: newest.filter(Boolean).length };
}
