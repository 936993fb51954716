/** What providers say of an answer beside its words: only what nobody could take for words is passed on. */

import { isRecord } from "../../core/index.ts";

type Fields = Readonly<Record<string, unknown>>;

/**
 * Of the metadata of an answer, numbers and what names something: the model, the request, the reason of the end. All else may hold the
 * answer again, in another form or unfinished: raw output, probabilities token by token, citations.
 */
export function factsOf(metadata: Fields): Record<string, unknown> {
  const facts = Object.entries(metadata).filter(([name, value]) => isNumber(name, value) || (NAMING.has(name) && isName(value)));
  const costs = Object.entries(metadata).map(([name, value]) => [name, COSTS.has(name) && isRecord(value) ? numbersIn(value) : undefined]);
  return { ...Object.fromEntries(facts), ...Object.fromEntries(costs.filter(([, cost]) => cost !== undefined)) };
}

/** Numbers and truth values, also of records in the record. */
export function numbersIn(fields: object): Record<string, unknown> {
  const known = Object.entries(fields).filter(([name, value]) => isNumber(name, value) || (isName(name) && isRecord(value)));
  return Object.fromEntries(known.map(([name, value]) => [name, isRecord(value) ? numbersIn(value) : value]));
}

/** Of the fields of a message, or of a block in it, those that only the provider can read: signatures, and what else is named. */
export function opaqueIn(fields: Fields, others: readonly string[] = []): Record<string, unknown> {
  const opaque = Object.entries(fields).filter(([name, value]) => (SIGNATURE.test(name) || others.includes(name)) && isOpaque(value));
  return Object.fromEntries(opaque);
}

/** Whether a value is an id or the name of something, in one word that is not long. */
export function isName(value: unknown): value is string {
  return typeof value === "string" && value.length <= LONGEST_NAME && isOpaque(value);
}

const NAMING: ReadonlySet<string> = new Set([
  ...["model", "model_name", "model_provider", "provider", "id", "request_id", "object", "type", "role", "system_fingerprint"],
  ...["finish_reason", "finishReason", "stop_reason", "stopReason", "done_reason", "status", "service_tier", "created", "created_at"],
]);

/** Records of what an answer cost. */
const COSTS: ReadonlySet<string> = new Set(["usage", "token_usage", "tokenUsage", "estimatedTokenUsage", "metrics"]);

const SIGNATURE = /^_*(\w+_)?(thought_?)?signatures?_*$/i;
const LONGEST_NAME = 200;

/** Without a space, and in no other letters than those of names and of bytes as text: nothing to read. */
function isOpaque(value: unknown): boolean {
  if (typeof value === "string") return /^[\w+/=.:@|~#-]*$/.test(value);
  if (Array.isArray(value)) return value.every(isOpaque);
  return isRecord(value) && Object.entries(value).every(isOpaque);
}

function isNumber(name: string, value: unknown): boolean {
  return isName(name) && (typeof value === "number" || typeof value === "boolean");
}
