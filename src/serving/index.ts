export { AnswerQueue, type AnswerQueueOptions, type QueuedOptions } from "./answer-queue.ts";
