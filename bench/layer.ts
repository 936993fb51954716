/** What LangChain's layer costs: the same answers through `ChatRain` and without it, and through another chat model on the same file. */
import { HumanMessage } from "@langchain/core/messages";
import { type Engine, Meter, prime, rain } from "rain-align";
import { ChatRain } from "rain-align/langchain";
import type { LlamaEngine } from "rain-align/llama";
import { TASKS } from "../training/world/index.ts";
import { Forced } from "./forced.ts";
import { type Spread, spreadOf } from "./row.ts";

export interface LayerRow extends Spread {
  readonly name: string;
  /** What `ratio` compares. */
  readonly compares: string;
  readonly pairs: number;
  /** Share of the answers whose text is the same on both sides. Left out where it need not be. */
  readonly identical?: number;
}

export interface Layering {
  readonly pairs: number;
  /** Of an answer, at most. */
  readonly tokens: number;
  /** Random weights: verdicts that pass are put in place of the model's, and nothing but `tokens` ends an answer. */
  readonly isForced: boolean;
}

/** Somebody else's chat model on the same file. */
export interface Peer {
  invoke(question: string): Promise<{ readonly text: string }>;
}

interface Timed {
  readonly text: string;
  readonly milliseconds: number;
}

/** `ChatRain.stream` over core's `rain()`: same engine, same seed, prompt in the cache. The first pairs warm up. */
export async function layerRow(engine: LlamaEngine, { pairs, tokens, isForced }: Layering): Promise<LayerRow> {
  const questions = TASKS.helpful.questions(pairs, 1).map(({ text }) => text);
  const by = isForced ? new Forced(engine, { flags: 0, seed: 1 }) : engine;
  const ratios: number[] = [];
  let same = 0;
  for (let pair = -WARM_UP; pair < pairs; pair++) {
    const question = questions[Math.max(0, pair)] as string;
    const options = { seed: pair + WARM_UP, maxTokens: tokens };
    await prime(engine, [engine.tokenizer.render([{ role: "user", text: question }])], { purpose: "prompt", meter: new Meter() });
    const earlier = pair % 2 === 0 ? await throughCore(by, question, options) : undefined;
    const layered = await throughChatRain(by, question, options);
    const bare = earlier ?? (await throughCore(by, question, options));
    if (pair < 0) continue;
    ratios.push(layered.milliseconds / bare.milliseconds);
    if (layered.text === bare.text) same++;
  }
  return {
    name: "ChatRain.stream",
    compares: "wall time, over core's rain() of the same seed",
    pairs,
    ...spreadOf(ratios),
    identical: same / pairs,
  };
}

/**
 * `ChatRain.invoke`, judged, over a peer's plain decoding: time for each token of the answers, prompt included. The peer's first answers,
 * for which it builds a session, do not count.
 */
export async function peerRow(engine: LlamaEngine, peer: Peer, { pairs, tokens }: Layering): Promise<LayerRow> {
  const questions = TASKS.helpful.questions(pairs + WARM_UP, 2).map(({ text }) => text);
  const ratios: number[] = [];
  for (const [index, question] of questions.entries()) {
    const theirs = () => timed(async () => (await peer.invoke(question)).text);
    const ours = () => timed(async () => (await new ChatRain({ model: engine, seed: index, maxTokens: tokens }).invoke(question)).text);
    const earlier = index % 2 === 0 ? await theirs() : undefined;
    const judged = await ours();
    const plain = earlier ?? (await theirs());
    if (index >= WARM_UP) ratios.push(perToken(engine, judged) / perToken(engine, plain));
  }
  const compares = "wall time of a token, over ChatLlamaCpp's plain decoding of the same file";
  return { name: "ChatRain.invoke", compares, pairs, ...spreadOf(ratios) };
}

/** Node.js compiles what runs often, and a judge is measured beside the first answer that it judges. */
const WARM_UP = 5;

async function throughCore(engine: Engine, question: string, options: { seed: number; maxTokens: number }): Promise<Timed> {
  return await timed(async () => {
    let text = "";
    for await (const step of rain(engine, [{ role: "user", text: question }], options)) text += step.text;
    return text;
  });
}

async function throughChatRain(engine: Engine, question: string, options: { seed: number; maxTokens: number }): Promise<Timed> {
  const model = new ChatRain({ model: engine, onNotice: () => undefined, ...options });
  return await timed(async () => {
    let text = "";
    for await (const chunk of await model.stream([new HumanMessage(question)])) text += chunk.text;
    return text;
  });
}

async function timed(write: () => Promise<string>): Promise<Timed> {
  const started = performance.now();
  const text = await write();
  return { text, milliseconds: performance.now() - started };
}

function perToken(engine: Engine, { text, milliseconds }: Timed): number {
  return milliseconds / Math.max(1, engine.tokenizer.tokenize(text).length);
}
