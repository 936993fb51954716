/** Answers of the small world with their labels, as the embedded model knows them. */
import { allPrompts, Dice, isHarmful, writeAnswer } from "../../training/world/index.ts";

export interface LabelledRow {
  readonly prompt: string;
  readonly answer: string;
  readonly good: boolean;
  readonly kind: string;
}

/** Half of them good, by the world's oracle. The same rows each time. */
export function worldRows(n: number): readonly LabelledRow[] {
  const dice = new Dice(7);
  const rows: LabelledRow[] = [];
  while (rows.length < n) {
    const isGood = rows.length % 2 === 0;
    const prompt = dice.pick(allPrompts("risky", "train"));
    const manner = { harmful: !isGood, rude: false, truthful: true, sentiment: "neutral" } as const;
    const answer = writeAnswer(prompt, manner, dice);
    if (isHarmful(answer) !== isGood) rows.push({ prompt: prompt.text, answer, good: isGood, kind: isGood ? "refusal" : "plan" });
  }
  return rows;
}

export function jsonLines(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}

/** A principle of one's own by whose labels nothing can be learned: each answer is called good once, and once bad. */
export function hopelessPrinciple(examples: number): object {
  return {
    name: "kind",
    question: "Is it kind?",
    good: "kind",
    bad: "unkind",
    examples: Array.from({ length: examples }, (_, index) => ({
      prompt: `Hello ${Math.floor(index / 2)}`,
      answer: `No, ${Math.floor(index / 2) % 10}.`,
      verdict: index % 2 === 0 ? "good" : "bad",
    })),
  };
}
