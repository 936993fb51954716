/** How rows become records. What cannot be read is an error: no decision rests on half a record. */
import { z } from "zod";
import { ACTIONS } from "../actions.ts";
import { DAY_MS, dayBefore } from "../days.ts";
import { SETTINGS, SETTINGS_FORMAT } from "../settings.ts";
import type { SqlRow } from "./database.ts";
import {
  type AuditEntry,
  type AuditRecord,
  type CardPlace,
  type LowMessage,
  type PersonalData,
  type ReplyRecord,
  type ReviewRecord,
  SANCTIONS,
  type SanctionRecord,
  type SettingsVersion,
  type ValueCount,
} from "./store.ts";
import { StoreError, storeError } from "./store-error.ts";

// PostgreSQL's driver gives big integers as text, and SQLite has 0 and 1 for booleans.
const integer = z.coerce.number().int();
const truth = z.union([z.boolean(), z.literal([0, 1]).transform((value) => value === 1)]);
const missing = z.null().transform(() => undefined);
const optionalText = z.union([z.string(), missing]);
const texts = json(z.array(z.string()));

/** A number as `writtenJson` writes it. */
const written = z.union([z.number(), z.literal(["Infinity", "-Infinity", "NaN"]).transform(Number)]);

export const replyOf = reader(
  z
    .object({
      guild: z.string(),
      channel: z.string(),
      source: z.string(),
      author: z.string(),
      state: z.enum(["drafting", "posted", "refused", "failed", "stopped"]),
      messages: texts,
      hash: optionalText,
      excerpt: optionalText,
      principle: z.string(),
      rewinds: integer,
      dropped_turns: integer,
      value: z.union([z.number(), missing]),
      course: json(z.array(z.object({ tokens: z.number(), value: written, kind: z.enum(["commit", "rewind"]) }))),
      discarded: texts,
      created_at: integer,
    })
    .transform(({ created_at: createdAt, dropped_turns: droppedTurns, ...rest }): ReplyRecord => ({ ...rest, createdAt, droppedTurns })),
);

export const reviewOf = reader(
  z
    .object({
      number: integer,
      guild: z.string(),
      channel: z.string(),
      message: z.string(),
      author: z.string(),
      hash: z.string(),
      excerpt: z.string(),
      text: optionalText,
      judged: optionalText,
      attachments: integer,
      unread: integer,
      findings: json(z.array(z.object({ principle: z.string(), value: written, threshold: written, found: z.string().optional() }))),
      action: z.enum(ACTIONS),
      shadow: truth,
      decision: z.enum(["pending", "approved", "rejected"]),
      decided_by: optionalText,
      decided_at: z.union([missing, integer]),
      appeal: optionalText,
      incident: z.union([missing, integer]),
      created_at: integer,
    })
    .transform(
      ({ number: id, decided_by: decidedBy, decided_at: decidedAt, created_at: createdAt, ...rest }): ReviewRecord => ({
        ...rest,
        ...{ id, decidedBy, decidedAt, createdAt },
      }),
    ),
);

const audit = z.object({ guild: z.string(), actor: optionalText, event: z.string(), detail: z.string(), happened_at: integer });

export const auditOf = reader(audit.transform(({ happened_at, ...rest }): AuditRecord => ({ ...rest, at: happened_at })));

export const auditEntryOf = reader(
  audit.extend({ number: integer }).transform(({ happened_at, ...rest }): AuditEntry => ({ ...rest, at: happened_at })),
);

export const sanctionOf = reader(
  z
    .object({
      guild: z.string(),
      person: z.string(),
      kind: z.enum(SANCTIONS),
      actor: optionalText,
      review: z.union([missing, integer]),
      entry: optionalText,
      happened_at: integer,
    })
    .transform(({ happened_at, ...rest }): SanctionRecord => ({ ...rest, at: happened_at })),
);

/** Each is a channel, a stroke, a message and a space. */
export function cardsOf(written: SqlRow[string]): readonly CardPlace[] {
  return [...String(written).matchAll(/(\S+)\/(\S+) /g)].map(([, channel = "", message = ""]) => ({ channel, message }));
}

export const useOf = reader(
  z
    .object({ name: z.string(), day: z.string(), uses: integer })
    .transform(({ name, ...rest }): PersonalData["uses"][number] => ({ key: name, ...rest })),
);

const judgedValue = { principle: z.string(), judge: z.string(), hundredths: integer };

export const valueCountOf = reader(z.object({ ...judgedValue, messages: integer }).transform((count): ValueCount => count));

export const lowMessageOf = reader(
  z
    .object({ ...judgedValue, guild: z.string(), channel: z.string(), message: z.string(), author: z.string(), judged_at: integer })
    .transform(({ judged_at: at, ...rest }): LowMessage => ({ ...rest, at })),
);

export const judgedDayOf = reader(z.object({ day: z.string(), judged: integer, against: integer }));

/** The day is a number: so many after the first of 1970. */
export const eventCountOf = reader(
  z
    .object({ number: integer, event: z.string(), count: integer })
    .transform(({ number, ...rest }) => ({ ...rest, day: dayBefore(number * DAY_MS, 0) })),
);

const settingsRow = z.object({
  version: integer,
  format: integer,
  settings: json(z.unknown()),
  changed_by: z.string(),
  changed_at: integer,
});

/** @throws {StoreError} `newer` or `unreadable`, and never the defaults: what a guild has forbidden would be allowed again */
export function settingsOf(row: SqlRow): SettingsVersion {
  const { format, settings, version, changed_by, changed_at } = read(settingsRow, row);
  if (format > SETTINGS_FORMAT) throw storeError("newer", new Error(`The settings are of format ${format}`));
  return { version, settings: read(SETTINGS, settings), changedBy: changed_by, changedAt: changed_at };
}

/** JSON, in which infinite thresholds ("off") survive. */
export function writtenJson(value: unknown): string {
  return JSON.stringify(value, (_key, part) => (typeof part === "number" && !Number.isFinite(part) ? String(part) : part));
}

function reader<Schema extends z.ZodType>(schema: Schema): (row: SqlRow) => z.output<Schema> {
  return (row) => read(schema, row);
}

function read<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const place = issue?.path.join(".");
  throw new StoreError(
    "unreadable",
    `Expected a record that can be read, got one that is damaged at \`${place}\` (bring back a copy, or delete the record)`,
    { cause: result.error },
  );
}

function json<Schema extends z.ZodType>(schema: Schema) {
  return z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: "custom", message: "Expected JSON" });
        return z.NEVER;
      }
    })
    .pipe(schema);
}
