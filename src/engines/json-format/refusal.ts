import { EngineError } from "../../core/errors.ts";

/** A complaint about one part of a schema: where it stands (a JSON pointer), and what to do about it. */
export function refusal(part: string, at: string, advice: string): EngineError {
  return new EngineError("format-unsupported", `Expected a schema that can be a format, got ${part} at ${at} (${advice})`);
}
