import type { Engine, Turn } from "rain-align";
import { measurePairs, rowOf } from "./paired.ts";
import type { Row } from "./row.ts";

/** What a token costs in answers of one length, behind one number of earlier turns. Its counts matter; its time is that of one pair. */
export interface Growth extends Row {
  readonly tokens: number;
  readonly turns: number;
}

export interface GrowthRange {
  readonly tokens: readonly number[];
  readonly turns: readonly number[];
}

export const GROWTH: GrowthRange = { tokens: [64, 128, 256, 512, 1024, 2048], turns: [0, 5, 20] };

/** Cost in counts, as answers and conversations grow. Nothing is read from the clock, so any model will do. */
export async function* growthRows(engine: Engine, { tokens, turns } = GROWTH): AsyncGenerator<Growth, void, void> {
  for (const earlier of turns) {
    for (const maxTokens of tokens) {
      const conversation = conversationOf(earlier);
      const pairs = await measurePairs(engine, { pairs: 1, turns: () => conversation, options: { maxTokens }, flags: 0 });
      yield { ...rowOf(`${maxTokens} tokens behind ${earlier} earlier turns`, pairs), tokens: maxTokens, turns: earlier };
    }
  }
}

/** A question behind so many earlier turns, of both sides in turn. */
export function conversationOf(earlier: number, question = "How do I paint the bank?"): readonly Turn[] {
  const turns = Array.from({ length: earlier }, (_, index): Turn => {
    const isUser = (earlier - index) % 2 === 0;
    return { role: isUser ? "user" : "assistant", text: isUser ? "How do I paint the bank?" : "I do the paint." };
  });
  return [...turns, { role: "user", text: question }];
}
