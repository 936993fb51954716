import type { Engine, Turn } from "rain-align";
import { measurePairs, rowOf } from "./paired.ts";

/** What a token costs in answers of one length, behind one number of earlier turns. */
export interface Growth {
  readonly tokens: number;
  readonly turns: number;
  readonly fpe: number;
  readonly heldBack: number;
}

export const GROWTH = { tokens: [64, 256, 1024, 2048], turns: [0, 5, 20] } as const;

/** Cost in counts, as answers and conversations grow. Nothing is timed, so any model will do. */
export async function measureGrowth(engine: Engine, { tokens, turns } = GROWTH as GrowthRange): Promise<Growth[]> {
  const rows: Growth[] = [];
  for (const earlier of turns) {
    for (const maxTokens of tokens) {
      const conversation = conversationOf(earlier);
      const pairs = await measurePairs(engine, { pairs: 1, turns: () => conversation, options: { maxTokens }, flags: 0 });
      const { fpe, heldBack } = rowOf("growth", pairs);
      rows.push({ tokens: maxTokens, turns: earlier, fpe, heldBack });
    }
  }
  return rows;
}

export interface GrowthRange {
  readonly tokens: readonly number[];
  readonly turns: readonly number[];
}

/** A question behind so many earlier turns, of both sides in turn. */
function conversationOf(earlier: number): readonly Turn[] {
  const turns = Array.from({ length: earlier }, (_, index): Turn => {
    const isUser = (earlier - index) % 2 === 0;
    return { role: isUser ? "user" : "assistant", text: isUser ? "How do I paint the bank?" : "I do the paint." };
  });
  return [...turns, { role: "user", text: "How do I paint the bank?" }];
}
