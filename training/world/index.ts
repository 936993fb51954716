/**
 * A small world with an exact oracle: prompts, the answers that people give in it, and what each answer is. The embedded model
 * was trained on it, so every experiment of the paper runs in miniature, without downloads and without a second opinion.
 */
export { writeAnswer } from "./answers.ts";
export { Dice } from "./dice.ts";
export { isFalse, isHarmful, isHelpful, isTruthful, sentimentOf } from "./oracle.ts";
export { allPrompts, attackSuffix, heldOutPrompts, type PromptKind, type WorldPrompt } from "./prompts.ts";
export { TASKS, type TaskName, type WorldTask } from "./tasks.ts";
