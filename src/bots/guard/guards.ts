/** What stands between a question and its answer: each guard decides by itself, or lets the next one decide. */
import { dayBefore } from "./days.ts";
import type { Inference } from "./inference.ts";
import { InferenceError } from "./inference-error.ts";
import { say, sayUnlessOwn } from "./languages/say.ts";
import { judgeMessage } from "./moderate.ts";
import { cleaned } from "./normalise.ts";
import type { Incoming, Outcome, Respond } from "./respond.ts";
import type { Store } from "./store/store.ts";

type Guard = (incoming: Incoming, next: Respond) => Promise<Outcome>;

/** The first guard is asked first. */
export function guarded(respond: Respond, guards: readonly Guard[]): Respond {
  return guards.reduceRight<Respond>((next, guard) => (incoming) => guard(incoming, next), respond);
}

/** What fails ends in a line of our own: the person is told, and nothing unjudged is said. A question that was taken back stays aborted. */
export const failures: Guard = async (incoming, next) => {
  try {
    return await next(incoming);
  } catch (error) {
    incoming.signal.throwIfAborted();
    const code = InferenceError.findIn(error)?.code;
    const refuse = (reason: "busy" | "unfit" | "long" | "failed", line: string): Outcome => ({ kind: "refuse", reason, line, error });
    const { language, settings } = incoming;
    if (code === "busy") return refuse("busy", say(language, "ask.busy"));
    // What to do about it is in the log of the bot.
    if (code === "unfit") return refuse("unfit", say(language, "ask.unfit"));
    if (code === "long") return refuse("long", say(language, "ask.long"));
    return refuse("failed", sayUnlessOwn(language, "failed", settings.talk.failure));
  }
};

/** Persons and guilds that are remembered; a person who was forgotten may ask at once. */
const MOST_REMEMBERED = 50_000;

/**
 * One question of a person in a while. A person who asks too early is told so once, and then nothing: else a flood of questions would be
 * answered by a flood of lines. A question that was edited while it was answered is the same one.
 *
 * @param now a monotonic clock, in milliseconds
 */
export function cooldown(now: () => number): Guard {
  const lasts = new Map<string, { readonly askedAt: number; readonly source: string; isTold: boolean }>();
  return async (incoming, next) => {
    const { guild, author, source, settings, language } = incoming;
    const key = `${guild}:${author}`;
    const last = lasts.get(key);
    const left = last === undefined ? 0 : last.askedAt + settings.talk.cooldownSeconds * 1000 - now();
    if (last !== undefined && last.source !== source && left > 0) {
      if (last.isTold) return { kind: "ignore", reason: "cooldown" };
      last.isTold = true;
      const seconds = Math.ceil(left / 1000);
      const line = seconds === 1 ? say(language, "ask.cooldown.one") : say(language, "ask.cooldown.many", { count: seconds });
      return { kind: "refuse", reason: "cooldown", line };
    }
    lasts.delete(key);
    lasts.set(key, { askedAt: now(), source, isTold: false });
    const [oldest] = lasts.keys();
    if (lasts.size > MOST_REMEMBERED && oldest !== undefined) lasts.delete(oldest);
    return await next(incoming);
  };
}

/**
 * Nobody fills the line: who asks more before a few of their questions are answered is told so once, until all of them are. Each person's own in each
 * guild.
 */
export function fewAtOnce(): Guard {
  const underWay = new Map<string, { count: number; isTold: boolean }>();
  return async (incoming, next) => {
    const { guild, author, settings, language } = incoming;
    const most = settings.talk.questionsAtOnce;
    const key = `${guild}:${author}`;
    const own = underWay.get(key) ?? { count: 0, isTold: false };
    if (most > 0 && own.count >= most) {
      if (own.isTold) return { kind: "ignore", reason: "cooldown" };
      own.isTold = true;
      const line = own.count === 1 ? say(language, "ask.waiting.one") : say(language, "ask.waiting.many", { count: own.count });
      return { kind: "refuse", reason: "cooldown", line };
    }
    own.count++;
    underWay.set(key, own);
    try {
      return await next(incoming);
    } finally {
      own.count--;
      if (own.count === 0) underWay.delete(key);
    }
  };
}

/** Characters of a question at most, as people see it. */
const LONGEST = 8000;

/** Refuses what is too long before anything is computed, and what says nothing. */
export const shortQuestions: Guard = async (incoming, next) => {
  const text = cleaned(incoming.said.at(-1)?.text ?? "");
  const { language } = incoming;
  if (text === "") return { kind: "refuse", reason: "long", line: say(language, "ask.empty") };
  if (text.length > LONGEST) return { kind: "refuse", reason: "long", line: say(language, "ask.longerThan", { count: LONGEST }) };
  return await next(incoming);
};

/**
 * So many answers a day for a person, and for a guild. The day ends at midnight UTC.
 *
 * @param clock the time, in milliseconds since 1970
 */
export function dailyCaps(store: Pick<Store, "countWithin">, clock: () => number): Guard {
  return async (incoming, next) => {
    const { guild, author, settings, language } = incoming;
    const day = dayBefore(clock(), 0);
    const { userDailyCap, guildDailyCap } = settings.talk;
    const uses = [
      { key: `user:${guild}:${author}`, cap: userDailyCap, line: say(language, "ask.capOfPerson") },
      { key: `guild:${guild}`, cap: guildDailyCap, line: say(language, "ask.capOfServer") },
    ];
    for (const { key, cap, line } of uses) {
      if (cap > 0 && !(await store.countWithin({ key, day, cap }))) return { kind: "refuse", reason: "cap", line };
    }
    return await next(incoming);
  };
}

/** Where a guild wants it, a question that its principles speak against is not answered. */
export function judgedQuestions(inference: Inference): Guard {
  return async (incoming, next) => {
    const { guild, settings, signal, said } = incoming;
    if (!settings.talk.judgeQuestions) return await next(incoming);
    const { against, unfit } = await judgeMessage(inference, { guild, text: said.at(-1)?.text ?? "", settings, signal });
    const first = unfit.find(({ judge }) => !judge.isFit);
    if (first !== undefined) throw new InferenceError("unfit", `Expected a fit judge by "${first.principle}", got one that is unfit`);
    if (against.length > 0)
      return { kind: "refuse", reason: "question", line: sayUnlessOwn(incoming.language, "refusal", settings.talk.refusal) };
    return await next(incoming);
  };
}
