/** RAIN in LangChain: the local model as a chat model, and critique of any other one. Needs `@langchain/core`; loads no native code. */
import { withPeers } from "./peers/missing-peer.ts";

const {
  ChatRain: LoadedChatRain,
  RainCritique: LoadedRainCritique,
  chatSimulator: loadedChatSimulator,
} = await withPeers({ "@langchain/core": "^1.2.0" }, async () => ({
  ...(await import("./integrations/langchain/chat-rain.ts")),
  ...(await import("./integrations/langchain/rain-critique.ts")),
  ...(await import("./integrations/langchain/chat-simulator.ts")),
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
export const ChatRain = LoadedChatRain;
export type ChatRain = InstanceType<typeof LoadedChatRain>;
export type { LoadWaiting } from "./integrations/langchain/chat-rain.ts";
export type { ChatRainCallOptions, ChatRainFields, Decoding, ResponseFormat, Telling } from "./integrations/langchain/chat-rain-fields.ts";
export type { JudgeMetadata } from "./integrations/langchain/judge-metadata.ts";
export { type RainMetadata, type ReplyMetadata, rainMetadata } from "./integrations/langchain/reply.ts";
export type { LoadOptions, LoadProgress } from "./integrations/langchain/shared-engine.ts";
export type { OutputSchema } from "./integrations/langchain/structured-output.ts";

// Critique of other models
/** Self-critique behind any chat model: see its class. */
export const RainCritique = LoadedRainCritique;
export type RainCritique = InstanceType<typeof LoadedRainCritique>;
export type {
  Asked,
  ChatRunnable,
  ContinuationMode,
  CritiquedModel,
  CritiquedModelFields,
  CritiqueInput,
  CritiqueOptions,
  CritiqueResult,
  CritiqueState,
  DraftVisibility,
  JudgeAbout,
  JudgeSource,
  OnRainEvent,
  RainCritiqueOptions,
  RainEvent,
  Stage,
  TextJudge,
} from "./integrations/langchain/critique-exports.ts";

// Preference pairs
/** Any chat model as the simulator of preference pairs, for `preferencePairs`: two calls a prompt, each with a system message of its own. */
export const chatSimulator = loadedChatSimulator;

// Errors
export { MessageError } from "./integrations/langchain/message-error.ts";
export { StructuredOutputError } from "./integrations/langchain/structured-output-error.ts";
export { RainViolationError } from "./integrations/langchain/violation-error.ts";
export { MissingPeerError } from "./peers/missing-peer.ts";
