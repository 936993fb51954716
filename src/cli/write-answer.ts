import type { Engine, RainAnswer, RainOptions, Turn } from "../core/index.ts";
import { rain } from "../rain.ts";
import { shown } from "./terminal.ts";

export interface AnswerCommand {
  readonly engine: Engine;
  readonly turns: readonly Turn[];
  readonly options: RainOptions;
  /** Whether the answer goes to standard output as it is written. */
  readonly isShown: boolean;
  /** Told all text of it, a refusal too, as it is written. */
  readonly onText?: (text: string) => void;
}

/** Writes an answer; what is shown was committed and is never taken back. It ends with a line break, also when it is cut short. */
export async function writeAnswer({ engine, turns, options, isShown, onText }: AnswerCommand): Promise<RainAnswer> {
  const steps = rain(engine, turns, options);
  let isLineOpen = false;
  try {
    for (;;) {
      const next = await steps.next();
      if (next.done) {
        isLineOpen = isShown;
        return next.value;
      }
      const { text } = next.value;
      onText?.(text);
      if (!isShown || text === "") continue;
      isLineOpen = true;
      process.stdout.write(shown(process.stdout, text));
    }
  } finally {
    if (isLineOpen) process.stdout.write("\n");
  }
}
