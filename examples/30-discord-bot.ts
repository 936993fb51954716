/**
 * A bot on Discord whose answers nobody can read before they were judged. `docs/discord.md` says where its token comes from.
 *
 *   RAIN_DISCORD_TOKEN=... npx tsx examples/30-discord-bot.ts
 *
 * The command `rain discord` does the same, and ends in order whatever happens.
 */
import { botLog, deployCommands, readConfig, runDiscord } from "rain-align/discord";

if (process.env["RAIN_DISCORD_TOKEN"] === undefined) console.log("Put the token of your bot into RAIN_DISCORD_TOKEN, and run this again.");
else await run();

async function run(): Promise<void> {
  const config = readConfig({ environment: process.env });
  const log = botLog(config, process.stdout);

  // Ctrl-C: what is being written may end, then the bot leaves.
  const leaving = new AbortController();
  process.on("SIGINT", () => leaving.abort());

  const commands = await deployCommands(config);
  log.info({ count: commands.length }, "registered the commands");
  await runDiscord({ config, log, clock: () => Date.now(), now: () => performance.now(), signal: leaving.signal });
}
