import type { Place } from "./place.ts";

/** Behind the answer's last token, where the writer reads on anyway: no question, and no token more. */
export const behindAnswer: Place = {
  name: "answer",
  description: "behind the answer, unasked",
  open: (_turns, prompt) => ({ prefixOf: (answer) => [...prompt, ...answer], questionTokens: 0, readsAgain: false }),
};
