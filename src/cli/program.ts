import { inspect } from "node:util";
import { Command } from "commander";
import { askCommand } from "./ask.ts";
import { chatCommand } from "./chat.ts";
import { discordCommand } from "./discord.ts";
import { doctorCommand } from "./doctor.ts";
import { evalCommand } from "./eval.ts";
import { complain } from "./failure.ts";
import { pairsCommand } from "./pairs.ts";
import { shiftCommand } from "./shift.ts";
import { onCrash } from "./stop-signal.ts";
import { VERSION } from "./version.ts";

const program = new Command("rain")
  .description("A language model that judges its own draft, rewinds, and writes something better.")
  .version(VERSION)
  .addCommand(askCommand())
  .addCommand(chatCommand())
  .addCommand(doctorCommand())
  .addCommand(evalCommand())
  .addCommand(pairsCommand())
  .addCommand(shiftCommand())
  .addCommand(discordCommand());

for (const command of withCommandsOf(program)) {
  // Commander throws instead of printing and exiting: errors are reported here, all in one form.
  command.exitOverride().configureOutput({ outputError: () => undefined });
}

const isDebugging = process.env["RAIN_DEBUG"] === "1";

/** Runs what the command line asks for; sets the exit code of the process. */
export async function run(): Promise<void> {
  if (!isDebugging) silenceConsole();
  // Libraries fail where nobody waits, too, as a download does on a full disk.
  onCrash((error) => {
    report(error);
    process.exit();
  });
  await program.parseAsync().catch(report);
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
