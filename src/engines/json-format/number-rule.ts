import type { JsonType } from "./json-schema.ts";
import type { Place } from "./keywords.ts";
import { hasNumbers, type NumberRule, scaled } from "./number-text.ts";
import { refusal } from "./refusal.ts";

/** The bounds that a schema gives. */
export function numberRule(place: Place, type: JsonType): NumberRule {
  const { schema, at } = place;
  const lows = [
    bound(place, "minimum", (value) => scaled(value, "up")),
    bound(place, "exclusiveMinimum", (value) => scaled(value, "down") + 1n),
  ];
  const highs = [
    bound(place, "maximum", (value) => scaled(value, "down")),
    bound(place, "exclusiveMaximum", (value) => scaled(value, "up") - 1n),
  ];
  const rule = { isInteger: type === "integer" || schema["multipleOf"] === 1, low: extreme(lows, 1n), high: extreme(highs, -1n) };
  if (!hasNumbers(rule)) throw refusal("bounds with no number between them", at, "widen them; up to 15 digits are written");
  return rule;
}

function bound({ schema, at }: Place, keyword: string, read: (value: number) => bigint): bigint | undefined {
  const value = schema[keyword];
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isFinite(value)) return read(value);
  throw refusal(`\`${keyword}\` that is no number`, at, "give a number");
}

/** The greatest of these bounds, or with sign -1 the least. */
function extreme(bounds: readonly (bigint | undefined)[], sign: bigint): bigint | undefined {
  return bounds.reduce((best, one) => (best === undefined || (one !== undefined && one * sign > best * sign) ? one : best));
}
