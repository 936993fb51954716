/** The Discord bot: nothing of what it writes can be read before it was judged. Needs `discord.js`; importing it loads no native code. */
import { PEERS } from "./bots/discord/peers.ts";
import { withPeers } from "./peers/index.ts";

const loaded = await withPeers(PEERS, async () => ({
  ...(await import("./bots/discord/bot.ts")),
  ...(await import("./bots/discord/discord-api.ts")),
  ...(await import("./bots/discord/run.ts")),
}));

// Running it
/**
 * Runs the bot until its signal is aborted, as `rain discord` does.
 *
 * ```ts
 * const config = readConfig({ environment: process.env });
 * const log = botLog(config, process.stdout);
 * await runDiscord({ config, log, clock: Date.now, now: () => performance.now(), signal });
 * ```
 *
 * `docs/discord.md` leads from nothing to the first answer.
 */
export const runDiscord = loaded.runDiscord;
/** Registers the bot's commands with Discord, which keeps them: once, and again when they changed. */
export const deployCommands = loaded.deployCommands;
export type { ConfigSource } from "./bots/discord/config.ts";
export { type DiscordConfig, readConfig } from "./bots/discord/config.ts";
export type { Deployment, DiscordAccount } from "./bots/discord/discord-api.ts";
export { botLog } from "./bots/discord/log.ts";
export type { RunInput } from "./bots/discord/run.ts";

// Its parts, for who puts them together differently
/** The bot of one process: a client of discord.js, and what it does with what it hears. */
export const Bot = loaded.Bot;
export type Bot = InstanceType<typeof loaded.Bot>;
export type { BotInput } from "./bots/discord/bot.ts";
export type { BotOptions } from "./bots/discord/bot-context.ts";
// Errors
export { ConfigError } from "./bots/discord/config.ts";
export { LeakError, LoginError } from "./bots/discord/errors.ts";
export {
  type Account,
  type Answered,
  type AnswerRequest,
  type AnswerWaiting,
  type AuditRecord,
  type CalibrationReport,
  type CalibrationRequest,
  type CalibrationWaiting,
  type CardPlace,
  type CoursePoint,
  DEFAULT_SETTINGS,
  type Decision,
  EngineInference,
  type EngineInferenceOptions,
  type Finding,
  type GuildSettings,
  type Inference,
  InferenceError,
  type InferenceErrorCode,
  type JudgeFigures,
  type JudgeRequest,
  type JudgesRequest,
  type KnownJudge,
  type Load,
  type NewReview,
  openStore,
  type PersonalData,
  type ReplyEnd,
  type ReplyRecord,
  type ReviewRecord,
  SettingsConflictError,
  type SettingsVersion,
  type Store,
  StoreError,
  type StoreErrorCode,
  type TextVerdict,
} from "./bots/guard/index.ts";
export { MissingPeerError } from "./peers/index.ts";
