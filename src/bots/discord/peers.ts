/** The package that the bot needs and that is not installed with ours, in the versions that fit. */
export const PEERS: Readonly<Record<string, string>> = { "discord.js": "^14.28.0" };
