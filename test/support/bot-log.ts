import { botLog, type DiscordConfig, readConfig } from "rain-align/discord";

/** In the shape of Discord's, and opens nothing. */
export const TOKEN = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs";

/** Of the database. Not every sign of it may stand in an address as it is. */
export const PASSWORD = 'p"ss/w rd';

/** The log of a bot that has these secrets; each line of it goes to `write`. */
export function logOf(write: (line: string) => void, level: DiscordConfig["logLevel"] = "trace"): ReturnType<typeof botLog> {
  const databaseUrl = `postgres://rain:${encodeURIComponent(PASSWORD)}@database.example/rain`;
  const config = readConfig({ environment: { RAIN_DISCORD_TOKEN: TOKEN, RAIN_DISCORD_DATABASE_URL: databaseUrl } });
  return botLog({ ...config, logLevel: level }, { write });
}
