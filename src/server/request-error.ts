import { ContextFullError, EngineError, ExhaustedError, JudgeError, OptionError, QueueFullError, RainError } from "../core/index.ts";
import { ToolCallError } from "../serving/index.ts";

interface RequestFault extends ErrorOptions {
  readonly status?: RequestError["status"];
  readonly code?: string;
  readonly param?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request is not what was expected. Nothing was computed. */
export class RequestError extends RainError {
  readonly status: 400 | 401 | 404 | 405 | 413 | 415 | 429 | 503;
  /** For programs. */
  readonly code: string;
  /** Which part of the request is at fault. */
  readonly param: string | null;
  readonly headers: Readonly<Record<string, string>>;

  constructor(message: string, { status = 400, code = "invalid_value", param = null, headers = {}, cause }: RequestFault = {}) {
    super(message, { cause });
    this.status = status;
    this.code = code;
    this.param = param;
    this.headers = headers;
  }
}

/** An error in OpenAI's shape, and how HTTP says it. */
export interface Failure {
  readonly status: 400 | 401 | 404 | 405 | 413 | 415 | 429 | 500 | 503;
  readonly headers: Readonly<Record<string, string>>;
  readonly error: { readonly message: string; readonly type: string; readonly param: string | null; readonly code: string | null };
}

/** Seconds after which one may ask again. */
const RETRY_AFTER = "2";

/** What clients try once more by themselves they try in vain where the same request must fail again. */
const FINAL = { "x-should-retry": "false" };

/** By what parameters a client knows options of this library; of others it knows that they are ours. */
export type ParameterNames = Readonly<Record<string, string>>;

/**
 * What a client is told. Words of errors that are ours hold nothing that a model wrote but an argument's name or an option; of others, nothing is
 * said: they may quote anything.
 */
export function failureOf(error: unknown, names: ParameterNames): Failure {
  const request = RequestError.findIn(error);
  if (request !== undefined)
    return said(
      request.status,
      { type: typeOf(request.status), param: request.param, code: request.code, message: request.message },
      request.headers,
    );
  const full = ContextFullError.findIn(error);
  if (full !== undefined)
    return said(400, {
      type: "invalid_request_error",
      param: names["turns"] ?? null,
      code: "context_length_exceeded",
      message: full.message,
    });
  const option = OptionError.findIn(error);
  if (option !== undefined) {
    const param = names[option.option] ?? `rain.${option.option}`;
    const message = option.message.replace(`\`${option.option}`, () => `\`${param}`);
    return said(400, { type: "invalid_request_error", param, code: "invalid_value", message });
  }
  const busy = QueueFullError.findIn(error);
  if (busy !== undefined)
    return said(429, { type: "rate_limit_error", param: null, code: "queue_full", message: busy.message }, { "retry-after": RETRY_AFTER });
  const call = ToolCallError.findIn(error);
  if (call !== undefined)
    return said(400, { type: "invalid_request_error", param: call.limit, code: "tool_call_cut", message: call.message });
  const judge = JudgeError.findIn(error) ?? ExhaustedError.findIn(error);
  if (judge !== undefined) {
    const code = judge instanceof JudgeError ? "judge_failed" : "nothing_passed";
    return said(500, { type: "server_error", param: null, code, message: judge.message }, FINAL);
  }
  const engine = EngineError.findIn(error);
  if (engine?.code === "format-unsupported")
    return said(400, {
      type: "invalid_request_error",
      param: names[engine.tool === undefined ? "format" : "tools"] ?? null,
      code: "unsupported_schema",
      message: engine.message,
    });
  if (engine !== undefined) return said(503, { type: "server_error", param: null, code: engine.code, message: engine.message });
  return said(500, { type: "server_error", param: null, code: null, message: "Something unexpected happened; the server's log says what" });
}

function said(status: Failure["status"], error: Failure["error"], headers: Failure["headers"] = {}): Failure {
  return { status, headers, error };
}

function typeOf(status: RequestError["status"]): string {
  if (status === 401) return "authentication_error";
  if (status === 429) return "rate_limit_error";
  return status === 503 ? "server_error" : "invalid_request_error";
}
