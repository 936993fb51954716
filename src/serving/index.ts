export { AnswerQueue, type AnswerQueueOptions, type QueuedOptions } from "./answer-queue.ts";
export { callId, THINKING_BUDGETS } from "./clients.ts";
export { type ToldLogprobs, toldLogprobs } from "./logprobs.ts";
export { checkRequiredCall, requiresCall, ToolCallError } from "./required-call.ts";
export { withWritableSchemas } from "./writable.ts";
