import { type Principle, randomAt, type Turn } from "../../core/index.ts";
import { conversationTurns } from "./conversation.ts";
import type { Incoming, Respond } from "./guarded.ts";
import type { Answered, Inference } from "./inference.ts";
import { guildPrinciple } from "./settings.ts";
import { Vetted } from "./vetted.ts";

interface Responder {
  readonly inference: Inference;
  /** Makes a text fit for the place where it will be posted, such as links that cannot lead astray. What it gives is judged. */
  readonly defang: (text: string) => string;
}

/** Answers with RAIN. What is written is judged while it is written, and once more when it is whole. */
export function responding({ inference, defang }: Responder): Respond {
  return async (incoming) => {
    const { settings, signal } = incoming;
    const principle = guildPrinciple(settings, settings.talk.principle);
    const turns = conversationTurns(incoming.said, settings.talk.instructions);
    const vet = (text: string, isBeginning: boolean) =>
      Vetted.vet(inference, { turns, text, principle, preset: settings.talk.preset, isBeginning }, signal);
    const showing = new Showing(incoming, async (text) => await vet(defang(text), true));
    const answered = await answer(inference, { incoming, turns, principle, onText: showing.onText });
    showing.end();
    const { account } = answered;
    const text = answered.finishReason === "content_filter" ? "" : defang(answered.text).trim();
    const vetted = text === "" ? undefined : await vet(text, false);
    if (vetted === undefined) return { kind: "refuse", reason: "judged", line: settings.talk.refusal, account };
    return { kind: "reply", text: vetted, account };
  };
}

interface Asked {
  readonly incoming: Incoming;
  readonly turns: readonly Turn[];
  readonly principle: Principle;
  readonly onText: ((text: string) => void) | undefined;
}

async function answer(inference: Inference, { incoming, turns, principle, onText }: Asked): Promise<Answered> {
  const { guild, source, settings, signal, onPosition } = incoming;
  const { preset, maxTokens, temperature } = settings.talk;
  const revealDiscarded = settings.explain.showDiscarded;
  const request = { turns, principle, preset, maxTokens, temperature, seed: seedOf(source), guild, revealDiscarded };
  return await inference.answer(request, { signal, onText, onPosition });
}

/** Two questions have two seeds; the same question, asked again after a failure, has the same. */
function seedOf(source: string): number {
  const digits = [...source].reduce((sum, digit) => (Math.imul(sum, 31) + digit.charCodeAt(0)) | 0, 0);
  return Math.floor(randomAt(digits, 0) * 2 ** 32);
}

/** Shows what is committed, one text after another; those that come in between are left out. */
class Showing {
  readonly onText: ((text: string) => void) | undefined;
  readonly #show: Incoming["show"];
  readonly #vet: (text: string) => Promise<Vetted | undefined>;
  #latest: string | undefined;
  #isBusy = false;
  #isOver = false;

  constructor({ show }: Incoming, vet: (text: string) => Promise<Vetted | undefined>) {
    this.#show = show;
    this.#vet = vet;
    this.onText = show === undefined ? undefined : (text) => void this.#add(text);
  }

  /** Nothing is shown any more: the answer is there. */
  end(): void {
    this.#isOver = true;
  }

  async #add(text: string): Promise<void> {
    this.#latest = text;
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      while (this.#latest !== undefined && !this.#isOver) await this.#showLatest(this.#latest);
    } catch {
      // A beginning that cannot be judged or shown is left out; of the whole answer the same failure is told.
    } finally {
      this.#isBusy = false;
    }
  }

  async #showLatest(text: string): Promise<void> {
    this.#latest = undefined;
    const vetted = await this.#vet(text);
    if (vetted !== undefined && !this.#isOver) await this.#show?.(vetted);
  }
}
