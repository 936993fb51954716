import type { TextJudge } from "rain-align/langchain";

/** A judge that objects to one word, and writes down what it was asked. */
export interface WordJudge extends TextJudge {
  readonly asked: string[];
}

/** Values a text that has the word -0.9, and every other one 0.9. */
export function againstWord(word: string): WordJudge {
  const asked: string[] = [];
  return {
    asked,
    judge: async (turns) => {
      const text = turns.at(-1)?.text ?? "";
      asked.push(text);
      return text.includes(word) ? -0.9 : 0.9;
    },
  };
}
