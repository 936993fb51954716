export { AnswerQueue, type AnswerQueueOptions, type QueuedOptions } from "./answer-queue.ts";
export { callId } from "./call-id.ts";
export { THINKING_BUDGETS } from "./thinking-budgets.ts";
