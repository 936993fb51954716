/** RAIN as middleware for LangChain agents. Needs `langchain` and `@langchain/core`. */
import { withPeers } from "./peers/index.ts";

const loaded = await withPeers(
  { langchain: "^1.5.0", "@langchain/core": "^1.2.0" },
  () => import("./integrations/langchain/guardrail/rain-guardrail.ts"),
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

export type { OnRainEvent, RainCustomEvent, Stage } from "./integrations/judging/events.ts";
export type { JudgeAbout, TextJudge } from "./integrations/judging/text-judge.ts";
export { RainViolationError } from "./integrations/judging/violation.ts";
export type { ContinuationMode, DraftVisibility } from "./integrations/langchain/critique/options.ts";
export type { ExitBehavior, GuardrailOverrides, RainGuardrailOptions } from "./integrations/langchain/guardrail/options.ts";
export type { RainGuardrail } from "./integrations/langchain/guardrail/rain-guardrail.ts";
export type { JudgeCall, JudgeSource } from "./integrations/langchain/judges.ts";
export { MissingPeerError } from "./peers/index.ts";
