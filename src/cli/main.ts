#!/usr/bin/env node
import { Command } from "commander";
import { askCommand } from "./ask.ts";
import { chatCommand } from "./chat.ts";
import { doctorCommand } from "./doctor.ts";
import { explain } from "./failure.ts";
import { VERSION } from "./version.ts";

const program = new Command("rain")
  .description("A language model that judges its own draft, rewinds, and writes something better.")
  .version(VERSION)
  .addCommand(askCommand())
  .addCommand(chatCommand())
  .addCommand(doctorCommand());

for (const command of [program, ...program.commands]) {
  // Commander throws instead of printing and exiting: errors are reported here, all in one form.
  command.exitOverride().configureOutput({ outputError: () => undefined });
}

try {
  await program.parseAsync();
} catch (error) {
  const { line, exitCode } = explain(error);
  if (line !== undefined) process.stderr.write(`rain: ${line}\n`);
  if (process.env["RAIN_DEBUG"] === "1" && exitCode !== 0) console.error(error);
  process.exitCode = exitCode;
}
