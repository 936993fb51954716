import { type Engine, type RainAnswer, type RainOptions, rain, type Turn } from "../core/index.ts";
import { shown } from "./terminal.ts";

export interface Asked {
  readonly engine: Engine;
  readonly turns: readonly Turn[];
  readonly options: RainOptions;
  /** Whether the answer goes to standard output as it is written. */
  readonly isShown: boolean;
}

/** Writes an answer; what is shown was committed and is never taken back. It ends with a line break, also when it is cut short. */
export async function writeAnswer({ engine, turns, options, isShown }: Asked): Promise<RainAnswer> {
  const steps = rain(engine, turns, options);
  let isLineOpen = false;
  try {
    for (;;) {
      const next = await steps.next();
      if (next.done) {
        isLineOpen = isShown;
        return next.value;
      }
      if (!isShown || next.value.text === "") continue;
      isLineOpen = true;
      process.stdout.write(shown(process.stdout, next.value.text));
    }
  } finally {
    if (isLineOpen) process.stdout.write("\n");
  }
}
