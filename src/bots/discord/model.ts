import { type Engine, HARMLESS, unfitNotice } from "../../core/index.ts";
import { type DownloadProgress, loadLlamaEngine } from "../../llama.ts";
import { promptingNotice } from "../../prompting/index.ts";
import { EngineInference } from "../guard/engine-inference.ts";
import type { RunInput } from "./serve.ts";

/** Loads the model, and finds its judge. */
export async function startModel(input: RunInput): Promise<EngineInference> {
  const { config, log, now, signal } = input;
  const { maxWaiting, answersAtOnce = usualAtOnce(config), answerTimeoutSeconds, judgeTimeoutSeconds, prompting, dataFolder } = config;
  const downloaded = tenths((percent) => log.info({ percent }, "downloading the model"));
  const onDownload = ({ downloadedBytes, totalBytes }: DownloadProgress) => downloaded(downloadedBytes / totalBytes);
  const onJudge = tenths((percent) => log.info({ percent }, "reading labelled answers"));
  let isKnown = false;
  const loadEngine = async (): Promise<Engine> => {
    const engine = await loadLlamaEngine({ ...config.engine, signal, onDownload, onJudge, onNotice: (notice) => log.warn(notice) });
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
    await tellOfJudge(inference, input);
    return inference;
  } catch (error) {
    await inference[Symbol.asyncDispose]();
    throw error;
  }
}

/** A batch of so small a model costs more than it saves: twenty people at once are answered in half the time one after another. */
function usualAtOnce({ engine }: RunInput["config"]): number | undefined {
  return engine.model === "embedded" ? 1 : undefined;
}

/**
 * What whoever runs the bot should know of the judge that most guilds need. At its first use it reads labelled answers: before anybody can ask, as
 * nobody could be answered meanwhile.
 */
async function tellOfJudge(inference: EngineInference, { log, signal }: RunInput): Promise<void> {
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
