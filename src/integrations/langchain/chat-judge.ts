import { HumanMessage } from "@langchain/core/messages";
import {
  JudgeError,
  type Logprobs,
  labelsOf,
  letteredQuestion,
  letteredVerdict,
  ORDERS,
  type Order,
  principleOptions,
  type Turn,
} from "../../core/index.ts";
import { type ChatRunnable, callUnseen, chatModelOf } from "./chat-call.ts";
import type { Asked, JudgeAbout, TextJudge } from "./judging.ts";

/**
 * Any chat model as a judge: asked A or B, in both orders at once. Where its provider gives log-probabilities (with OpenAI:
 * `new ChatOpenAI({ logprobs: true, topLogprobs: 5 })`), the value is as fine as theirs; otherwise each order is a vote, and two
 * orders that disagree are 0: a model that favours a letter has no opinion.
 */
export class ChatJudge implements TextJudge {
  readonly #model: ChatRunnable;

  constructor(model: ChatRunnable) {
    this.#model = model;
  }

  /** @throws {JudgeError} when the model answers neither letter */
  async judge(turns: readonly Turn[], asked: Asked): Promise<number> {
    const leanings = await Promise.all(ORDERS.map((order) => this.#leaning(turns, order, asked)));
    return leanings.reduce((sum, leaning) => sum + leaning, 0) / leanings.length;
  }

  /** Nobody can tell how well it judges: it was never measured. */
  async about(): Promise<JudgeAbout> {
    return { model: chatModelOf(this.#model)?.getName() ?? this.#model.getName(), fitness: undefined };
  }

  async #leaning(turns: readonly Turn[], order: Order, { principle, signal, trace }: Asked): Promise<number> {
    const options = principleOptions(principle, order);
    const question = letteredQuestion({ turns, question: principle.question, options });
    const reply = await callUnseen(this.#model, [new HumanMessage(question)], { options: {}, signal, trace });
    const { logprobs } = reply.response_metadata as { readonly logprobs?: Logprobs | null };
    const verdict = letteredVerdict({ text: reply.text, logprobs }, options);
    if (verdict !== undefined) return verdict;
    // What it said instead may quote what it judges, and an error is read by others.
    const expected = labelsOf(options);
    throw new JudgeError(principle.name, `Expected the judge to answer ${expected}, got another text of ${reply.text.length} characters`);
  }
}
