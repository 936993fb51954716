/** Numbers of a schema, digit by digit. */
import { type GrammarNode, type Terminal, terminal } from "./grammar.ts";
import { refusal, type Subschema } from "./json-schema.ts";

/** Which numbers are meant. */
export interface NumberRule {
  /** `false`: only those with a fraction; `undefined`: both. */
  readonly isInteger: boolean | undefined;
  /** In units of `10^-SCALE`; exact. `undefined`: any. */
  readonly low: bigint | undefined;
  readonly high: bigint | undefined;
  /** Multiples of this many units. */
  readonly step: bigint;
}

/** Bounds are kept in units of this power of ten. */
const SCALE = 15;

const ONE = 10n ** BigInt(SCALE);

/** Digits before and behind the point together: as many as a double keeps apart, so that what is read is what was written. */
const DIGITS = { integer: 16, number: 15 } as const;

/** A number's parts as far as they are written; the exponent only where there are no bounds. */
const PARTS = /^(-?)(\d*)(?:(\.)(\d*))?(?:[eE](?:[+-]?\d{0,2}))?$/;
const WHOLE = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Digits as written, without sign; `fraction` is `undefined` before the point. */
interface Digits {
  readonly whole: string;
  readonly fraction: string | undefined;
}

export const ANY_NUMBER: NumberRule = { isInteger: undefined, low: undefined, high: undefined, step: 1n };

/** What a schema says of numbers. */
export function numberRule(place: Subschema, isInteger: boolean): NumberRule {
  const lows = [
    bound(place, "minimum", (value) => scaled(value, "up")),
    bound(place, "exclusiveMinimum", (value) => scaled(value, "down") + 1n),
  ];
  const highs = [
    bound(place, "maximum", (value) => scaled(value, "down")),
    bound(place, "exclusiveMaximum", (value) => scaled(value, "up") - 1n),
  ];
  const step = bound(place, "multipleOf", (value) => stepOf(value, place.at)) ?? 1n;
  return { isInteger: isInteger || step % ONE === 0n || undefined, low: tightest(lows, isGreater), high: tightest(highs, isLess), step };
}

function stepOf(value: number, at: string): bigint {
  const step = scaled(value);
  if (step > 0n && step === scaled(value, "up")) return step;
  throw refusal("`multipleOf` that is not above 0, or finer than 15 digits", at, "give a number such as 0.01");
}

function bound({ schema, at }: Subschema, keyword: string, read: (value: number) => bigint): bigint | undefined {
  const value = schema[keyword];
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isFinite(value)) return read(value);
  throw refusal(`\`${keyword}\` that is no number`, at, "give a number");
}

function tightest(bounds: readonly (bigint | undefined)[], isTighter: (one: bigint, other: bigint) => boolean): bigint | undefined {
  return bounds.reduce((best, one) => (best === undefined || (one !== undefined && isTighter(one, best)) ? one : best), undefined);
}

function isGreater(one: bigint, other: bigint): boolean {
  return one > other;
}

function isLess(one: bigint, other: bigint): boolean {
  return one < other;
}

/** Numbers of both rules; `undefined`: there are none. */
export function numbersOfBoth(one: NumberRule, other: NumberRule): NumberRule | undefined {
  if (one.isInteger !== undefined && other.isInteger !== undefined && one.isInteger !== other.isInteger) return undefined;
  return {
    isInteger: one.isInteger ?? other.isInteger,
    low: tightest([one.low, other.low], isGreater),
    high: tightest([one.high, other.high], isLess),
    step: commonMultiple(one.step, other.step),
  };
}

/** Whether some number of the rule can be written: up to 15 digits are. */
export function hasNumbers(rule: NumberRule): boolean {
  return canBecome("", rule);
}

export function isNumberOf(value: number, { isInteger, low, high, step }: NumberRule): boolean {
  const [from, to] = [scaled(value, "down"), scaled(value, "up")];
  const isWithin = from >= (low ?? from) && to <= (high ?? to);
  return (
    isWithin && (isInteger ?? Number.isInteger(value)) === Number.isInteger(value) && (step === 1n || (from === to && from % step === 0n))
  );
}

/** A number of the rule. */
export function numberText(rule: NumberRule): GrammarNode {
  return terminal(new NumberText(rule));
}

/** A JSON number within bounds. Its digits are limited, so that it comes to an end and stays finite. */
class NumberText implements Terminal {
  readonly #rule: NumberRule;
  readonly #text: string;

  constructor(rule: NumberRule, written = "") {
    this.#rule = rule;
    this.#text = written;
  }

  get key(): string {
    const { isInteger, low, high, step } = this.#rule;
    return `number ${isInteger} ${low} ${high} ${step} ${this.#text}`;
  }

