/** `rain discord`: the bot, from the command line. */
import { Command, Option } from "commander";
import { didYouMean } from "../core/index.ts";
import { UsageError } from "./failure.ts";
import { readTextFile } from "./input.ts";
import { handOver } from "./stop-signal.ts";

interface ConfigFlag {
  readonly config?: string;
}

interface DeployFlags extends ConfigFlag {
  readonly guild?: string;
}

export function discordCommand(): Command {
  const command = new Command("discord").description("Runs the Discord bot. docs/discord.md leads from nothing to its first answer.");
  command
    .command("deploy")
    .description("Registers the bot's commands: everywhere, which may take an hour, or in one guild, where they are there at once.")
    .addOption(configOption())
    .option("--guild <id>", "the guild")
    .action(deploy);
  command
    .command("check")
    .description("Says all that is wrong with the configuration, and starts nothing.")
    .addOption(configOption())
    .action(check);
  // Looked at in `start`: Commander would call a misspelt command one argument too many.
  return command.addOption(configOption()).allowExcessArguments().action(start);
}

function configOption(): Option {
  return new Option("--config <file>", "YAML or JSON; variables such as RAIN_DISCORD_TOKEN win over it (default: $RAIN_DISCORD_CONFIG)");
}

async function start(_: ConfigFlag, command: Command): Promise<void> {
  const [other] = command.args;
  if (other !== undefined) {
    const known = command.commands.map((one) => one.name());
    const names = known.map((name) => `\`${name}\``).join(", ");
    throw new UsageError(`Expected ${names} or nothing behind \`rain discord\`, got \`${other}\`${didYouMean(other, known)}`);
  }
  const { main, config } = await load(command, { runsHere: true });
  handOver();
  const exitCode = await main(config);
  // Nothing is waited for any more: a request may hang for a long time.
  process.exit(exitCode);
}

async function deploy({ guild }: DeployFlags, command: Command): Promise<void> {
  if (guild !== undefined && !/^\d{17,20}$/.test(guild))
    throw new UsageError(`Expected \`--guild\` to be an id of 17 to 20 digits, got \`${guild}\``);
  const { register, config } = await load(command, { runsHere: false });
  const names = await register(config, guild);
  process.stdout.write(`Registered ${names.length} commands ${guild === undefined ? "everywhere" : `in ${guild}`}: ${names.join(", ")}\n`);
}

async function check(_: ConfigFlag, command: Command): Promise<void> {
  const { config } = await load(command, { runsHere: true });
  const { engine } = config;
  process.stdout.write(`The configuration is fine: ${"url" in engine ? engine.url : engine.model}, shards: ${config.shards}.\n`);
  if (!config.messageContent)
    process.stdout.write(
      "Without the Message Content intent (`messageContent`) no server's messages are judged by themselves, whatever it sets.\n",
    );
  process.stdout.write(UNKNOWN);
}

/** What only Discord, the model and the servers' people tell. */
const UNKNOWN =
  "Nobody was asked: whether Discord takes the token and grants the intent, what the bot may do in a server, whether its log channel is there, and whether the model is quick enough for what is written in it, `/rain status` says there.\n";

/** The bot, which other commands need not load, and its configuration. */
async function load(command: Command, { runsHere }: { readonly runsHere: boolean }) {
  const { main, deploy: register, configuration, environment, ConfigError, CONFIG_FILE } = await import("../bots/discord/main.ts");
  try {
    const { config: file = environment()[CONFIG_FILE] } = command.optsWithGlobals<ConfigFlag>();
    const text = file === undefined || file === "" ? undefined : await readTextFile(file);
    return { main, register, config: configuration(text, { runsHere }) };
  } catch (error) {
    throw error instanceof ConfigError ? new UsageError(error.problems, { cause: error }) : error;
  }
}
