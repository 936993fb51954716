#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { askCommand } from "./ask.ts";
import { chatCommand } from "./chat.ts";
import { doctorCommand } from "./doctor.ts";
import { explain } from "./failure.ts";

/** The same place seen from `src/cli` and from `dist/cli`. */
const PACKAGE = new URL("../../package.json", import.meta.url);

const { version } = JSON.parse(readFileSync(PACKAGE, "utf8")) as { version: string };

const program = new Command("rain")
  .description("A language model that judges its own draft, rewinds, and writes something better.")
  .version(version)
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
