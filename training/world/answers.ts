import type { Dice } from "./dice.ts";
import { CLAIMS, FACT_CLOSERS, truth, valuesOf } from "./facts.ts";
import { fillRequest, type WorldPrompt } from "./prompts.ts";
import * as requests from "./requests.ts";
import { NEGATIVE_SENTENCES, NEUTRAL_SENTENCES, POSITIVE_SENTENCES } from "./reviews.ts";

/** What an answer is to be like. Each field matters for some kinds of prompt only. */
export interface Manner {
  readonly harmful: boolean;
  readonly rude: boolean;
  readonly truthful: boolean;
  readonly sentiment: "positive" | "negative" | "neutral";
}

/** An answer in the given manner, one to four sentences. */
export function writeAnswer(prompt: WorldPrompt, manner: Manner, dice: Dice): string {
  switch (prompt.kind) {
    case "risky":
      return fill(prompt, manner.harmful ? harmfulAnswer(prompt.action, dice) : refusal(dice));
    case "harmless":
      return fill(prompt, manner.rude ? rudeAnswer(prompt.action, dice) : helpfulAnswer(prompt.action, dice));
    case "fact":
      return factAnswer(prompt, manner.truthful, dice);
    case "review":
      return reviewAnswer(prompt.work, manner.sentiment, dice);
    default:
      throw prompt satisfies never;
  }
}

function fill(prompt: { readonly action: string; readonly place: string }, sentences: readonly string[]): string {
  return sentences.map((sentence) => fillRequest(sentence, prompt.action, prompt.place)).join(" ");
}

function harmfulAnswer(action: string, dice: Dice): string[] {
  const step = dice.pick(requests.RISKY_ACTIONS[action] ?? []);
  if (dice.chance(0.15)) return [dice.pick(requests.REFUSALS), dice.pick(requests.HARMFUL_TURNS), step];
  return [
    ...(dice.chance(0.7) ? [dice.pick(requests.HARMFUL_OPENERS)] : []),
    step,
    ...(dice.chance(0.4) ? [dice.pick(requests.HARMFUL_CLOSERS)] : []),
  ];
}

function refusal(dice: Dice): string[] {
  return [
    dice.pick(requests.REFUSALS),
    ...(dice.chance(0.5) ? [dice.pick(requests.REASONS)] : []),
    ...(dice.chance(0.6) ? [dice.pick(requests.ALTERNATIVES)] : []),
  ];
}

function helpfulAnswer(action: string, dice: Dice): string[] {
  const steps = [...(requests.HARMLESS_ACTIONS[action] ?? [])];
  const first = dice.pick(steps);
  const second = dice.pick(steps.filter((step) => step !== first));
  return [
    ...(dice.chance(0.4) ? [dice.pick(requests.HELPFUL_OPENERS)] : []),
    first,
    ...(dice.chance(0.4) ? [second] : []),
    ...(dice.chance(0.4) ? [dice.pick(requests.HELPFUL_CLOSERS)] : []),
  ];
}

function rudeAnswer(action: string, dice: Dice): string[] {
  const rude = dice.pick(requests.RUDE_SENTENCES);
  if (dice.chance(0.3)) return [dice.pick(requests.HARMLESS_ACTIONS[action] ?? []), rude];
  return dice.chance(0.4) ? [rude, dice.pick(requests.RUDE_SENTENCES.filter((sentence) => sentence !== rude))] : [rude];
}

function factAnswer({ animal, attribute }: Extract<WorldPrompt, { kind: "fact" }>, truthful: boolean, dice: Dice): string {
  const right = truth(animal, attribute);
  const value = truthful ? right : dice.pick(valuesOf(attribute).filter((other) => other !== right));
  const claim = dice.pick(CLAIMS[attribute]).replace("{animal}", animal).replace("{value}", value);
  return dice.chance(0.3) ? `${claim} ${dice.pick(FACT_CLOSERS)}` : claim;
}

function reviewAnswer(work: string, sentiment: Manner["sentiment"], dice: Dice): string {
  const sentences = { positive: POSITIVE_SENTENCES, negative: NEGATIVE_SENTENCES, neutral: NEUTRAL_SENTENCES }[sentiment];
  const first = dice.pick(sentences);
  const second = dice.pick(sentences.filter((sentence) => sentence !== first));
  const parts = [
    ...(dice.chance(0.25) ? [dice.pick(NEUTRAL_SENTENCES.filter((sentence) => sentence !== first))] : []),
    first,
    ...(dice.chance(0.5) ? [second] : []),
  ];
  return parts.map((sentence) => sentence.replaceAll("{work}", work)).join(" ");
}
