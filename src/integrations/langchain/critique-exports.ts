/** The public names of critique, for the entry point `rain-align/langchain`. */
export type { ChatRunnable } from "./chat-call.ts";
export type { CritiqueInput, CritiqueState } from "./critique-input.ts";
export type { ContinuationMode, CritiqueOptions, DraftVisibility } from "./critique-options.ts";
export type { CritiquedModel, CritiquedModelFields } from "./critiqued-model.ts";
export type { Asked, JudgeAbout, JudgeSource, TextJudge } from "./judging.ts";
export { type CritiqueResult, RainCritique, type RainCritiqueOptions } from "./rain-critique.ts";
export type { OnRainEvent, RainEvent, Stage } from "./rain-events.ts";
export { RainViolationError } from "./violation-error.ts";
