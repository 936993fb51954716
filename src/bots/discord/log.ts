/** The bot's log: JSON lines, in which no secret and no text of a message can be. */
import querystring from "node:querystring";
import pino, { type DestinationStream, type LevelWithSilent, type LogFn, type Logger } from "pino";
import { ACTIONS, type CalibrationReport, type Reason, SANCTIONS } from "../guard/index.ts";
import type { DiscordConfig } from "./config.ts";
import { safeError } from "./errors.ts";

/** The log of a bot, as it is configured. Neither its token nor its database's password gets into it: see `createLog`. */
export function botLog({ logLevel: level, token, databaseUrl }: DiscordConfig, destination: DestinationStream): Logger {
  const { password } = URL.canParse(databaseUrl) ? new URL(databaseUrl) : { password: "" };
  return createLog({ level, secrets: [token, password, querystring.unescape(password)], destination });
}

interface LogInput {
  readonly level: LevelWithSilent;
  /** Never written, wherever they may come from: the token, the password of the database. */
  readonly secrets: readonly string[];
  readonly destination: DestinationStream;
}

/**
 * A log that is safe to keep and to show: of what it is given it writes the fields it knows, each in the shape it knows, and counts
 * the others as `hidden`. Its messages are constant sentences; nothing is formatted into them.
 */
function createLog({ level, secrets, destination }: LogInput): Logger {
  const forms = secrets.flatMap(formsOf);
  const withoutSecrets = (_name: string, value: unknown) => (typeof value === "string" ? without(value, forms) : value);
  return pino(
    {
      level,
      timestamp: pino.stdTimeFunctions.isoTime,
      base: { pid: process.pid },
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (error: unknown) => safeError(error) },
      // On whatever way something got into a line (of a child, of a mixin): here it has to pass.
      hooks: { logMethod: plainly, streamWrite: (line) => `${JSON.stringify(knownFields(JSON.parse(line)), withoutSecrets)}\n` },
    },
    destination,
  );
}

/** Gives what may be written of a value; `undefined` if it has not the shape. */
type Field = (value: unknown) => unknown;

const matching =
  (shape: RegExp): Field =>
  (value) =>
    typeof value === "string" && shape.test(value) ? value : undefined;
const figure: Field = (value) => (typeof value === "number" || typeof value === "boolean" ? value : undefined);
/** Of Discord's, or of a private conversation. */
const id = matching(/^(?:dm:)?\d{1,20}$/);

const REASONS = ["judged", "question", "cooldown", "cap", "long", "busy", "unfit", "failed"] as const satisfies readonly Reason[];
const OUTCOMES = ["taken", "no-better", "weak", "too-few"] as const satisfies readonly CalibrationReport["outcome"][];
const WORDS: readonly unknown[] = [...ACTIONS, ...SANCTIONS, ...REASONS, ...OUTCOMES, "SIGINT", "SIGTERM", "approved", "rejected"];
const word: Field = (value) => (WORDS.includes(value) ? value : undefined);

const FIELDS: Readonly<Record<string, Field>> = {
  // Made safe already, while it was an error.
  err: (error) => error,
  time: matching(/^[\dT:.Z-]{20,30}$/),
  level: (level) => (typeof level === "string" && Object.hasOwn(pino.levels.values, level) ? level : undefined),
  msg: (words) => words,
  // Only that there was one: it may quote anything.
  problem: () => true,
  review: (review) => figure(review) ?? id(review),
  ...each(figure, "pid", "percent", "port", "code", "count", "version", "shard", "shards", "replayed"),
  ...each(figure, "rewinds", "value", "shadow", "auroc", "low", "high"),
  ...each(id, "guild", "channel", "source", "message"),
  ...each(word, "reason", "action", "decision", "outcome", "signal"),
};

function each(field: Field, ...names: readonly string[]): Record<string, Field> {
  return Object.fromEntries(names.map((name) => [name, field]));
}

function knownFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const known: Record<string, unknown> = {};
  let hidden = 0;
  for (const [name, value] of Object.entries(fields)) {
    if (value === null) continue;
    const written = Object.hasOwn(FIELDS, name) ? FIELDS[name]?.(value) : undefined;
    if (written === undefined) hidden += 1;
    else known[name] = written;
  }
  return hidden === 0 ? known : { ...known, hidden };
}

/** Without a message pino takes an error's, and into a message it formats what comes behind it. */
function plainly(this: Logger, [first, second]: Parameters<LogFn>, write: LogFn): void {
  if (typeof first === "string") write.call(this, first);
  else write.call(this, first instanceof Error ? { err: first } : first, typeof second === "string" ? second : "(no message)");
}

/** Shorter ones are parts of words. */
const SHORTEST_SECRET = 4;

/** A secret as it is, and as it stands in an address. */
function formsOf(secret: string): readonly string[] {
  return secret.length < SHORTEST_SECRET ? [] : [secret, encodeURIComponent(secret)];
}

function without(text: string, secrets: readonly string[]): string {
  return secrets.reduce((left, secret) => left.replaceAll(secret, "[redacted]"), text);
}
