import { raceWithSignal } from "@langchain/core/runnables";
import { checkOptions, type Engine, type RainOptions } from "../../core/index.ts";

/** How somebody waits for a judge. */
export interface JudgeWaiting {
  /** Of who waits. */
  readonly signal?: AbortSignal | undefined;
  /** Of the chat model: what is fitted is for all of its calls, and no single one's time limit is to end it. */
  readonly life: AbortSignal;
}

/** By engine, the judges that are being found or are there, by what decides which one it is. */
const FOUND = new WeakMap<Engine, Map<string, Promise<unknown>>>();

/**
 * Resolves when the engine's own judge of such answers is known, which at first use takes reading labelled answers. What fails here fails for the
 * answer too, and there it is said.
 *
 * @throws the reason of `signal`; {OptionError} for options that cannot be meant
 */
export async function judgeReady(engine: Engine, request: RainOptions, { signal, life }: JudgeWaiting): Promise<void> {
  const settings = { ...checkOptions(request), signal: life };
  const { mode, judging, judge, principle, prompting } = settings;
  if (engine.findJudge === undefined || mode === "vanilla" || judging !== "auto" || judge !== undefined) return;
  const judges = FOUND.get(engine) ?? new Map<string, Promise<unknown>>();
  FOUND.set(engine, judges);
  const key = JSON.stringify([principle, prompting]);
  const found = judges.get(key) ?? Promise.resolve(engine.findJudge(engine, settings));
  judges.set(key, found);
  // Who comes next tries again.
  found.catch(() => judges.delete(key));
  await raceWithSignal(
    found.catch(() => undefined),
    signal,
  );
}
