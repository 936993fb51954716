/** The bot's own configuration: what its environment says, else a file. The rest is decided by each guild for itself. */
import { join } from "node:path";
import { z } from "zod";
import { complaint, didYouMean, PROMPTINGS } from "../../core/index.ts";
import { checkLlamaOptions, GPUS, type LlamaEngineOptions, type SharedEngineOptions } from "../../llama.ts";
import { type ConnectOptions, checkRemoteOptions } from "../../remote.ts";
import { choice, id, ids, numberOf, onOrOff, ProblemsError, readPlainYaml, typed, whole } from "../guard/index.ts";

const PREFIX = "RAIN_DISCORD_";
const IN_A_FILE = "_FILE";

/** The variable that says where the configuration file is. It is read before all else. */
export const CONFIG_FILE = `${PREFIX}CONFIG`;

/** What may be said of what happens: the levels of pino. */
const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

const text = z.string().trim().min(1);

// Each description completes "Expected `name` to be ...".
const FIELDS = {
  token: text.regex(/^[\w.-]{20,}$/).describe("the bot's token: at least 20 letters, digits, `.`, `-` and `_`, without `Bot` before it"),
  apiUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("the address of Discord's interface, such as a proxy's: http:// or https://"),
  applicationId: id().optional().describe("the application's id, of 17 to 20 digits"),
  databaseUrl: text
    .regex(/^(file:.|postgres(ql)?:\/\/.|:memory:$)/)
    .default("file:rain-discord.db")
    .describe("`file:` and a path, or `postgres://` and an address"),
  dataFolder: text.default("rain-discord-data").describe("the path of a folder, for the judges that servers have taught"),
  model: llama("model").default("embedded").describe("`embedded`, the path of a GGUF file, or hf:owner/repository:quantization"),
  engine: accepted<string>((url) => checkRemoteOptions({ url: url as string }))
    .optional()
    .describe("the address of a server that has loaded the model, in place of `model`: http:// or https://"),
  vocabulary: text
    .optional()
    .describe(
      "the path of that model's GGUF file, hf:owner/repository:quantization, or a folder with its tokenizer.json (else the file that the server has loaded)",
    ),
  engineKey: text.optional().describe("what is sent to that server as a bearer token"),
  hub: llama("hub").optional().describe("the address of a mirror of Hugging Face"),
  gpu: llama("gpu", (value) => (value === "none" || value === "false" ? false : value))
    .optional()
    .describe(`one of ${GPUS.map((gpu) => (gpu === false ? "none" : gpu)).join(", ")}`),
  gpuLayers: llama("gpuLayers", numberOf).optional().describe("a number of layers, `auto` or `max`"),
  threads: llama("threads", numberOf).optional().describe("a whole number from 1 to 512"),
  contextSize: llama("contextSize", numberOf).optional().describe("a whole number of tokens, at least 1"),
  prompting: choice(PROMPTINGS)
    .default("auto")
    .describe(`one of ${PROMPTINGS.join(", ")} (URIAL shows a base model examples first)`),
  shards: z
    .union([z.literal("auto"), whole(1, 10_000)])
    .default("auto")
    .describe("a whole number from 1 to 10000, or `auto`"),
  messageContent: onOrOff().default(false).describe("true or false (whether the bot has the Message Content intent)"),
  dms: onOrOff().default(true).describe("true or false (whether the bot answers direct messages)"),
  httpPort: whole(0, 65_535).optional().describe("a port from 0 to 65535 for the metrics; 0 is any that is free"),
  httpHost: text.default("127.0.0.1").describe("the address on which the metrics are offered"),
  logLevel: choice(LOG_LEVELS)
    .default("info")
    .describe(`one of ${LOG_LEVELS.join(", ")}`),
  guilds: ids(Number.POSITIVE_INFINITY)
    .optional()
    .describe("ids of 17 to 20 digits, with commas between them: the only guilds in which the bot works"),
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
type ConfigName = keyof typeof FIELDS;
export const CONFIG_NAMES = Object.keys(FIELDS) as readonly ConfigName[];

/** Never shown, and may be in a file of their own. */
export const SECRETS: readonly ConfigName[] = ["token", "databaseUrl", "engineKey"];

/** The bot cannot start as it is configured. Tells all that is wrong, and no secret. */
export class ConfigError extends ProblemsError {}

/** What the engine is made of. */
type EngineName = "model" | "engine" | "vocabulary" | "engineKey" | "hub" | "gpu" | "gpuLayers" | "threads" | "contextSize";

/** A model that the bot loads. */
type LoadedHere = Pick<SharedEngineOptions, "hub" | "gpu" | "gpuLayers" | "threads" | "contextSize" | "judgeFolder"> & {
  readonly model: string;
};

/** One that a server has loaded. */
type ServedElsewhere = Pick<ConnectOptions, "url" | "vocabulary" | "key" | "hub" | "contextSize" | "judgeFolder">;

export interface DiscordConfig extends Omit<z.output<typeof CONFIG>, EngineName | "httpPort" | "httpHost"> {
  readonly engine: LoadedHere | ServedElsewhere;
  /** Where the metrics are offered; `undefined`: nowhere. */
  readonly http: { readonly port: number; readonly host: string } | undefined;
}

/** Where the configuration comes from. */
export interface ConfigSource {
  /** Such as `process.env`: `RAIN_DISCORD_TOKEN`, `RAIN_DISCORD_DATABASE_URL`, and so on. Wins over the file. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** YAML or JSON; `undefined`: there is no file. */
  readonly fileText?: string | undefined;
  /** Reads what a variable such as `RAIN_DISCORD_TOKEN_FILE` names, which is how Docker passes secrets. May throw. */
  readonly readSecret?: ((path: string) => string) | undefined;
  /** Whether there is a file, which a model may be. @default everything is there */
  readonly isFile?: ((path: string) => boolean) | undefined;
  /** Whether a file is there, or may be made there, and written. @default always */
  readonly isWritable?: ((path: string) => boolean) | undefined;
}

/** A value, where it is written, and its name there. */
interface WrittenValue {
  readonly value: unknown;
  readonly label: string;
  readonly at?: string;
}

type Written = ReadonlyMap<string, WrittenValue>;

/**
 * Reads and checks all of it.
 *
 * @throws {ConfigError} with every problem
 */
export function readConfig(source: ConfigSource): DiscordConfig {
  const problems: string[] = [];
  const written: Written = new Map([...readFile(source, problems), ...readEnvironment(source, problems)]);
  const values = Object.fromEntries([...written].map(([name, { value }]) => [name, value]));
  const result = CONFIG.safeParse(values);
  problems.push(
    ...new Set(result.error?.issues.flatMap((issue) => problemsOf(issue, written))),
    ...missingOnDisk(source, written),
    ...twoModels(written),
  );
  if (problems.length > 0 || !result.success) throw new ConfigError(problems.map(withoutSecrets));
  const {
    model,
    engine: url,
    vocabulary,
    engineKey: key,
    hub,
    gpu,
    gpuLayers,
    threads,
    contextSize,
    httpPort,
    httpHost,
    ...rest
  } = result.data;
  const http = httpPort === undefined ? undefined : { port: httpPort, host: httpHost };
  const engine = url === undefined ? { model, hub, gpu, gpuLayers, threads, contextSize } : { url, vocabulary, key, hub, contextSize };
  return { ...rest, engine, http };
}

/** `databaseUrl` is called `RAIN_DISCORD_DATABASE_URL`. */
export function variableOf(name: ConfigName): string {
  return PREFIX + name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

function* readFile({ fileText = "" }: ConfigSource, problems: string[]): Generator<[string, WrittenValue]> {
  const { value: values, problems: mistakes, at } = readPlainYaml(fileText);
  problems.push(...mistakes);
  if (typeof values !== "object" || values === null || Array.isArray(values)) {
    problems.push("Expected the configuration file to hold names and values, got something else");
    return;
  }
  for (const [name, value] of Object.entries(values)) yield [name, { value, label: name, at: at([name]) }];
}

/** The variables that are ours. Empty ones count as left out: that is how compose files pass on what was not set. */
function* readEnvironment({ environment, readSecret }: ConfigSource, problems: string[]): Generator<[string, WrittenValue]> {
  const plain = new Map(CONFIG_NAMES.map((name) => [variableOf(name), name]));
  const inFiles = new Map(SECRETS.map((name) => [variableOf(name) + IN_A_FILE, name]));
  for (const [variable, value = ""] of Object.entries(environment)) {
    if (!variable.startsWith(PREFIX) || variable === CONFIG_FILE || value === "") continue;
    const [name, secret] = [plain.get(variable), inFiles.get(variable)];
    if (name !== undefined) yield [name, { label: variable, value }];
    else if (secret === undefined) {
      const known = [CONFIG_FILE, ...plain.keys(), ...inFiles.keys()];
      problems.push(`Expected a known variable, got \`${variable}\`${didYouMean(variable, known)}`);
    } else if (environment[variableOf(secret)]) problems.push(`Expected \`${variableOf(secret)}\` or \`${variable}\`, got both`);
    else {
      try {
        yield [secret, { label: variable, value: readSecret?.(value).trim() }];
      } catch {
        // Not a word of why: if the two variables were mixed up, the secret itself stands where the path should be.
        problems.push(`Expected \`${variable}\` to name a file that can be read, got another one`);
      }
    }
  }
}

function problemsOf(issue: z.core.$ZodIssue, written: Written): readonly string[] {
  if (issue.code === "unrecognized_keys")
    return issue.keys.map(
      (name) => `${written.get(name)?.at ?? ""}Expected a known name in the file, got \`${name}\`${didYouMean(name, CONFIG_NAMES)}`,
    );
  const name = issue.path[0] as ConfigName;
  const { label, value, at = "" } = written.get(name) ?? { label: variableOf(name), value: undefined };
  const expected = FIELDS[name].description ?? "";
  if (value === undefined) return [`${at}Expected \`${label}\` to be ${expected}, got nothing`];
  if (SECRETS.includes(name))
    return [`${at}Expected \`${label}\` to be ${expected}, got ${String(value).length} characters of something else`];
  return [at + complaint(label, expected, value)];
}

/** What is said of a model that the bot does not load would be passed over. */
function twoModels(written: Written): readonly string[] {
  const [served, ...others] = ["engine", "model", "gpu", "gpuLayers", "threads"].map((name) => written.get(name));
  if (served === undefined) return [];
  return others.flatMap((other) =>
    other === undefined
      ? []
      : [`${other.at ?? ""}Expected no \`${other.label}\` beside \`${served.label}\`, got one (the server has loaded the model)`],
  );
}

/** Found out now, and not when Discord was asked and the rest is up. */
function missingOnDisk({ isFile = () => true, isWritable = () => true }: ConfigSource, written: Written): readonly string[] {
  const check = (
    name: "model" | "vocabulary" | "databaseUrl" | "dataFolder",
    expected: string,
    isMissing: (value: string) => string | undefined | false,
  ) => {
    const { label, value, at = "" } = written.get(name) ?? { label: variableOf(name), value: FIELDS[name].parse(undefined) };
    const missing = typeof value === "string" && isMissing(value.trim());
    return missing ? [at + complaint(label, expected, missing)] : [];
  };
  return [
    ...check("model", "a file that is there", (model) => model !== "embedded" && !isAddress(model) && !isFile(model) && model),
    ...check(
      "vocabulary",
      "a file that is there, or a folder with a tokenizer.json",
      (model) => !isAddress(model) && !isFile(model) && !isFile(join(model, "tokenizer.json")) && model,
    ),
    // The folder of the database, which a container or another user may not have.
    ...check("databaseUrl", "a file that can be written, in a folder that is there", (url) => {
      const path = /^file:(?:\/\/(?=\/))?([^?]+)/.exec(url)?.[1];
      return path !== undefined && !isWritable(path) && `file:${path}`;
    }),
    // It is made when something is to be kept in it.
    ...check("dataFolder", "a folder that can be written, or be made in one that is there", (folder) => !isWritable(folder) && folder),
  ];
}

function isAddress(model: string): boolean {
  return /^[a-z]+:/i.test(model);
}

/** Secrets turn up in wrong places: tokens in other variables, passwords in addresses. */
function withoutSecrets(problem: string): string {
  return problem.replace(/[\w-]{20,}\.[\w-]+(\.[\w-]*)?/g, "[hidden]").replace(/:\/\/[^\s@]*@/g, "://[hidden]@");
}

/** An option of the engine: what it may be is decided there. */
function llama<Name extends "model" | "hub" | "gpu" | "gpuLayers" | "threads" | "contextSize">(
  name: Name,
  read: (text: string) => unknown = (text) => text,
) {
  return typed(
    accepted<NonNullable<LlamaEngineOptions[Name]>>((value) => checkLlamaOptions({ [name]: value })),
    read,
  );
}

/** What this check does not throw at. */
function accepted<Value>(check: (value: unknown) => void): z.ZodType<Value> {
  return z.custom<Value>((value) => {
    try {
      check(value);
      return true;
    } catch {
      return false;
    }
  });
}
