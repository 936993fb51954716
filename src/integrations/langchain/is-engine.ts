import { type Engine, isRecord } from "../../core/index.ts";

/** Whether a value has all that an engine has. */
export function isEngine(value: unknown): value is Engine {
  return (
    isRecord(value) && isRecord(Reflect.get(value, "facts")) && METHODS.every((name) => typeof Reflect.get(value, name) === "function")
  );
}

const METHODS = [
  "render",
  "renderText",
  "tokenize",
  "detokenize",
  "isEnd",
  "prime",
  "generate",
  "sampleMany",
  "likeliest",
  "checkFormat",
  "compare",
] as const satisfies readonly (keyof Engine)[];
