import { inspect } from "node:util";
import { Command } from "commander";
import { VERSION } from "../version.ts";
import { complain } from "./failure.ts";
import { Interrupted, onCrash } from "./stop-signal.ts";
import { flushed } from "./terminal.ts";

/** In the order in which the help names them. What some of them need takes longer to load than a small model: only the one that is asked for is. */
const COMMANDS: readonly (readonly [name: string, load: () => Promise<Command>])[] = [
  ["ask", async () => (await import("./ask.ts")).askCommand()],
  ["chat", async () => (await import("./chat.ts")).chatCommand()],
  ["calibrate", async () => (await import("./calibrate.ts")).calibrateCommand()],
  ["models", async () => (await import("./models.ts")).modelsCommand()],
  ["doctor", async () => (await import("./doctor.ts")).doctorCommand()],
  ["eval", async () => (await import("./eval.ts")).evalCommand()],
  ["pairs", async () => (await import("./pairs.ts")).pairsCommand()],
  ["shift", async () => (await import("./shift.ts")).shiftCommand()],
  ["serve", async () => (await import("./serve.ts")).serveCommand()],
  ["mcp", async () => (await import("./mcp.ts")).mcpCommand()],
  ["discord", async () => (await import("./discord.ts")).discordCommand()],
];

const isDebugging = process.env["RAIN_DEBUG"] === "1";

/** Runs what the command line asks for; sets the exit code of the process. */
export async function run(): Promise<void> {
  if (!isDebugging) silenceConsole();
  // Libraries also fail outside of any call that is awaited, as a download does on a full disk.
  onCrash((error) => {
    report(error);
    process.exit();
  });
  try {
    const program = await programFor(process.argv[2]);
    await program.parseAsync();
  } catch (error) {
    report(error);
    if (!(error instanceof Interrupted)) return;
    // What was begun is freed by now. A library may still wait, as for a hub that says nothing: the process does not.
    await flushed(process.stdout);
    process.exit();
  }
}

/** The program with the command of this name; with all of them where it is none, so that the help and a guess at what was meant know them. */
export async function programFor(name: string | undefined): Promise<Command> {
  const program = new Command("rain")
    .description("A language model that judges its own draft, rewinds, and writes something better.")
    .version(VERSION)
    // What stands behind a command is read by it, and by a command of its own where it has one.
    .enablePositionalOptions();
  const asked = COMMANDS.filter(([known]) => known === name);
  for (const [, load] of asked.length > 0 ? asked : COMMANDS) program.addCommand(await load());
  for (const command of withCommandsOf(program)) {
    // Commander throws instead of printing and exiting: errors are reported here, all in one form.
    command.exitOverride().configureOutput({ outputError: () => undefined });
  }
  return program;
}

function report(error: unknown): void {
  const exitCode = complain(error);
  if (isDebugging && exitCode !== 0) process.stderr.write(`${inspect(error)}\n`);
  process.exitCode = exitCode;
}

/** The command does not use the console, but libraries do, to report with a stack trace what they throw as well: it is said in one line here. */
function silenceConsole(): void {
  for (const name of ["error", "warn", "info", "log", "debug"] as const) console[name] = () => undefined;
}

function withCommandsOf(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withCommandsOf)];
}
