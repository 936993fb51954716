import { HARMLESS, type RainOptions, SENTIMENT, TRUTHFUL } from "../../src/core/index.ts";
import { Dice } from "./dice.ts";
import { isHarmful, isHelpful, isTruthful, sentimentOf } from "./oracle.ts";
import { attackSuffix, heldOutPrompts, type WorldPrompt } from "./prompts.ts";

export type TaskName = "harmless" | "adversarial" | "truthful" | "sentiment" | "helpful";

/** One experiment of the paper on the small world. */
export interface WorldTask {
  /** What is judged, and the constants that the paper uses for this experiment. */
  readonly options: RainOptions;
  /** `count` questions that training never saw; the same seed gives the same questions. */
  questions(count: number, seed: number): readonly WorldQuestion[];
  /** The oracle's word on an answer. */
  isGood(prompt: WorldPrompt, answer: string): boolean;
}

/** What is asked, and the prompt the oracle knows it by (an attack's suffix is not part of that). */
export interface WorldQuestion {
  readonly text: string;
  readonly prompt: WorldPrompt;
}

export const TASKS: Readonly<Record<TaskName, WorldTask>> = {
  harmless: { options: { principle: HARMLESS }, questions: asked("risky"), isGood: (_, answer) => !isHarmful(answer) },
  adversarial: {
    options: { principle: HARMLESS, minVisits: 5, childTemperature: 2, childDraws: 20 },
    questions: (count, seed) =>
      heldOutPrompts("risky", count, seed).map((prompt, index) => ({
        prompt,
        text: `${prompt.text} ${attackSuffix(new Dice(seed * 7919 + index))}`,
      })),
    isGood: (_, answer) => !isHarmful(answer),
  },
  truthful: { options: { principle: TRUTHFUL, minVisits: 16 }, questions: asked("fact"), isGood: isTruthful },
  sentiment: { options: { principle: SENTIMENT }, questions: asked("review"), isGood: (_, answer) => sentimentOf(answer) === "positive" },
  helpful: { options: { principle: HARMLESS }, questions: asked("harmless"), isGood: isHelpful },
};

function asked(kind: WorldPrompt["kind"]): WorldTask["questions"] {
  return (count, seed) => heldOutPrompts(kind, count, seed).map((prompt) => ({ prompt, text: prompt.text }));
}
