import { randomUUID } from "node:crypto";
import type { CallbackManager } from "@langchain/core/callbacks/manager";
import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { raceWithSignal } from "@langchain/core/runnables";
import { complaint, OptionError } from "../../../core/index.ts";
import { defaultsOf } from "../../judging/options.ts";
import { once, type TextJudge } from "../../judging/text-judge.ts";
import { type JudgeSource, textJudge } from "../judges.ts";
import { type ChatRunnable, callUnseen } from "../unseen-call.ts";
import { CRITIQUE_TABLE, type CritiqueSettings } from "./options.ts";

/** In what answers are critiqued: settings, and what was found out about the models that they name. */
export class CritiqueContext {
  readonly settings: CritiqueSettings;
  /** Tells it apart from others whose judges or models look alike. */
  readonly id = randomUUID();
  readonly #judges = new WeakMap<JudgeSource, TextJudge>();
  readonly #continues = new WeakMap<ChatRunnable, Promise<boolean>>();

  constructor(settings: Partial<CritiqueSettings>) {
    this.settings = { ...defaultsOf<CritiqueSettings>(CRITIQUE_TABLE), ...settings };
  }

  /**
   * What judges the drafts of this model, if there is one.
   *
   * @throws {OptionError} where neither a judge nor a model is there
   */
  judgeFor(model: ChatRunnable | undefined): TextJudge {
    const source = this.settings.judge ?? model;
    if (source === undefined)
      throw new OptionError("judge", complaint("judge", "given where there is no `model` to judge itself", source), source);
    const known = this.#judges.get(source) ?? textJudge(source, this.settings);
    this.#judges.set(source, known);
    return known;
  }

  /** Whether sentences of this model are judged and released one by one, or drafts as a whole. */
  async isBySentence(model: ChatRunnable | undefined, { signal, trace }: ModelProbe): Promise<boolean> {
    const { continuation, principle } = this.settings;
    if (principle.horizon === "end" || continuation === "whole") return false;
    if (continuation === "prefix" || model === undefined) return true;
    signal?.throwIfAborted();
    try {
      // Found out for all calls, so no single one's signal ends it.
      return await raceWithSignal(
        once(this.#continues, model, () => continuesPrefix(model, trace)),
        signal,
      );
    } catch {
      signal?.throwIfAborted();
      // Whatever is wrong with the model, its first draft will say so; the next request finds out anew.
      return false;
    }
  }
}

/** How long it may be found out what a model can, and where that may be seen. */
interface ModelProbe {
  readonly signal?: AbortSignal | undefined;
  readonly trace?: CallbackManager | undefined;
}

/**
 * Whether a model goes on with an answer that it did not begin, found out by one short call. Models that cannot begin anew, or
 * their provider refuses the conversation.
 */
async function continuesPrefix(model: ChatRunnable, trace: CallbackManager | undefined): Promise<boolean> {
  const probe = [new HumanMessage("Say the letters from A to F in one line, with spaces between them."), new AIMessage("A B C")];
  try {
    const { text } = await callUnseen(model, probe, { trace });
    return /^\s*D\b/.test(text);
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}

/** A provider that does not take such a conversation says so by a status of 400 to 499; 429 is about something else. */
function isRefusal(error: unknown): boolean {
  const status: unknown = typeof error === "object" && error !== null && "status" in error ? error.status : undefined;
  return typeof status === "number" && status >= 400 && status < 500 && status !== 408 && status !== 429;
}
