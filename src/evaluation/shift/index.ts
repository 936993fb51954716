/** Token distribution shift: how far a base model is from what the model that was made of it says. */
export type { ShiftModel } from "./about.ts";
export { type Pair, SHIFT_LAYOUTS, type ShiftLayout } from "./layout.ts";
export { measureShift } from "./measure.ts";
export { shiftPage } from "./page.ts";
export { SHIFT_ROW, type ShiftRow } from "./rows.ts";
export { shiftSummary } from "./summary.ts";
export { checkSameVocabulary } from "./vocabulary.ts";
export { shiftMarkdown } from "./words.ts";
