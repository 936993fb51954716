import { writeFile } from "node:fs/promises";
import { DEFAULTS, type Engine, type RainOptions, type Turn } from "../../core/index.ts";
import { promptingNotice } from "../../prompting/index.ts";
import { Trace, tracePage } from "../../trace/index.ts";
import { AnswerTelling, type Listeners } from "./answer-telling.ts";
import type { ChatRainFields } from "./chat-rain-fields.ts";
import type { EngineSource } from "./engine-source.ts";
import { noticeUnfitJudge } from "./judge-notice.ts";
import { judgeReady } from "./judge-ready.ts";
import { tell } from "./notice.ts";
import type { Steps } from "./steps.ts";

export interface WriteRequest {
  readonly source: EngineSource;
  readonly turns: readonly Turn[];
  readonly request: RainOptions;
  readonly listeners: Listeners;
  readonly signal: AbortSignal;
  /** Of the chat model. */
  readonly life: AbortSignal;
  readonly checkJudge: boolean;
  readonly onNotice: (notice: string) => void;
  readonly trace: ChatRainFields["trace"];
}

/** Writes one answer, in its turn among all that this engine is asked for. */
export async function* write({ source, turns, request, listeners, signal, life, checkJudge, onNotice, trace }: WriteRequest): Steps {
  const { engine, queue, listen } = await source.hosted({ signal, onNotice });
  noticePrompting(engine, request, onNotice);
  using _ = listen({ onNotice });
  const telling = new AnswerTelling(listeners);
  const options = { ...request, signal, onEvent: telling.hear };
  const traced = trace === undefined ? undefined : new Trace(turns, options);
  try {
    await judgeReady(engine, request, { signal, life });
    const answer = yield* queue.rain(turns, traced?.options ?? options);
    traced?.end(answer);
    if (checkJudge) noticeUnfitJudge(engine, answer.judge?.fitness, onNotice);
    await telling.ended(answer.finishReason);
    const { mode = DEFAULTS.mode, principle = DEFAULTS.principle } = request;
    return { answer, model: engine.facts.model, mode, principle: principle.name };
  } catch (error) {
    await telling.failed(error);
    throw error;
  } finally {
    if (traced !== undefined && trace !== undefined) await handOver(tracePage(traced.data(engine.facts.model)), { trace, onNotice });
  }
}

interface Receiver extends Pick<WriteRequest, "onNotice"> {
  readonly trace: NonNullable<ChatRainFields["trace"]>;
}

/** A page that nobody can take is no reason to lose the answer. */
async function handOver(page: string, { trace, onNotice }: Receiver): Promise<void> {
  try {
    await (typeof trace === "function" ? trace(page) : writeFile(trace, page));
  } catch (error) {
    onNotice(`Expected \`trace\` to take a page, got: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Engines of which it was said, for all chat models of a process. */
const TOLD = new WeakSet<Engine>();

/** Tells once of an engine that is prompted in a way that nobody asked for. */
function noticePrompting(engine: Engine, options: RainOptions, onNotice: (notice: string) => void): void {
  const notice = TOLD.has(engine) ? undefined : promptingNotice(engine, options);
  if (notice === undefined) return;
  TOLD.add(engine);
  tell(onNotice, notice);
}
