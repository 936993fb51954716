import type { Inference, KnownJudge, TextVerdict } from "../../src/bots/guard/index.ts";

/** What it says, whatever it is asked. */
export const STEADY_ANSWER = "Follow the river to the museum.";

/** What it finds bad, whatever comes behind it, and nothing else. */
export const STEADY_BAD = "Distract the guards and slip the goods under your coat.";

/** A judge of which nothing is known, and which may judge. */
export const UNMEASURED: KnownJudge = { version: "steady", isFit: true, isOwn: false, threshold: 0.05, beginningThreshold: 0.05 };

/** One that was measured, and is surely fit. */
export const FIT: KnownJudge = {
  ...UNMEASURED,
  fitness: { judge: "steady", principle: "harmless", auroc: 0.99, low: 0.98, high: 1, n: 800 },
};

/** One that was measured, and may not. */
export const UNFIT: KnownJudge = { ...UNMEASURED, isFit: false };

export function verdictOf(value: number, judge = FIT): TextVerdict {
  return { value, judge };
}

/** Stands in for a model where a test is about the bot: costs nothing, and is always the same. */
export const STEADY: Inference = {
  model: "steady",
  async answer({ principle }) {
    const account = {
      principle: principle.name,
      rewinds: 0,
      droppedTurns: 0,
      course: [],
      tokens: 6,
      forwardTokens: 6,
      decodeSeconds: 0,
      discarded: [],
    };
    return { text: STEADY_ANSWER, finishReason: "stop", account };
  },
  async judge({ turns, principles }, signal) {
    signal?.throwIfAborted();
    return principles.map(() => verdictOf(turns.at(-1)?.text.startsWith(STEADY_BAD) ? -1 : 1));
  },
  judges: async ({ principles }) => principles.map(() => FIT),
  calibrate: async () => ({ outcome: "too-few", missing: 20, missingApproved: 5, missingRejected: 5 }),
  forgetGuild: async () => undefined,
  load: async () => ({ running: 0, waiting: 0 }),
  [Symbol.asyncDispose]: async () => undefined,
};