  get mayEnd(): boolean {
    if (!WHOLE.test(this.#text)) return false;
    if (!isBounded(this.#rule)) return true;
    const value = scaled(this.#text);
    return hasValue({ from: value, to: value, step: 1n }, this.#rule);
  }

  after(byte: number): Terminal | undefined {
    const written = this.#text + String.fromCharCode(byte);
    return canBecome(written, this.#rule) ? new NumberText(this.#rule, written) : undefined;
  }
}

/** A number in units of `10^-SCALE`, rounded down or up if it is finer than that. */
function scaled(value: number | string, rounding: "down" | "up" = "down"): bigint {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(String(value)) ?? fail(value);
  const shift = SCALE + Number(exponent) - fraction.length;
  const digits = BigInt(sign + whole + fraction);
  if (shift >= 0) return digits * power(shift);
  const floor = floorDivide(digits, power(-shift));
  return rounding === "up" && floor * power(-shift) !== digits ? floor + 1n : floor;
}

/** Whether a beginning can be completed to a number that is meant. */
function canBecome(text: string, rule: NumberRule): boolean {
  const parts = PARTS.exec(text);
  if (parts === null) return false;
  const [, sign = "", whole = "", point, fraction = ""] = parts;
  const hasExponent = /e/i.test(text);
  if (hasExponent && (isBounded(rule) || whole === "" || (point !== undefined && fraction === ""))) return false;
  const { low, high } = rule;
  // A negative number is its absolute value under mirrored bounds.
  const bounds = sign === "" ? { low, high } : { low: negated(high), high: negated(low) };
  const written = { whole, fraction: point === undefined ? undefined : fraction };
  const isAnySign = text === "" && canComplete(written, { ...rule, low: negated(high), high: negated(low) });
  return isAnySign || canComplete(written, { ...rule, ...bounds });
}

/** The same for a number without sign: some whole part of so many digits, and some fraction, lies within the bounds. */
function canComplete({ whole, fraction }: Digits, rule: NumberRule): boolean {
  // Of larger numbers than a double keeps apart, only whether they are whole is certain.
  const most = rule.isInteger === true && ONE % rule.step === 0n ? DIGITS.integer : DIGITS.number;
  if (/^0\d/.test(whole) || whole.length + (fraction?.length ?? 0) > most) return false;
  if (whole === "") return fraction === undefined && [..."0123456789"].some((digit) => canComplete({ whole: digit, fraction }, rule));
  if (fraction !== undefined) return rule.isInteger !== true && whole.length < most && hasValue(digitsOf(whole, fraction, most), rule);
  const longest = whole === "0" ? 1 : most;
  for (let length = whole.length; length <= longest; length++) {
    const values = span(BigInt(whole), { missing: length - whole.length, places: rule.isInteger === true ? 0 : most - length });
    if (hasValue(values, rule)) return true;
    if (values.from > (rule.high ?? values.from)) return false;
  }
  return false;
}

/** Values from `from` to `to` that are whole multiples of `step` apart. */
interface Values {
  readonly from: bigint;
  readonly to: bigint;
  readonly step: bigint;
}

/** What `digits` followed by `missing` more can be, with up to `places` behind the point. */
function span(digits: bigint, { missing, places }: { missing: number; places: number }): Values {
  const step = power(SCALE - places);
  return { from: digits * power(missing) * power(SCALE), to: (digits + 1n) * power(missing) * power(SCALE) - step, step };
}

function digitsOf(whole: string, fraction: string, most: number): Values {
  const unit = power(SCALE - fraction.length);
  const step = power(SCALE - (most - whole.length));
  const from = BigInt(whole + fraction) * unit;
  return { from, to: from + unit - step, step };
}

/** Whether one of the values is meant. Two neighbours of a step that is no whole number are not both whole. */
function hasValue({ from, to, step: unit }: Values, { low = from, high = to, step: asked, isInteger }: NumberRule): boolean {
  const step = commonMultiple(unit, asked);
  const start = low > from ? low : from;
  const least = -floorDivide(-start, step) * step;
  const end = high < to ? high : to;
  if (isInteger !== false) return least <= end;
  return (least <= end && least % ONE !== 0n) || (least + step <= end && (least + step) % ONE !== 0n);
}

function commonMultiple(one: bigint, other: bigint): bigint {
  if (one === 1n || other === 1n) return one * other;
  let [rest, divisor] = [one, other];
  while (rest !== 0n) [rest, divisor] = [divisor % rest, rest];
  return (one / divisor) * other;
}

/** Whether the digits matter: then no exponent is written. */
function isBounded({ isInteger, low, high, step }: NumberRule): boolean {
  return isInteger !== undefined || low !== undefined || high !== undefined || step !== 1n;
}

function negated(bound: bigint | undefined): bigint | undefined {
  return bound === undefined ? undefined : -bound;
}

const POWERS = Array.from({ length: 40 }, (_, exponent) => 10n ** BigInt(exponent));

function power(exponent: number): bigint {
  return POWERS[exponent] ?? 10n ** BigInt(exponent);
}

function floorDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return quotient * divisor > dividend ? quotient - 1n : quotient;
}

function fail(value: number | string): never {
  throw new RangeError(`Expected a decimal number, got \`${value}\``);
}
