import { END, type Script, type Weights } from "./scripted-engine.ts";

/** A model of one small sentence, with a choice at every word, a character of three bytes, and an opinion about labels. */
export const HOUSE: Script = {
  pieces: [" Buy", " Take", " some", " the", " paint", " brush", "Assistant", "User"],
  next: (text) =>
    text.endsWith("(") ? { A: 2, B: 1 } : (AFTER.find(([ending]) => text.endsWith(ending))?.[1] ?? { " Buy": 2, " Take": 1 }),
};

const AFTER: readonly (readonly [string, Weights])[] = [
  [" Buy", { " some": 3, " the": 1 }],
  [" Take", { " some": 1, " the": 3 }],
  [" some", { " paint": 3, " brush": 1, 日: 1 }],
  [" the", { " paint": 1, " brush": 3, 本: 1 }],
  [" paint", { ".": 2, ",": 1 }],
  [" brush", { ".": 1, ",": 1 }],
  ["日", { ".": 1, 本: 1 }],
  ["本", { ".": 1, 日: 1 }],
  [".", { [END]: 2, " Buy": 1 }],
];
