import { on } from "node:events";
import { createInterface } from "node:readline";

const CTRL_C = "\u0003";
const CTRL_D = "\u0004";

/**
 * What a person presses, a letter each: at once on a terminal, by lines from a pipe, of which the first letter counts. Ctrl-D and the end of the input end it,
 * and so does the signal.
 */
export async function* keysOf(signal: AbortSignal): AsyncGenerator<string> {
  if (process.stdin.isTTY) yield* pressed(signal);
  else yield* firstLetters(signal);
}

async function* pressed(signal: AbortSignal): AsyncGenerator<string> {
  const { stdin } = process;
  stdin.setRawMode(true).setEncoding("utf8").resume();
  try {
    for await (const [text] of on(stdin, "data", { signal, close: ["end"] })) {
      for (const key of String(text)) {
        if (key === CTRL_D) return;
        // A terminal that gives single keys sends no signal.
        if (key === CTRL_C) process.kill(process.pid, "SIGINT");
        else yield key.toLowerCase();
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    stdin.setRawMode(false).pause();
  }
}

async function* firstLetters(signal: AbortSignal): AsyncGenerator<string> {
  const lines = createInterface({ input: process.stdin, signal });
  for await (const line of lines) {
    const [key] = line.trim().toLowerCase();
    if (key !== undefined) yield key;
  }
}
