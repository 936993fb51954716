import { DEFAULTS, type RainOptions, type Turn } from "../../core/index.ts";
import { AnswerTelling, type Listeners } from "./answer-telling.ts";
import type { EngineSource } from "./engine-source.ts";
import { noticeUnfitJudge } from "./judge-notice.ts";
import { noticePrompting } from "./prompting-notice.ts";
import type { Steps } from "./steps.ts";

export interface Writing {
  readonly source: EngineSource;
  readonly turns: readonly Turn[];
  readonly request: RainOptions;
  readonly listeners: Listeners;
  readonly signal: AbortSignal;
  /** Of the chat model. */
  readonly life: AbortSignal;
  readonly checkJudge: boolean;
  readonly onNotice: (notice: string) => void;
}

/** Writes one answer, in its turn among all that this engine is asked for. */
export async function* write({ source, turns, request, listeners, signal, life, checkJudge, onNotice }: Writing): Steps {
  const { engine, queue } = await source.hosted({ signal, onNotice });
  noticePrompting(engine, request, onNotice);
  if (checkJudge) noticeUnfitJudge(engine, { ...request, signal: life }, onNotice);
  const telling = new AnswerTelling(listeners);
  try {
    const answer = yield* queue.rain(turns, { ...request, signal, onEvent: telling.hear });
    await telling.ended(answer.finishReason);
    const { mode = DEFAULTS.mode, principle = DEFAULTS.principle } = request;
    return { answer, model: engine.facts.model, mode, principle: principle.name };
  } catch (error) {
    await telling.failed(error);
    throw error;
  }
}
