import type { Settings } from "./options.ts";

/** What a preset decides. */
type Chosen = Pick<
  Settings,
  | "falseFlags"
  | "threshold"
  | "judging"
  | "doubtMargin"
  | "firstCheck"
  | "checkGrowth"
  | "maxCheckGap"
  | "candidates"
  | "retries"
  | "searchBudget"
  | "exploreTemperature"
  | "heldBack"
>;

/** `fast`: few checks, one small search. `balanced`: the default. `strict`: many checks by the paper's judge, long searches. */
export type Preset = "fast" | "balanced" | "strict";

/** `docs/choosing-options.md` says in plain words why. */
export const PRESETS: Readonly<Record<Preset, Chosen>> = {
  fast: {
    falseFlags: 0.02,
    threshold: 0.05,
    judging: "auto",
    doubtMargin: 0.2,
    firstCheck: 8,
    checkGrowth: 4,
    maxCheckGap: 96,
    candidates: 1,
    retries: 4,
    searchBudget: 512,
    exploreTemperature: 1.2,
    heldBack: 0,
  },
  balanced: {
    falseFlags: 0.05,
    threshold: 0.05,
    judging: "auto",
    doubtMargin: 0.5,
    firstCheck: 4,
    checkGrowth: 4,
    maxCheckGap: 44,
    candidates: 1,
    retries: 5,
    searchBudget: 1024,
    exploreTemperature: 1.2,
    heldBack: 0,
  },
  strict: {
    falseFlags: 0.15,
    threshold: 0.2,
    judging: "auto",
    doubtMargin: 2,
    firstCheck: 4,
    checkGrowth: 2,
    maxCheckGap: 16,
    candidates: 4,
    retries: 4,
    searchBudget: 4096,
    exploreTemperature: 1.5,
    heldBack: 32,
  },
};
