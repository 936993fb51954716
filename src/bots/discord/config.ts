/** The bot's own configuration: what its environment says, else a file. The rest is decided by each guild for itself. */
import type { z } from "zod";
import { complaint, didYouMean } from "../../core/index.ts";
import type { SharedEngineOptions } from "../../llama.ts";
import { readPlainYaml } from "../guard/plain-yaml.ts";
import { ProblemsError } from "../guard/problems-error.ts";
import {
  CONFIG,
  CONFIG_NAMES,
  type ConfigName,
  DEFAULT_DATA_FOLDER,
  DEFAULT_DATABASE,
  expectedOf,
  SECRETS,
  type WrittenConfig,
} from "./config-schema.ts";
import { type ConfigSource, readEnvironment, variableOf, type WrittenValue } from "./config-variables.ts";

/** The bot cannot start as it is configured. Tells all that is wrong, and no secret. */
export class ConfigError extends ProblemsError {}

export interface DiscordConfig
  extends Omit<WrittenConfig, "model" | "hub" | "gpu" | "gpuLayers" | "threads" | "contextSize" | "httpPort" | "httpHost"> {
  readonly engine: Pick<SharedEngineOptions, "hub" | "gpu" | "gpuLayers" | "threads" | "contextSize" | "judgeFolder"> & {
    readonly model: string;
  };
  /** Where the metrics are offered; `undefined`: nowhere. */
  readonly http: { readonly port: number; readonly host: string } | undefined;
}

/**
 * Reads and checks all of it.
 *
 * @throws {ConfigError} with every problem
 */
export function readConfig(source: ConfigSource): DiscordConfig {
  const file = readFile(source.fileText ?? "");
  const environment = readEnvironment(source);
  const written = new Map([...file.written, ...environment.written]);
  const result = CONFIG.safeParse(Object.fromEntries([...written].map(([name, { value }]) => [name, value])));
  const wrong = result.success ? [] : result.error.issues.flatMap((issue) => problemsOf(issue, written));
  const problems = [
    ...file.problems,
    ...environment.problems,
    ...new Set(wrong),
    ...missingModel(source, written),
    ...unwritableDatabase(source, written),
    ...unwritableData(source, written),
  ];
  if (problems.length > 0 || !result.success) throw new ConfigError(problems.map(withoutSecrets));
  return arranged(result.data);
}

function readFile(fileText: string): {
  readonly written: readonly (readonly [string, WrittenValue])[];
  readonly problems: readonly string[];
} {
  const { value, problems } = readPlainYaml(fileText);
  const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
  const written = isMap ? Object.entries(value).map(([name, one]) => [name, { label: name, value: one }] as const) : [];
  const shape = isMap ? [] : ["Expected the configuration file to hold names and values, got something else"];
  return { written, problems: [...problems, ...shape] };
}

function problemsOf(issue: z.core.$ZodIssue, written: ReadonlyMap<string, WrittenValue>): readonly string[] {
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((name) => `Expected a known name in the file, got \`${name}\`${didYouMean(name, CONFIG_NAMES)}`);
  const name = issue.path[0] as ConfigName;
  const { label, value } = written.get(name) ?? { label: variableOf(name), value: undefined };
  if (value === undefined) return [`Expected \`${label}\` to be ${expectedOf(name)}, got nothing`];
  if (SECRETS.includes(name))
    return [`Expected \`${label}\` to be ${expectedOf(name)}, got ${String(value).length} characters of something else`];
  return [complaint(label, expectedOf(name), value)];
}

/** Found out now, and not when Discord was asked and the rest is up. */
function missingModel({ isFile = () => true }: ConfigSource, written: ReadonlyMap<string, WrittenValue>): readonly string[] {
  const { label = "", value } = written.get("model") ?? {};
  if (typeof value !== "string" || value === "embedded" || /^[a-z]+:/i.test(value) || isFile(value)) return [];
  return [complaint(label, "a file that is there", value)];
}

/** The folder of the database, which a container or another user may not have. */
function unwritableDatabase({ isWritable = () => true }: ConfigSource, written: ReadonlyMap<string, WrittenValue>): readonly string[] {
  const { label, value } = written.get("databaseUrl") ?? { label: variableOf("databaseUrl"), value: DEFAULT_DATABASE };
  const path = typeof value === "string" ? /^file:(?:\/\/(?=\/))?([^?]+)/.exec(value)?.[1] : undefined;
  if (path === undefined || isWritable(path)) return [];
  return [complaint(label, "a file that can be written, in a folder that is there", `file:${path}`)];
}

/** It is made when something is to be kept in it. */
function unwritableData({ isWritable = () => true }: ConfigSource, written: ReadonlyMap<string, WrittenValue>): readonly string[] {
  const { label, value } = written.get("dataFolder") ?? { label: variableOf("dataFolder"), value: DEFAULT_DATA_FOLDER };
  if (typeof value !== "string" || value === "" || isWritable(value)) return [];
  return [complaint(label, "a folder that can be written, or be made in one that is there", value)];
}

/** Secrets turn up in wrong places: tokens in other variables, passwords in addresses. */
function withoutSecrets(problem: string): string {
  return problem.replace(/[\w-]{20,}\.[\w-]+(\.[\w-]*)?/g, "[hidden]").replace(/:\/\/[^\s@]*@/g, "://[hidden]@");
}

function arranged(config: WrittenConfig): DiscordConfig {
  const { model, hub, gpu, gpuLayers, threads, contextSize, httpPort, httpHost, ...rest } = config;
  return {
    ...rest,
    engine: { model, hub, gpu, gpuLayers, threads, contextSize },
    http: httpPort === undefined ? undefined : { port: httpPort, host: httpHost },
  };
}
