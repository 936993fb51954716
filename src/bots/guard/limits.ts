/** From which value on a message passes, and what another limit would have flagged of the messages that were judged. */
import type { GuildSettings } from "./settings.ts";
import type { JudgedValue, ValueCount } from "./store/store.ts";

type Rule = GuildSettings["moderation"]["rules"][string];

/** Messages with a value below this are spoken against. Values go from -1 (surely bad) to 1 (surely good). */
const LIMITS = { off: Number.NEGATIVE_INFINITY, lenient: -0.6, medium: -0.1, strict: 0.3 } as const satisfies Record<
  Rule["strictness"],
  number
>;

/** The value below which a rule speaks against a message. -Infinity: never. */
export function limitOf({ strictness, limit }: Pick<Rule, "strictness"> & Partial<Pick<Rule, "limit">>): number {
  return strictness === "off" ? LIMITS.off : (limit ?? LIMITS[strictness]);
}

/**
 * A value in hundredths, rounded down: it is below a limit of whole hundredths exactly if this is. What is no number is below all of them.
 *
 * @param value range [-1, 1], or NaN
 */
export function hundredthsOf(value: number): number {
  if (Number.isNaN(value)) return BELOW_ALL;
  const near = Math.round(value * 100);
  return near / 100 <= value ? near : near - 1;
}

const BELOW_ALL = -101;

/** A limit in hundredths; -Infinity as it is. */
function inHundredths(limit: number): number {
  return Math.round(limit * 100);
}

/** Whether a message is to be found again, as a limit that somebody tries may be above its value. */
export function isLow({ hundredths }: Pick<JudgedValue, "hundredths">, rule: Rule): boolean {
  return hundredths < inHundredths(Math.max(LIMITS.strict, limitOf(rule)));
}

/** What is known of the messages of some days, by one principle. */
export interface Values {
  /** Messages by their values, by the judge that is meant. */
  readonly counts: readonly ValueCount[];
  /** How many there are. */
  readonly judged: number;
  /** How many were judged by other judges, which says nothing about this one. */
  readonly judgedByOthers: number;
}

export function valuesBy(counts: readonly ValueCount[], { principle, judge }: Omit<JudgedValue, "hundredths">): Values {
  const ofPrinciple = counts.filter((count) => count.principle === principle);
  const own = ofPrinciple.filter((count) => count.judge === judge);
  return { counts: own, judged: sumOf(own), judgedByOthers: sumOf(ofPrinciple) - sumOf(own) };
}

/** How many of them are below this limit. */
export function belowLimit({ counts }: Values, limit: number): number {
  return sumOf(counts.filter(({ hundredths }) => hundredths < inHundredths(limit)));
}

/** The highest limit, in whole hundredths, below which at most this share of them lies. Range [-1, 1] */
export function limitFor(values: Values, share: number): number {
  for (let hundredths = 100; hundredths > -100; hundredths--)
    if (belowLimit(values, hundredths / 100) <= share * values.judged) return hundredths / 100;
  return -1;
}

function sumOf(counts: readonly ValueCount[]): number {
  return counts.reduce((sum, { messages }) => sum + messages, 0);
}
