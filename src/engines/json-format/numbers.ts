/** Numbers of a schema, digit by digit. */
import { type GrammarNode, type Terminal, terminal } from "./grammar.ts";
import { refusal, type Subschema } from "./json-schema.ts";

/** Which numbers are meant. */
interface NumberRule {
  readonly isInteger: boolean;
  /** In units of `10^-SCALE`; exact. `undefined`: any. */
  readonly low: bigint | undefined;
  readonly high: bigint | undefined;
}

/** Bounds are kept in units of this power of ten. */
const SCALE = 15;

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

/** Any number. */
export function anyNumber(): GrammarNode {
  return terminal(new NumberText({ isInteger: false, low: undefined, high: undefined }));
}

/** A number within the bounds of a schema. */
export function numberText(place: Subschema, type: "number" | "integer"): GrammarNode {
  const isInteger = type === "integer" || place.schema["multipleOf"] === 1;
  const lows = [
    bound(place, "minimum", (value) => scaled(value, "up")),
    bound(place, "exclusiveMinimum", (value) => scaled(value, "down") + 1n),
  ];
  const highs = [
    bound(place, "maximum", (value) => scaled(value, "down")),
    bound(place, "exclusiveMaximum", (value) => scaled(value, "up") - 1n),
  ];
  const rule = { isInteger, low: tightest(lows, (one, other) => one > other), high: tightest(highs, (one, other) => one < other) };
  if (canBecome("", rule)) return terminal(new NumberText(rule));
  throw refusal("bounds with no number between them", place.at, "widen them; up to 15 digits are written");
}

function bound({ schema, at }: Subschema, keyword: string, read: (value: number) => bigint): bigint | undefined {
  const value = schema[keyword];
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isFinite(value)) return read(value);
  throw refusal(`\`${keyword}\` that is no number`, at, "give a number");
}

function tightest(bounds: readonly (bigint | undefined)[], isTighter: (one: bigint, other: bigint) => boolean): bigint | undefined {
  return bounds.reduce((best, one) => (best === undefined || (one !== undefined && isTighter(one, best)) ? one : best));
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
    const { isInteger, low, high } = this.#rule;
    return `number ${isInteger} ${low} ${high} ${this.#text}`;
  }

  get mayEnd(): boolean {
    if (!WHOLE.test(this.#text)) return false;
    if (!isBounded(this.#rule)) return true;
    const value = scaled(this.#text);
    return value >= (this.#rule.low ?? value) && value <= (this.#rule.high ?? value);
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
  if (hasExponent && (rule.isInteger || isBounded(rule) || whole === "" || (point !== undefined && fraction === ""))) return false;
  const { low, high } = rule;
  // A negative number is its absolute value under mirrored bounds.
  const bounds = sign === "" ? { low, high } : { low: negated(high), high: negated(low) };
  const written = { whole, fraction: point === undefined ? undefined : fraction };
  const isAnySign = text === "" && canComplete(written, { ...rule, low: negated(high), high: negated(low) });
  return isAnySign || canComplete(written, { ...rule, ...bounds });
}

/** The same for a number without sign: some whole part of so many digits, and some fraction, lies within the bounds. */
function canComplete({ whole, fraction }: Digits, rule: NumberRule): boolean {
  const most = rule.isInteger ? DIGITS.integer : DIGITS.number;
  if (/^0\d/.test(whole) || whole.length + (fraction?.length ?? 0) > most) return false;
  if (whole === "") return fraction === undefined && [..."0123456789"].some((digit) => canComplete({ whole: digit, fraction }, rule));
  if (fraction !== undefined) return !rule.isInteger && whole.length < most && hasValue(digitsOf(whole, fraction, most), rule);
  const longest = whole === "0" ? 1 : most;
  for (let length = whole.length; length <= longest; length++) {
    const values = span(BigInt(whole), { missing: length - whole.length, places: rule.isInteger ? 0 : most - length });
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

function hasValue({ from, to, step }: Values, { low = from, high = to }: NumberRule): boolean {
  const least = low > from ? -floorDivide(-low, step) * step : from;
  return least <= (high < to ? high : to);
}

function isBounded({ low, high }: NumberRule): boolean {
  return low !== undefined || high !== undefined;
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
