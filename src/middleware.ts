/** RAIN as middleware for LangChain agents. Needs `langchain` and `@langchain/core`. */
import { withPeers } from "./peers/missing-peer.ts";

const loaded = await withPeers(
  { langchain: "^1.5.0", "@langchain/core": "^1.2.0" },
  () => import("./integrations/langchain/rain-guardrail.ts"),
);

/**
 * RAIN for an agent on any chat model: drafts are held back, judged, left and written again; only what was accepted is released.
 *
 * ```ts
 * const agent = createAgent({ model, tools, middleware: [rainGuardrail({ judge: engine })] });
 * ```
 *
 * Put it last. `docs/guardrail.md` has every option.
 */
export const rainGuardrail = loaded.rainGuardrail;

export type { ContinuationMode, DraftVisibility } from "./integrations/langchain/critique-options.ts";
export type { ExitBehavior, GuardrailOverrides, RainGuardrailOptions } from "./integrations/langchain/guardrail-options.ts";
export type { Asked, JudgeAbout, JudgeSource, TextJudge } from "./integrations/langchain/judging.ts";
export type { OnRainEvent, RainEvent, Stage } from "./integrations/langchain/rain-events.ts";
export type { RainGuardrail } from "./integrations/langchain/rain-guardrail.ts";
export { RainViolationError } from "./integrations/langchain/violation-error.ts";
export { MissingPeerError } from "./peers/missing-peer.ts";
