/** RAIN in LangChain: the local model as a chat model, and critique of any other one. Needs `@langchain/core`; loads no native code. */
import { withPeers } from "./peers/index.ts";

const loaded = await withPeers({ "@langchain/core": "^1.2.0" }, async () => ({
  ...(await import("./integrations/langchain/chat-rain/answer.ts")),
  ...(await import("./integrations/langchain/chat-rain/chat-rain.ts")),
  ...(await import("./integrations/langchain/critique/rain-critique.ts")),
  ...(await import("./integrations/langchain/chat-simulator.ts")),
  ...(await import("./integrations/langchain/rain-embeddings.ts")),
}));

// The local model
/**
 * A local model that judges its own draft while it writes, rewinds, and writes something better, as a chat model of LangChain.
 *
 * ```ts
 * await using model = new ChatRain({ model: "embedded", temperature: 0.7 });
 * const { text } = await model.invoke("How do I paint the bank?");
 * ```
 *
 * `docs/langchain.md` has every option.
 */
export const ChatRain = loaded.ChatRain;
export type ChatRain = InstanceType<typeof ChatRain>;
/** How this message came about; `undefined` for one that no `ChatRain` wrote. Typed access to `response_metadata.rain`. */
export const rainMetadata = loaded.rainMetadata;
export type { RainMetadata, ReplyMetadata } from "./integrations/langchain/chat-rain/answer.ts";
export type { LoadWaiting } from "./integrations/langchain/chat-rain/chat-rain.ts";
export type { ChatRainCallOptions, ChatRainFields, Decoding, ResponseFormat } from "./integrations/langchain/chat-rain/fields.ts";
export type { OutputSchema } from "./integrations/langchain/chat-rain/structured-output.ts";
export type { LoadOptions, LoadProgress } from "./integrations/langchain/engine-source.ts";

/** A local model's vectors of texts, as embeddings of LangChain: see its class. */
export const RainEmbeddings = loaded.RainEmbeddings;
export type RainEmbeddings = InstanceType<typeof RainEmbeddings>;
export type { RainEmbeddingsFields } from "./integrations/langchain/rain-embeddings.ts";

// Critique of other models
/** Self-critique behind any chat model: see its class. */
export const RainCritique = loaded.RainCritique;
export type RainCritique = InstanceType<typeof RainCritique>;
export type { OnRainEvent, RainCustomEvent, Stage } from "./integrations/judging/events.ts";
export type { JudgeAbout, JudgeMetadata, TextJudge } from "./integrations/judging/text-judge.ts";
export type { CritiquedModel, CritiquedModelFields } from "./integrations/langchain/critique/critiqued-model.ts";
export type { ContinuationMode, CritiqueOptions, DraftVisibility } from "./integrations/langchain/critique/options.ts";
export type { CritiqueInput, CritiqueResult, CritiqueState, RainCritiqueOptions } from "./integrations/langchain/critique/rain-critique.ts";
export type { JudgeCall, JudgeSource } from "./integrations/langchain/judges.ts";
export type { ChatRunnable } from "./integrations/langchain/unseen-call.ts";

// Preference pairs
/** Any chat model as the simulator of preference pairs, for `preferencePairs`: two calls a prompt, each with a system message of its own. */
export const chatSimulator = loaded.chatSimulator;

// Errors
export { RainViolationError } from "./integrations/judging/violation.ts";
export { MessageError, StructuredOutputError } from "./integrations/langchain/errors.ts";
export { MissingPeerError } from "./peers/index.ts";
export { ToolCallError } from "./serving/index.ts";
