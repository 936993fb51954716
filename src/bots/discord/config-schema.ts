import { z } from "zod";
import { PROMPTINGS } from "../../core/index.ts";
import { checkLlamaOptions, GPUS, type LlamaEngineOptions } from "../../llama.ts";
import { switchOf } from "../guard/switch.ts";

/** What may be said of what happens: the levels of pino. */
const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** A snowflake. */
const id = z.string().regex(/^\d{17,20}$/);

const text = z.string().trim().min(1);

/** Variables are texts; in a file, numbers and switches may be themselves. */
const onOrOff = z.preprocess((value) => (typeof value === "string" ? (switchOf(value) ?? value) : value), z.boolean());
const whole = (low: number, high: number) => z.preprocess(numberOf, z.int().min(low).max(high));
const ids = z.preprocess((value) => (typeof value === "string" ? value.split(/[\s,]+/).filter(Boolean) : value), z.array(id));

/** In the folder where the bot is started. */
export const DEFAULT_DATABASE = "file:rain-discord.db";
export const DEFAULT_DATA_FOLDER = "rain-discord-data";

// Each description completes "Expected `name` to be ...".
const FIELDS = {
  token: text.regex(/^[\w.-]{20,}$/).describe("the bot's token: at least 20 letters, digits, `.`, `-` and `_`, without `Bot` before it"),
  apiUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("the address of Discord's interface, such as a proxy's: http:// or https://"),
  applicationId: id.optional().describe("the application's id, of 17 to 20 digits"),
  databaseUrl: text
    .regex(/^(file:.|postgres(ql)?:\/\/.|:memory:$)/)
    .default(DEFAULT_DATABASE)
    .describe("`file:` and a path, or `postgres://` and an address"),
  dataFolder: text.default(DEFAULT_DATA_FOLDER).describe("the path of a folder, for the judges that servers have taught"),
  model: llama("model").default("embedded").describe("`embedded`, the path of a GGUF file, or hf:owner/repository:quantization"),
  hub: llama("hub").optional().describe("the address of a mirror of Hugging Face"),
  gpu: llama("gpu")
    .optional()
    .describe(`one of ${GPUS.map((gpu) => (gpu === false ? "none" : gpu)).join(", ")}`),
  gpuLayers: llama("gpuLayers").optional().describe("a number of layers, `auto` or `max`"),
  threads: llama("threads").optional().describe("a whole number from 1 to 512"),
  contextSize: llama("contextSize").optional().describe("a whole number of tokens, at least 1"),
  prompting: z
    .enum(PROMPTINGS)
    .default("auto")
    .describe(`one of ${PROMPTINGS.join(", ")} (URIAL shows a base model examples first)`),
  shards: z
    .union([z.literal("auto"), whole(1, 10_000)])
    .default("auto")
    .describe("a whole number from 1 to 10000, or `auto`"),
  messageContent: onOrOff.default(false).describe("true or false (whether the bot has the Message Content intent)"),
  dms: onOrOff.default(true).describe("true or false (whether the bot answers direct messages)"),
  httpPort: whole(0, 65_535).optional().describe("a port from 0 to 65535 for the metrics; 0 is any that is free"),
  httpHost: text.default("127.0.0.1").describe("the address on which the metrics are offered"),
  logLevel: z
    .enum(LOG_LEVELS)
    .default("info")
    .describe(`one of ${LOG_LEVELS.join(", ")}`),
  guilds: ids.optional().describe("ids of 17 to 20 digits, with commas between them: the only guilds in which the bot works"),
  // Discord's own tools wait no longer, and neither do those who run containers.
  drainSeconds: whole(0, 10).default(10).describe("a whole number of seconds from 0 to 10"),
  // The right to answer a command ends after 15 minutes.
  answerTimeoutSeconds: whole(1, 840).default(120).describe("a whole number of seconds from 1 to 840"),
  judgeTimeoutSeconds: whole(1, 300).default(30).describe("a whole number of seconds from 1 to 300"),
  answersAtOnce: whole(1, 64).optional().describe("a whole number from 1 to 64 of answers that are written at once"),
  maxWaiting: whole(1, 10_000).default(100).describe("a whole number of answers from 1 to 10000"),
};

/** The configuration as it is written, with defaults. */
export const CONFIG = z.strictObject(FIELDS);
export type WrittenConfig = z.output<typeof CONFIG>;
export type ConfigName = keyof typeof FIELDS;

export const CONFIG_NAMES = Object.keys(FIELDS) as readonly ConfigName[];

/** Never shown, and may be in a file of their own. */
export const SECRETS: readonly ConfigName[] = ["token", "databaseUrl"];

export function expectedOf(name: ConfigName): string {
  return FIELDS[name].description ?? "";
}

/** An option of the engine: what it may be is decided there. */
function llama<Name extends "model" | "hub" | "gpu" | "gpuLayers" | "threads" | "contextSize">(name: Name) {
  const option = z.custom<NonNullable<LlamaEngineOptions[Name]>>((value) => isAccepted({ [name]: value }));
  return z.preprocess((value) => (name === "model" || name === "hub" ? value : name === "gpu" ? gpuOf(value) : numberOf(value)), option);
}

function isAccepted(options: LlamaEngineOptions): boolean {
  try {
    checkLlamaOptions(options);
    return true;
  } catch {
    return false;
  }
}

function gpuOf(value: unknown): unknown {
  return value === "none" || value === "false" ? false : value;
}

function numberOf(value: unknown): unknown {
  return typeof value === "string" && /^\d{1,15}$/.test(value.trim()) ? Number(value) : value;
}
