import { ContextFullError, EngineError, QueueFullError, RainError } from "../../core/index.ts";
import { MissingPeerError } from "../../peers/index.ts";
import { SettingsConflictError, StoreError } from "../guard/index.ts";

/** Something was about to be posted that is neither vetted nor in words of our own. It was not posted. */
export class LeakError extends RainError {}

/** Discord cannot be reached, or does not let the bot in. */
export class LoginError extends RainError {}

/** Discord's response to a request was lost: whether it was carried out is not known, and made again it might be carried out twice. */
export class LostResponse extends RainError {}

export interface SafeError {
  readonly type: string;
  readonly code?: string | number | undefined;
  /** Of HTTP. */
  readonly status?: number | undefined;
  readonly method?: string | undefined;
  /** What was asked for, without tokens. */
  readonly route?: string | undefined;
  /** Which parts of a request Discord refuses, and why, by its codes. */
  readonly problems?: readonly string[] | undefined;
  readonly message?: string | undefined;
  /** Where it was thrown, innermost first. */
  readonly at?: readonly string[] | undefined;
  readonly cause?: SafeError | undefined;
  readonly errors?: readonly SafeError[] | undefined;
}

/** Errors of which each one says something about another: an end there must be. */
const DEEPEST = 5;
const MOST_ERRORS = 4;
const MOST_PROBLEMS = 8;
const MOST_FRAMES = 8;

/** Their messages are whole sentences of ours, with numbers, ids of guilds or names of files in them. */
const OURS = [
  ContextFullError,
  EngineError,
  LeakError,
  LoginError,
  LostResponse,
  MissingPeerError,
  QueueFullError,
  SettingsConflictError,
  StoreError,
] as const;

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/**
 * What may be said of an error where others read it. Errors carry what they fail at: Discord's have the message that was to be posted,
 * its library's the token, a driver's the address of the database with its password, a parser's the text. So nothing is passed on
 * for being there: each part has a place and a shape, and what has none is left out. Messages only of errors whose words are our own.
 */
export function safeError(error: unknown, depth = 1): SafeError {
  if (!(error instanceof Error)) return { type: typeof error };
  const { name, cause, stack, code, status, method, url, rawError, errors } = error as unknown as Readonly<Record<string, unknown>>;
  const isDeepest = depth >= DEEPEST;
  return {
    type: (typeof name === "string" && /^[A-Z][A-Za-z]{0,60}Error(?=$| ?\[)/.exec(name)?.[0]) || "Error",
    code: codeOf(error, code),
    status: typeof status === "number" ? status : undefined,
    method: METHODS.find((known) => known === method),
    route: typeof url === "string" ? routeOf(url) : undefined,
    problems: problemsOf(rawError),
    message: OURS.some((kind) => error instanceof kind) ? error.message : undefined,
    at: framesOf(stack),
    cause: cause === undefined || isDeepest ? undefined : safeError(cause, depth + 1),
    errors: Array.isArray(errors) && !isDeepest ? errors.slice(0, MOST_ERRORS).map((one) => safeError(one, depth + 1)) : undefined,
  };
}

/** Numbers are Discord's, `TokenInvalid` is its library's, `ECONNRESET` Node's, `28P01` PostgreSQL's. */
const CODE = /^(?:[A-Z][A-Z0-9_]{1,40}|[0-9A-Z]{5}|(?:[A-Z][a-z]+){2,6})$/;

/** Such as `decode-failed`. */
const OUR_CODE = /^[a-z]+(?:-[a-z]+)*$/;

function codeOf(error: Error, code: unknown): string | number | undefined {
  if (typeof code === "number") return code;
  if (typeof code !== "string") return undefined;
  return CODE.test(code) || (error instanceof RainError && OUR_CODE.test(code)) ? code : undefined;
}

/** Words of Discord's routes. Everything else in an address may be a token, a name or a text. */
const WORDS: ReadonlySet<string> = new Set([
  ...["@me", "@original", "applications", "bans", "bot", "bulk-delete", "callback", "channels", "commands", "gateway", "guilds"],
  ...["interactions", "members", "messages", "oauth2", "reactions", "roles", "threads", "typing", "users", "webhooks"],
]);

/** Behind these and an id comes a token. */
const BEFORE_TOKEN = ["interactions", "webhooks"];

function routeOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const parts = new URL(url).pathname
    .replace(/^\/api\/v\d+(?=\/)/, "")
    .split("/")
    .slice(1);
  const shown = parts.map((part, index) => {
    if (index === 2 && BEFORE_TOKEN.includes(parts[0] ?? "")) return ":token";
    return WORDS.has(part) || /^\d{1,20}$/.test(part) ? part : ":part";
  });
  return `/${shown.join("/")}`;
}

/** Discord's own words quote what it refuses: the path and the code do not. */
function problemsOf(rawError: unknown): readonly string[] | undefined {
  const errors = isObject(rawError) ? rawError["errors"] : undefined;
  return errors === undefined ? undefined : [...problemsIn(errors, [])].slice(0, MOST_PROBLEMS);
}

function* problemsIn(errors: unknown, path: readonly string[]): Generator<string> {
  if (!isObject(errors) || path.length > DEEPEST * 2) return;
  const { _errors: here, ...inside } = errors;
  for (const one of Array.isArray(here) ? here : []) {
    const code = isObject(one) ? one["code"] : undefined;
    if (typeof code === "string" && /^[A-Z][A-Z0-9_]{1,80}$/.test(code)) yield `${path.join(".")}: ${code}`;
  }
  for (const [name, value] of Object.entries(inside)) {
    if (/^(?:[a-z_]{1,40}|\d{1,4})$/.test(name)) yield* problemsIn(value, [...path, name]);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** Only places in this package and in others: a stack begins with the message, and folders may be named after people. */
function framesOf(stack: unknown): readonly string[] | undefined {
  const lines = typeof stack === "string" ? stack.split("\n") : [];
  const frames = lines.flatMap((line) => PLACES.map((place) => place.exec(line)?.[1]).find((found) => found !== undefined) ?? []);
  return frames.length === 0 ? undefined : frames.slice(0, MOST_FRAMES);
}

const PLACES = ["node_modules", "dist|src"].map(
  (folders) => new RegExp(`^ {4}at .*\\b((?:${folders})/[\\w@.+/-]+\\.[cm]?[jt]s:\\d+:\\d+)\\)?$`),
);
