import type { Engine } from "../engine.ts";
import { complaint, EngineError, OptionError } from "../errors.ts";
import { checkFormat } from "../format-mask.ts";
import type { Settings } from "../options.ts";
import type { Tool } from "./tool.ts";

/**
 * Refuses tools that cannot be called, before anything is computed.
 *
 * @throws {OptionError} when there is no such tool as is to be called, or its arguments are no object
 * @throws {EngineError} `format-unsupported`, when a schema cannot constrain what this engine writes
 */
export function checkTools({ tools, toolChoice }: Settings, engine: Engine): void {
  if (typeof toolChoice === "object" && !tools.some(({ name }) => name === toolChoice.name)) {
    const names = tools.map(({ name }) => `\`${name}\``).join(", ");
    throw new OptionError("toolChoice", complaint("toolChoice", `the name of one of the tools ${names}`, toolChoice.name), toolChoice);
  }
  for (const tool of tools) checkTool(tool, engine);
}

function checkTool({ name, parameters }: Tool, engine: Engine): void {
  const { type } = parameters;
  if (type !== undefined && type !== "object")
    throw new OptionError("tools", complaint(`the parameters of the tool ${name}`, "a schema of an object", type), parameters);
  try {
    checkFormat(engine, { type: "json", schema: parameters });
  } catch (cause) {
    throw cause instanceof EngineError ? unsupported(name, cause) : cause;
  }
}

function unsupported(name: string, cause: EngineError): EngineError {
  return new EngineError(cause.code, `Expected the parameters of the tool \`${name}\` to be a schema to write by: ${cause.message}`, {
    cause,
  });
}
