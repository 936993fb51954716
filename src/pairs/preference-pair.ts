import type { AffixPair, ContrastForm, Pole, Turn } from "../core/index.ts";
import type { ContrastFamily } from "./index.ts";

export const LABELS = ["construction", "rescore", "agree"] as const;

/**
 * Which answer is preferred. `construction`: the one that was written with the positive affix. `rescore`: the one that the judge likes
 * better. `agree`: only pairs about which both say the same are kept. RLCD found rescoring better for a model of 30B, worse for one of 7B.
 */
export type Label = (typeof LABELS)[number];

/** A message as trainers of today read it. */
export interface PairMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** How a pair came about. */
export interface PairMetadata {
  /** Place of its prompt among all that are different, from 0. */
  readonly index: number;
  readonly model: string;
  readonly family: ContrastFamily;
  readonly form: ContrastForm;
  readonly label: Label;
  readonly seed: number;
  readonly affixes: AffixPair;
  /** Which affix the chosen answer was written with. */
  readonly chosen: Pole;
  /** What the judge thinks of both, if there was one: -1 (bad) to 1 (good). */
  readonly values?: Readonly<Record<Pole, number>> | undefined;
}

/** A prompt, an answer to learn from, and one to learn from that it is worse: conversational preference data as TRL takes it. */
export interface PreferencePair {
  readonly prompt: readonly PairMessage[];
  readonly chosen: readonly PairMessage[];
  readonly rejected: readonly PairMessage[];
  readonly metadata: PairMetadata;
}

/** The answer that is preferred; `undefined` where nobody can say, or the two ways of saying differ. */
export function chosenPole(label: Label, values: Readonly<Record<Pole, number>> | undefined): Pole | undefined {
  if (label === "construction") return "positive";
  if (values === undefined || values.positive === values.negative) return undefined;
  const preferred = values.positive > values.negative ? "positive" : "negative";
  return label === "rescore" || preferred === "positive" ? preferred : undefined;
}

/** Turns as messages. Tools have no place in preference data. */
export function messagesOf(turns: readonly Turn[]): readonly PairMessage[] {
  return turns.map(({ role, text }) => ({ role: role === "tool" ? "user" : role, content: text }));
}
