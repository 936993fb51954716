/** RAIN in the Vercel AI SDK: the local model as a language model, and middleware that judges any other one. Needs nothing else: `ai` calls it. */
export { type RainMiddlewareOptions, rainMiddleware } from "./integrations/ai/rain-middleware.ts";
export { type RainModelOptions, rainModel } from "./integrations/ai/rain-model.ts";
export type { OnRainEvent, RainCustomEvent, Stage } from "./integrations/judging/events.ts";
export type { JudgeAbout, TextJudge, VerdictCall } from "./integrations/judging/text-judge.ts";
export { RainViolationError } from "./integrations/judging/violation.ts";
export { ToolCallError } from "./serving/index.ts";
