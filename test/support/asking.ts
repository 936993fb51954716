import { DEFAULT_SETTINGS, type Incoming } from "../../src/bots/guard/index.ts";

export const ANN = { id: "4", name: "Ann" };

/** Ann's question. */
export function asking(text: string, changes: Partial<Incoming> = {}): Incoming {
  return {
    guild: "1",
    channel: "2",
    source: "3",
    author: ANN.id,
    said: [{ speaker: ANN, text }],
    settings: DEFAULT_SETTINGS,
    signal: new AbortController().signal,
    ...changes,
  };
}
