import { didYouMean } from "../../core/index.ts";
import { CONFIG_NAMES, type ConfigName, SECRETS } from "./config-schema.ts";

const PREFIX = "RAIN_DISCORD_";
const IN_A_FILE = "_FILE";

/** Where the configuration file is. Whoever reads that has read this before. */
export const CONFIG_FILE = `${PREFIX}CONFIG`;

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

/** A value, and how the one who wrote it calls it. */
export interface WrittenValue {
  readonly label: string;
  readonly value: unknown;
}

/** `databaseUrl` is called `RAIN_DISCORD_DATABASE_URL`. */
export function variableOf(name: ConfigName): string {
  return PREFIX + name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/** The variables that are ours. Empty ones count as left out: that is how compose files pass on what nobody set. */
export function readEnvironment({ environment, readSecret }: ConfigSource) {
  const written = new Map<ConfigName, WrittenValue>();
  const problems: string[] = [];
  const ours = Object.entries(environment).filter(([variable, text]) => variable.startsWith(PREFIX) && text !== undefined && text !== "");
  for (const [variable, text = ""] of ours) {
    const [name, isFile] = meaningOf(variable);
    if (name === undefined) problems.push(...unknownVariable(variable));
    else if (isFile && environment[variableOf(name)]) problems.push(`Expected \`${variableOf(name)}\` or \`${variable}\`, got both`);
    else if (!isFile) written.set(name, { label: variable, value: text });
    else {
      const secret = secretAt(text, readSecret);
      if (secret === undefined) problems.push(`Expected \`${variable}\` to name a file that can be read, got another one`);
      else written.set(name, { label: variable, value: secret });
    }
  }
  return { written, problems };
}

function meaningOf(variable: string): readonly [name: ConfigName | undefined, isFile: boolean] {
  const plain = CONFIG_NAMES.find((name) => variableOf(name) === variable);
  const secret = SECRETS.find((name) => variableOf(name) + IN_A_FILE === variable);
  return [plain ?? secret, secret !== undefined];
}

function unknownVariable(variable: string): readonly string[] {
  if (variable === CONFIG_FILE) return [];
  const known = [CONFIG_FILE, ...CONFIG_NAMES.map(variableOf), ...SECRETS.map((name) => variableOf(name) + IN_A_FILE)];
  return [`Expected a known variable, got \`${variable}\`${didYouMean(variable, known)}`];
}

/** Not a word of why it failed: whoever mixes up the two variables has the secret itself where the path should be. */
function secretAt(path: string, readSecret: ConfigSource["readSecret"]): string | undefined {
  try {
    return readSecret?.(path).trim();
  } catch {
    return undefined;
  }
}
