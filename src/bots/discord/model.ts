import { type Engine, promptingNotice } from "../../core/index.ts";
import { type DownloadProgress, loadLlamaEngine } from "../../llama.ts";
import { EngineInference } from "../guard/engine-inference.ts";
import { judgeWarnings } from "../guard/judge-warnings.ts";
import type { RunInput } from "./serve.ts";

/** Loads the model, and finds out beside the bot's work how well it judges. */
export async function startModel(input: RunInput): Promise<EngineInference> {
  const { config, log, now, signal } = input;
  const { maxWaiting, answersAtOnce = usualAtOnce(config), answerTimeoutSeconds, judgeTimeoutSeconds, prompting } = config;
  const onDownload = tenths((percent) => log.info({ percent }, "downloading the model"));
  let isKnown = false;
  const loadEngine = async (): Promise<Engine> => {
    const engine = await loadLlamaEngine({ ...config.engine, signal, onDownload, onNotice: (notice) => log.warn(notice) });
    // A model that broke and was loaded again is asked in the same way, and judges no better than before.
    if (!isKnown) {
      const notice = promptingNotice(engine, { prompting });
      if (notice !== undefined) log.info(notice);
      void warnOfJudges(engine, input);
    }
    isKnown = true;
    return engine;
  };
  return await EngineInference.start(loadEngine, {
    now,
    prompting,
    concurrency: answersAtOnce,
    maxWaiting,
    // No guild fills the line.
    maxOfGuild: Math.ceil(maxWaiting / 2),
    answerTimeoutMs: answerTimeoutSeconds * 1000,
    judgeTimeoutMs: judgeTimeoutSeconds * 1000,
  });
}

/** A batch of so small a model costs more than it saves: twenty people at once are answered in half the time one after another. */
function usualAtOnce({ engine }: RunInput["config"]): number | undefined {
  return engine.model === "embedded" ? 1 : undefined;
}

async function warnOfJudges(engine: Engine, { log, signal }: RunInput): Promise<void> {
  try {
    for (const warning of await judgeWarnings(engine, signal)) log.warn(warning);
  } catch (error) {
    if (!signal.aborted) log.error({ err: error }, "how well the model judges could not be measured");
  }
}

/** Tells of each tenth once. */
function tenths(tell: (percent: number) => void): (progress: DownloadProgress) => void {
  let last = 0;
  return ({ downloadedBytes, totalBytes }) => {
    const percent = Math.floor((downloadedBytes / totalBytes) * 10) * 10;
    // Of nothing that is to be fetched there is no share.
    if (Number.isNaN(percent) || percent <= last) return;
    last = percent;
    tell(percent);
  };
}
