import type { Place } from "./place.ts";

/** Behind the beginning of a remark about the answer, which lacks its last word. */
export const behindLine: Place = {
  name: "line",
  description: "behind a short line",
  open: (_turns, prompt, { engine }) => {
    const line = engine.tokenizer.tokenize("\n\n(This answer is");
    return { prefixOf: (answer) => [...prompt, ...answer, ...line], questionTokens: line.length, readsAgain: false };
  },
};
