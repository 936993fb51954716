/** Where the bot meets its process: clock, environment, signals, exit codes. It loads Discord's library only where that is needed. */
import { accessSync, constants, existsSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { parse } from "dotenv";
import pino from "pino";
import { RainError } from "../../core/index.ts";
import { withPeers } from "../../peers/index.ts";
import { ConfigError, type DiscordConfig, readConfig } from "./config.ts";
import { botLog } from "./log.ts";
import { PEERS } from "./peers.ts";
import { Shutdown, ShutdownReason } from "./shutdown.ts";

export { CONFIG_FILE, ConfigError, type DiscordConfig } from "./config.ts";

/** The process has so much time to end beyond what answers have. */
const MARGIN_MS = 5000;

/**
 * Variables of this process and, where it has none of that name, of the file `.env` in the folder that it was started in.
 *
 * @throws {ConfigError} for one that cannot be read
 */
export function environment(): Readonly<Record<string, string | undefined>> {
  return { ...parse(environmentFile()), ...process.env };
}

function environmentFile(): string {
  // A folder of that name is something else.
  if (statSync(".env", { throwIfNoEntry: false })?.isFile() !== true) return "";
  try {
    return readFileSync(".env", "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new ConfigError([`Expected \`.env\` to be a file that can be read, got ${code}`], { cause });
  }
}

/**
 * The configuration by the environment and a file.
 *
 * @param runsHere the bot itself is to run here: then there must be a place for its database
 * @throws {ConfigError} with every problem
 */
export function configuration(fileText: string | undefined, { runsHere }: { readonly runsHere: boolean }): DiscordConfig {
  return readConfig({
    environment: environment(),
    fileText,
    readSecret: (path) => readFileSync(path, "utf8"),
    isFile: (path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true,
    isWritable: runsHere ? isWritable : undefined,
  });
}

function isWritable(path: string): boolean {
  try {
    accessSync(existsSync(path) ? path : dirname(path), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Runs the bot until a signal ends it. Gives the exit code. @throws {RainError} why it cannot start or go on, in words of our own */
export async function main(config: DiscordConfig): Promise<number> {
  // At once, so that the last line is written however the process ends.
  const destination = pino.destination({ dest: 1, sync: true });
  // A log that is read no more is no reason to stop.
  destination.on("error", () => undefined);
  const log = botLog(config, destination);
  using shutdown = new Shutdown(log, config.drainSeconds * 1000 + MARGIN_MS);
  const { signal } = shutdown;
  const { runDiscord } = await withPeers(PEERS, () => import("./run.ts"));
  try {
    await runDiscord({ config, log, clock: () => Date.now(), now: () => performance.now(), signal });
    return shutdown.exitCode;
  } catch (error) {
    // Told to leave while it was still starting.
    if (error instanceof ShutdownReason) return shutdown.exitCode;
    log.fatal({ err: error }, "cannot go on");
    if (error instanceof RainError) throw error;
    return 1;
  }
}

/** Registers the bot's commands, in one guild or everywhere. Gives their names. @throws {LoginError} when Discord does not take them */
export async function deploy(config: DiscordConfig, guild: string | undefined): Promise<readonly string[]> {
  const { deployCommands } = await withPeers(PEERS, () => import("./discord-api.ts"));
  return await deployCommands({ ...config, guild });
}
