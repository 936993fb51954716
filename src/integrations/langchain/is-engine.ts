import { type Engine, isRecord } from "../../core/index.ts";

/** Whether a value has all that an engine has. */
export function isEngine(value: unknown): value is Engine {
  if (!isRecord(value)) return false;
  const isFunction = (name: keyof Engine) => typeof Reflect.get(value, name) === "function";
  return isRecord(Reflect.get(value, "facts")) && isRecord(Reflect.get(value, "tokenizer")) && isFunction("next") && isFunction("hold");
}
