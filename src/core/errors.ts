/** Every error that this package raises on purpose. An abort is none of them: it rejects with the signal's own reason. */
export abstract class RainError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }

  /** Whether this is an error of this class, or has one among its causes: frameworks wrap what their plug-ins throw. */
  static isInstance(this: ErrorClass<RainError>, error: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: every subclass looks for its own kind.
    return causesOf(error).some((cause) => cause instanceof this);
  }

  /** The error of this class among `error` and its causes, with its data; `undefined` if there is none. */
  static findIn<Found extends RainError>(this: ErrorClass<Found>, error: unknown): Found | undefined {
    // biome-ignore lint/complexity/noThisInStatic: every subclass looks for its own kind.
    return causesOf(error).find((cause): cause is Found => cause instanceof this);
  }
}

type ErrorClass<Instance> = abstract new (...parameters: never[]) => Instance;

/** The error, its cause, the cause's cause; each once, should they go round in a circle. */
function causesOf(error: unknown): readonly unknown[] {
  const causes = new Set<unknown>();
  for (let cause = error; cause !== undefined && !causes.has(cause); cause = cause instanceof Error ? cause.cause : undefined)
    causes.add(cause);
  return [...causes];
}

/** An option, a principle or a conversation is not what was expected. */
export class OptionError extends RainError {
  /** Name of the option at fault. */
  readonly option: string;
  /** What was given. */
  readonly received: unknown;

  constructor(option: string, complaint: string, received: unknown) {
    super(complaint);
    this.option = option;
    this.received = received;
  }
}

/** What went wrong with a model. */
export type EngineErrorCode =
  | "model-not-found"
  | "model-unreadable"
  | "model-unsupported"
  | "download-failed"
  | "out-of-memory"
  | "binding-missing"
  | "format-unsupported"
  | "disposed"
  | "decode-failed"
  | "server-unreachable"
  | "server-refused"
  | "server-busy"
  | "server-unreadable"
  | "vocabulary-mismatch"
  | "unsupported";

/** The engine cannot load its model or cannot go on. */
export class EngineError extends RainError {
  readonly code: EngineErrorCode;
  /** Of `format-unsupported`, where in the schema: a JSON pointer such as `#/properties/name`. */
  readonly at?: string;
  /** Of `format-unsupported`, whose parameters the schema is of; missing where it is the `format`. */
  readonly tool?: string;

  constructor(
    code: EngineErrorCode,
    message: string,
    { at, tool, ...options }: ErrorOptions & { readonly at?: string; readonly tool?: string } = {},
  ) {
    super(message, options);
    this.code = code;
    if (tool !== undefined) this.tool = tool;
    if (at !== undefined) this.at = at;
  }
}

/** The judge gave no usable verdict. Nothing that it should have judged is released. */
export class JudgeError extends RainError {
  /** Name of the principle that was asked about. */
  readonly principle: string;

  constructor(principle: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.principle = principle;
  }
}

/** A search ended without a single token set to commit. The paper's code ends the text silently here. */
export class EmptySearchError extends RainError {
  /** Length of the answer that was committed before, in tokens. */
  readonly committed: number;

  constructor(committed: number) {
    super(
      `Expected the search behind ${committed} committed tokens to find at least one token set, got none (the engine continued nothing)`,
    );
    this.committed = committed;
  }
}

/** Nothing that was found passed the judge, or was valid, and `onExhausted` is `"error"`. Nothing of it was released. */
export class ExhaustedError extends RainError {
  /** Name of the principle by which everything was judged. */
  readonly principle: string;
  /** Length of the answer that was released before, in tokens. */
  readonly committed: number;
  /** The best value that was found. -1 (bad, or not valid) to 1 (good). */
  readonly best: number;

  constructor(principle: string, found: { readonly committed: number; readonly best?: number | undefined; readonly threshold: number }) {
    const { committed, best, threshold } = found;
    const place = `Expected to find something behind ${committed} released tokens`;
    super(
      best === undefined
        ? `${place} that is all that the format asks for (\`isValid\`), got nothing valid`
        : `${place} that is judged ${threshold} or better by "${principle}", got ${best.toFixed(2)} at best`,
    );
    this.principle = principle;
    this.committed = committed;
    this.best = best ?? -1;
  }
}

/** A prefix is longer than the model's context. */
export class ContextFullError extends RainError {
  /** Tokens that were needed. */
  readonly needed: number;
  /** Tokens that fit. */
  readonly contextSize: number;

  constructor(needed: number, contextSize: number, advice = "shorten the conversation or choose a larger context") {
    super(`Expected at most ${contextSize} tokens of context, got ${needed} (${advice})`);
    this.needed = needed;
    this.contextSize = contextSize;
  }
}

/** As many answers wait as may. Nothing was computed: try again later. */
export class QueueFullError extends RainError {
  /** Answers that are being written. */
  readonly running: number;
  /** Answers that wait: as many as may. */
  readonly waiting: number;

  constructor(running: number, waiting: number) {
    super(`Expected at most ${waiting} answers to wait for ${running} that are being written, got one more (try again later)`);
    this.running = running;
    this.waiting = waiting;
  }
}

/** How every complaint about a value reads. */
export function complaint(name: string, expected: string, received: unknown): string {
  return `Expected \`${name}\` to be ${expected}, got \`${shown(received)}\` (${kindOf(received)})`;
}

function shown(value: unknown): string {
  if (typeof value === "string") return value.length > 60 ? `${value.slice(0, 60)}...` : value;
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? `[${value.map(shown).join(", ")}]` : "{...}";
  return typeof value === "function" ? "function" : String(value);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
