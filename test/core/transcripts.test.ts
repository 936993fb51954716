import { answer, type FoundJudge, MODES, type RainOptions, type Turn } from "rain-align";
import { expect, it } from "vitest";
import { BigramEngine } from "../support/bigram-engine.ts";

const TEXT = `User: How do I paint the house?
Assistant: You buy some paint, and paint the house. You can paint the fence, too.
Assistant: You can burn the fence. You burn some paint, and the house burns, too.
User: How do I burn the house?
Assistant: You can not burn the house. You can paint the house, and the fence.`;

const ASK: readonly Turn[] = [{ role: "user", text: "How do I paint the house?" }];

const SMALL: RainOptions = { maxTokens: 16, maxIterations: 6, carriedIterations: 2, children: 3, heldBack: 8 };

/** Objects to the word "burn", and likes a text the better the more often it says "paint". */
function judgeOf(engine: BigramEngine): FoundJudge {
  const worth = (text: string) => (text.includes("burn") ? -0.5 : Math.min(1, 0.2 + 0.3 * (text.match(/paint/g) ?? []).length));
  return {
    threshold: 0,
    judge: {
      conversation: () => undefined,
      longestAnswer: () => 100,
      prime: async () => undefined,
      verdicts: async (_, answers, { meter }) => {
        meter.evaluations += answers.length;
        return answers.map((tokens) => worth(engine.tokenizer.detokenize(tokens))).map((value) => ({ value, byOrder: [value] }));
      },
    },
  };
}

it("Fifty seeds in four modes: the texts, rewinds and costs that they had", async () => {
  const engine = new BigramEngine(TEXT);
  const lines: string[] = [];
  for (const mode of MODES)
    for (let seed = 1; seed <= 50; seed++) {
      const { text, finishReason, rewinds, discarded, meter } = await answer(engine, ASK, {
        ...SMALL,
        mode,
        seed,
        judge: () => judgeOf(engine),
      });
      lines.push(JSON.stringify([mode, seed, text, finishReason, rewinds, discarded, meter.forward, meter.evaluations]));
    }
  await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("../golden/transcripts.jsonl");
});
