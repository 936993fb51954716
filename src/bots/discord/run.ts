import type { Logger } from "pino";
import { type Engine, HARMLESS, unfitNotice } from "../../core/index.ts";
import { type DownloadProgress, loadLlamaEngine } from "../../llama.ts";
import { promptingNotice } from "../../prompting/index.ts";
import { connectEngine } from "../../remote.ts";
import { EngineInference, GuildJudges, openStore, type Store } from "../guard/index.ts";
import { Bot } from "./bot.ts";
import type { DiscordConfig } from "./config.ts";
import { checkAccount } from "./discord-api.ts";
import { Health, serveHealth } from "./health.ts";
import { abortOf, ShutdownReason } from "./shutdown.ts";

/** What a bot is run with. It looks at nothing else of its process. */
export interface RunInput {
  readonly config: DiscordConfig;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number;
  /** Aborted: the bot leaves, and what is being written has `drainSeconds` to end. */
  readonly signal: AbortSignal;
}

/**
 * Runs the bot until its signal is aborted: all of its shards and the model, in this process. Resolves when it has left.
 *
 * @throws {LoginError} when Discord does not let it in, or not any more
 * @throws {StoreError} when there is no database to be had
 * @throws {EngineError} when the model cannot be loaded
 * @throws {MissingPeerError} when the driver of the database is not installed
 */
export async function runDiscord(input: RunInput): Promise<void> {
  const { config, log, clock, now, signal } = input;
  const { token, shards, apiUrl, dms, messageContent, guilds, drainSeconds } = config;
  // Before a model is loaded, which may take its time: a wrong token is found at once.
  await checkAccount(config, signal);
  await using store = await openStore(config.databaseUrl);
  await using _maintenance = maintain({ store, judges: new GuildJudges(config.dataFolder), log, clock });
  const health = new Health(store);
  await using server = config.http && (await serveHealth(health, config.http));
  if (server !== undefined) log.info({ port: server.port }, "metrics and health are offered");
  await using inference = await startModel(input);
  health.inference = inference;
  const client = {
    ...(shards === "auto" ? { shards } : { shardCount: shards }),
    ...(apiUrl === undefined ? {} : { rest: { api: apiUrl } }),
  };
  await using bot = new Bot({ inference, store, log, options: { dms, messageContent, guilds, clock, now }, client });
  health.bot = bot;
  log.info("logging in");
  await Promise.race([bot.login(token), abortOf(signal)]);
  if (!signal.aborted) log.info({ shards: bot.shards.length }, "ready");
  await abortOf(AbortSignal.any([signal, bot.lost]));
  log.info("leaving");
  const isSudden = signal.reason instanceof ShutdownReason && signal.reason.isSudden;
  await bot.leave(isSudden ? 0 : drainSeconds * 1000);
  bot.lost.throwIfAborted();
}

/** Loads the model, and finds its judge. */
export async function startModel(input: RunInput): Promise<EngineInference> {
  const { config, log, now, signal } = input;
  const { maxWaiting, answersAtOnce = usualAtOnce(config), answerTimeoutSeconds, judgeTimeoutSeconds, prompting, dataFolder } = config;
  const downloaded = tenths((percent) => log.info({ percent }, "downloading the model"));
  const onDownload = ({ downloadedBytes, totalBytes }: DownloadProgress) => downloaded(downloadedBytes / totalBytes);
  const onJudge = tenths((percent) => log.info({ percent }, "reading labelled answers"));
  let isKnown = false;
  const loadEngine = async (): Promise<Engine> => {
    const told = { signal, onDownload, onJudge, onNotice: (notice: string) => log.warn(notice) };
    const { engine: wish } = config;
    const engine = await ("url" in wish ? connectEngine({ ...wish, ...told }) : loadLlamaEngine({ ...wish, ...told }));
    // A model that broke and was loaded again is asked in the same way.
    const notice = isKnown ? undefined : promptingNotice(engine, { prompting });
    if (notice !== undefined) log.info(notice);
    isKnown = true;
    return engine;
  };
  const inference = await EngineInference.start(loadEngine, {
    now,
    prompting,
    concurrency: answersAtOnce,
    maxWaiting,
    // No guild fills the line.
    maxOfGuild: Math.ceil(maxWaiting / 2),
    answerTimeoutMs: answerTimeoutSeconds * 1000,
    judgeTimeoutMs: judgeTimeoutSeconds * 1000,
    dataFolder,
  });
  try {
    await logJudge(inference, input);
    return inference;
  } catch (error) {
    await inference[Symbol.asyncDispose]();
    throw error;
  }
}

/** A batch of so small a model costs more than it saves: twenty people at once are answered in half the time one after another. */
function usualAtOnce({ engine }: RunInput["config"]): number | undefined {
  return "model" in engine && engine.model === "embedded" ? 1 : undefined;
}

/**
 * Logs how good the judge is that most guilds need. At its first use it reads labelled answers: before anybody can ask, as nobody could be answered
 * meanwhile.
 */
async function logJudge(inference: EngineInference, { log, signal }: RunInput): Promise<void> {
  try {
    const [judge] = await inference.judges({ principles: [HARMLESS] }, signal);
    const { fitness } = judge ?? {};
    if (fitness === undefined) return;
    const { auroc, low, high, n: count } = fitness;
    log.info({ auroc, low, high, count }, "the judge was measured on labelled answers that it did not learn of");
    if (judge?.isFit !== false) return;
    log.warn(unfitNotice(fitness, inference.model));
    log.warn("By it nothing is answered, and moderation stays in shadow mode, whatever servers have set");
  } catch (error) {
    signal.throwIfAborted();
    log.error({ err: error }, "how well the model judges could not be measured");
  }
}

/** Tells of each tenth once, and anew when something begins that is less far. */
function tenths(tell: (percent: number) => void): (share: number) => void {
  let last = 0;
  return (share) => {
    const percent = Math.floor(share * 10) * 10;
    // Of nothing that is to be fetched there is no share.
    if (Number.isNaN(percent) || percent === last) return;
    last = percent;
    if (percent > 0) tell(percent);
  };
}

const HOUR_MS = 3_600_000;

export interface Maintained {
  readonly store: Pick<Store, "purgeExpired" | "failUnfinished" | "guilds">;
  readonly judges: Pick<GuildJudges, "keepOnly">;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/**
 * Looks after what the bot remembers, until it is disposed of: every hour it forgets what is older than its guilds allow, and judges of guilds of
 * which nothing is kept any more, and ends the records of answers that were never finished.
 */
export function maintain({ store, judges, log, clock }: Maintained): AsyncDisposable {
  const lookAfter = async () => {
    try {
      log.info({ count: await store.purgeExpired(clock()) }, "forgot what was too old");
      const left = await judges.keepOnly(await store.guilds());
      if (left > 0) log.info({ count: left }, "forgot judges of servers that are left");
      // No answer takes an hour.
      await store.failUnfinished({ before: clock() - HOUR_MS });
    } catch (error) {
      log.error({ err: error }, "the database was not looked after, and will be in an hour");
    }
  };
  let work: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    work = work.then(lookAfter);
  }, HOUR_MS);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await work;
    },
  };
}
