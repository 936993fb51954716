/** What of somebody else's model may be passed on unread: names, numbers, and errors without what they say. */
import { ContextFullError, RainError } from "../../core/index.ts";

/**
 * What somebody else's model, or judge, threw, as it may be passed on: providers quote in their errors what the model wrote, which nobody has judged. Class,
 * status and code stay, so that retries and fallbacks know it; what it says, what caused it and all else is left out. An error of this package holds no such text,
 * and what LangGraph throws to steer a run is no error.
 */
export function withoutWords(error: unknown): unknown {
  if (error instanceof RainError || isContextFull(error) || isSteering(error)) return error;
  const given = error instanceof Error ? error : new Error();
  const name = isName(given.name) ? given.name : "Error";
  const facts = { ...numbersAndFlags(given), ...named(given) };
  const wordless = new Error(messageOf(name, facts));
  Object.setPrototypeOf(wordless, Object.getPrototypeOf(given));
  for (const [key, value] of [["name", name], ...Object.entries(facts), ...marks(given)] as const)
    Object.defineProperty(wordless, key, {
      value,
      configurable: true,
      writable: true,
      enumerable: typeof key === "string" && key !== "name",
    });
  return wordless;
}

/** The same stream; what it throws, without words, or where it was aborted the reason for that. */
export async function* wordlessErrors<Item>(items: AsyncIterable<Item>, signal: AbortSignal | undefined): AsyncGenerator<Item, void, void> {
  try {
    yield* items;
  } catch (error) {
    signal?.throwIfAborted();
    throw withoutWords(error);
  }
}

/** What a framework makes of ours, by its own class: in our words. */
function isContextFull(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof ContextFullError && error.message === error.cause.message;
}

/** An interrupt, or a command to the graph around. */
function isSteering(error: unknown): boolean {
  return typeof error === "object" && error !== null && "is_bubble_up" in error;
}

function messageOf(name: string, { status, statusCode = status, code }: Readonly<Record<string, unknown>>): string {
  const known = [name, ...(statusCode === undefined ? [] : [`status ${statusCode}`]), ...(code === undefined ? [] : [`code ${code}`])];
  return `Expected the model to answer, got an error: ${known.join(", ")} (what it says is left out, as the model may have written it: child runs have it, with \`drafts: "traced"\`)`;
}

/** Under which names errors have what tells one from another in one word. */
const TELLING = [
  ...["status", "statusCode", "status_code", "code", "type", "errno", "syscall", "lc_error_code"],
  ...["requestID", "requestId", "request_id"],
] as const;

function named(error: Error): Readonly<Record<string, unknown>> {
  const known = TELLING.map((name) => [name, Reflect.get(error, name)] as const);
  return Object.fromEntries(known.filter(([, value]) => typeof value === "number" || (isName(value) && value !== "")));
}

function numbersAndFlags(error: Error): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(error).filter(([name, value]) => isNumber(name, value)));
}

/** By which LangChain knows its own errors, and whether to try again. */
function marks(error: Error): readonly (readonly [symbol, boolean])[] {
  return Object.getOwnPropertySymbols(error).flatMap((mark) => {
    const value: unknown = Reflect.get(error, mark);
    return typeof value === "boolean" ? [[mark, value] as const] : [];
  });
}

/** Whether a value is an id or the name of something, in one word that is not long. */
export function isName(value: unknown): value is string {
  return typeof value === "string" && value.length <= LONGEST_NAME && isOpaque(value);
}

const LONGEST_NAME = 200;

/** Whether a value under this name is a number or a truth value. */
export function isNumber(name: string, value: unknown): boolean {
  return isName(name) && (typeof value === "number" || typeof value === "boolean");
}

/** Without a space, and in no other letters than those of names and of bytes as text: nothing to read. */
export function isOpaque(value: unknown): boolean {
  if (typeof value === "string") return /^[\w+/=.:@|~#-]*$/.test(value);
  if (Array.isArray(value)) return value.every(isOpaque);
  return typeof value === "object" && value !== null && Object.entries(value).every(isOpaque);
}
