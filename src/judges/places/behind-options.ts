import { ORDERS, shortQuestionText } from "../../core/index.ts";
import type { Place } from "./place.ts";

/** Behind one line that names both options by letters: the shortest question, for models that were taught to answer by letter. */
export const behindOptions: Place = {
  name: "options",
  description: "behind a line that offers both options",
  open: (_turns, prompt, { engine, principle }) => {
    const line = engine.tokenizer.tokenize(shortQuestionText(principle, ORDERS[0]));
    return { prefixOf: (answer) => [...prompt, ...answer, ...line], questionTokens: line.length, readsAgain: false };
  },
};
