import { randomUUID } from "node:crypto";
import type { AIMessageChunk } from "@langchain/core/messages";
import { raceWithSignal } from "@langchain/core/runnables";
import { complaint, OptionError } from "../../core/index.ts";
import type { ChatRunnable } from "./chat-call.ts";
import { continuesPrefix } from "./continuation.ts";
import { type CritiqueCase, critique } from "./critique.ts";
import { CRITIQUE_DEFAULTS, type CritiqueSettings } from "./critique-options.ts";
import { type JudgeSource, type TextJudge, textJudge } from "./judging.ts";

/** Settings, and what was found out about the models that they name. */
export class Critic {
  readonly settings: CritiqueSettings;
  /** Tells it apart from others whose judges or models look alike. */
  readonly id = randomUUID();
  readonly #judges = new WeakMap<JudgeSource, TextJudge>();
  readonly #continues = new WeakMap<ChatRunnable, Promise<boolean>>();

  constructor(settings: Partial<CritiqueSettings>) {
    this.settings = { ...CRITIQUE_DEFAULTS, ...settings };
  }

  /**
   * The accepted parts of the answer, each released once it was judged; the last one carries usage and metadata.
   *
   * @throws {OptionError} when there is neither a draft nor anybody who writes one
   */
  async *write(request: CritiqueCase): AsyncGenerator<AIMessageChunk, void, void> {
    if (request.model === undefined && request.draft === undefined)
      throw new OptionError("model", complaint("model", "given where there is no draft to judge", undefined), undefined);
    const seen = { ...request, trace: this.settings.drafts === "traced" ? request.trace : undefined };
    yield* critique(seen, {
      settings: this.settings,
      judge: this.#judgeFor(request.model),
      isBySentence: await this.#isBySentence(seen),
    });
  }

  #judgeFor(model: ChatRunnable | undefined): TextJudge {
    const source = this.settings.judge ?? model;
    if (source === undefined)
      throw new OptionError("judge", complaint("judge", "given where there is no `model` to judge itself", source), source);
    const known = this.#judges.get(source) ?? textJudge(source, this.settings);
    this.#judges.set(source, known);
    return known;
  }

  async #isBySentence({ model, origin = model, signal, trace }: CritiqueCase): Promise<boolean> {
    const { continuation, principle } = this.settings;
    if (principle.horizon === "end" || continuation === "whole") return false;
    if (continuation === "prefix" || origin === undefined) return true;
    signal?.throwIfAborted();
    // Found out for all who ask, so no single one's signal ends it.
    const known = this.#continues.get(origin) ?? continuesPrefix(origin, { trace });
    this.#continues.set(origin, known);
    try {
      return await raceWithSignal(known, signal);
    } catch {
      signal?.throwIfAborted();
      // Whatever is wrong with the model, its first draft will say so; the next request finds out anew.
      if (this.#continues.get(origin) === known) this.#continues.delete(origin);
      return false;
    }
  }
}
