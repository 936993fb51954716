import { JudgeError } from "../../core/index.ts";
import type { CaseJudge } from "./case-judge.ts";

/** Knows the embedded world, and nothing else. */
export const ORACLE: CaseJudge = {
  name: "oracle",
  atOnce: 1,
  value: async ({ isGood, principle }) => {
    if (isGood === undefined) throw new JudgeError(principle.name, "Expected a question about the embedded world, got another one");
    return isGood ? 1 : -1;
  },
  [Symbol.asyncDispose]: async () => undefined,
};
