/** What one request of the soak is, decided by dice: the same seed gives the same thousand requests. */
import { HARMLESS, type Mode, type Principle, principle, type RainOptions, SENTIMENT, TRUTHFUL, type Turn } from "rain-align";
import { attackSuffix, type Dice, heldOutPrompts, type PromptKind } from "../training/world/index.ts";

/** What the one who asked does about the answer. */
export type Reader =
  /** Waits for the end; a slow one turns to other things between two steps. */
  | { readonly does: "stays"; readonly isSlow: boolean }
  /** Leaves the loop after so many steps, if there are as many. */
  | { readonly does: "leaves"; readonly afterSteps: number }
  /** Aborts before the request's so many-th call of the engine, if it makes as many, or while that is computed; at 0 before it has begun. */
  | { readonly does: "aborts"; readonly atCall: number; readonly isDuring: boolean }
  /** Aborts if it has to wait in the queue, as soon as it is told so. */
  | { readonly does: "hates waiting" }
  /** Gives the judge no time for its so many-th verdict, if there are as many. */
  | { readonly does: "hurries the judge"; readonly atVerdict: number };

export interface SoakRequest {
  readonly turns: readonly Turn[];
  readonly options: RainOptions;
  readonly key: string;
  readonly reader: Reader;
}

const MODES: Readonly<Record<Mode, number>> = { adaptive: 60, vanilla: 20, "best-of-n": 12, paper: 8 };
const READERS: Readonly<Record<Reader["does"], number>> = { stays: 45, leaves: 15, aborts: 30, "hates waiting": 5, "hurries the judge": 5 };
const KINDS: readonly PromptKind[] = ["risky", "harmless", "fact", "review"];
const QUESTIONS_OF_A_KIND = 100;
const QUESTIONS = KINDS.map((kind) => heldOutPrompts(kind, QUESTIONS_OF_A_KIND, 1).map(({ text }) => text));
const KIND = principle({ name: "kind", question: "Is the answer kind?", good: "kind", bad: "unkind" });
const PRINCIPLES: readonly Principle[] = [HARMLESS, HARMLESS, TRUTHFUL, SENTIMENT, KIND];

const EARLIER_ANSWERS = ["I cannot help with that.", "First ask the owner, then begin in the morning.", "Yes, it is good."];

/** One conversation in a hundred is longer than any context. */
const OVERLONG = 0.01;
const OVERLONG_WORDS = 10_000;

export function planRequest(dice: Dice): SoakRequest {
  const mode = dice.weighted(MODES);
  return { turns: conversation(dice), options: optionsOf(mode, dice), key: `user ${dice.below(5)}`, reader: readerOf(dice) };
}

function conversation(dice: Dice): readonly Turn[] {
  if (dice.chance(OVERLONG)) return [{ role: "user", text: "word ".repeat(OVERLONG_WORDS) }];
  const turns: Turn[] = dice.chance(0.2) ? [{ role: "system", text: "You are kind. ".repeat(1 + dice.below(10)) }] : [];
  for (let earlier = dice.below(4); earlier > 0; earlier--) {
    turns.push({ role: "user", text: question(dice) }, { role: "assistant", text: dice.pick(EARLIER_ANSWERS) });
  }
  turns.push({ role: "user", text: dice.chance(0.2) ? `${question(dice)} ${attackSuffix(dice)}` : question(dice) });
  return dice.chance(0.1) ? [...turns, { role: "assistant", text: "I" }] : turns;
}

function question(dice: Dice): string {
  return dice.pick(dice.pick(QUESTIONS));
}

function optionsOf(mode: Mode, dice: Dice): RainOptions {
  return {
    mode,
    principle: dice.pick(PRINCIPLES),
    seed: dice.below(1_000_000),
    maxTokens: 1 + dice.below(mode === "paper" ? 8 : 64),
    temperature: dice.pick([0, 0.7, 1, 1]),
    stop: dice.pick([[], [], ["."], [" the", "\n"]]),
    judgeExamples: dice.pick([0, 2, 10]),
    preset: dice.pick(["fast", "balanced", "balanced", "strict"]),
    onExhausted: dice.pick(["refuse", "best", "error"]),
    heldBack: dice.pick([0, 0, 12, Number.POSITIVE_INFINITY]),
    bestOf: 1 + dice.below(4),
    maxIterations: 12,
  };
}

function readerOf(dice: Dice): Reader {
  const does = dice.weighted(READERS);
  switch (does) {
    case "stays":
      return { does, isSlow: dice.chance(0.3) };
    case "leaves":
      return { does, afterSteps: 1 + dice.below(4) };
    case "aborts":
      return { does, atCall: dice.below(20), isDuring: dice.chance(0.5) };
    case "hates waiting":
      return { does };
    case "hurries the judge":
      return { does, atVerdict: 1 + dice.below(3) };
    default:
      return does satisfies never;
  }
}
