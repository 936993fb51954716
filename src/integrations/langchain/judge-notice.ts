import { type Engine, JudgeGate, type RainOptions } from "../../core/index.ts";

/** What is known of judges, by their engines, which all chat models of a process share. */
const GATE = new JudgeGate();

/**
 * Tells once of an engine that is no fit judge by these options. Nobody waits for that: the judge is measured beside the first answer, by
 * about two dozen short questions, and for all that ask by it; so no single call's abort or time limit is to end it.
 */
export function noticeUnfitJudge(engine: Engine, options: RainOptions, onNotice: (notice: string) => void): void {
  const noticed = GATE.warning(engine, options).then((warning) => {
    if (warning !== undefined) onNotice(warning);
  });
  // What fails here fails for the answer too, and there it is said.
  noticed.catch(() => undefined);
}
