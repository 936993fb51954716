/** Preference pairs of a real model, made without people (RLCD): how often another model's judge likes that answer better which was to be the better one. */
import { type Engine, engineSimulator, HARMLESS, Meter, preferencePairs } from "rain-align";
import { z } from "zod";
import { type Journal, keyOf, type TaskQuestion, wilson } from "../src/evaluation/index.ts";
import type { TurnJudge } from "../src/judges/index.ts";

export const PAIR = z.object({ key: z.string(), chosen: z.string(), rejected: z.string(), emitted: z.number(), forward: z.number() });
type Pair = z.infer<typeof PAIR>;

export const PREFERENCE = z.object({ key: z.string(), chosen: z.number(), rejected: z.number() });
type Preference = z.infer<typeof PREFERENCE>;

export interface PairsKept {
  readonly pairs: Journal<Pair>;
  readonly preferences: Journal<Preference>;
}

/** Whose pairs they are, and how long each answer may be. */
interface Maker {
  readonly model: string;
  readonly maxTokens: number;
}

function keyFor({ model, maxTokens }: Maker, { id, seed }: TaskQuestion): string {
  return keyOf({ model, task: "rlcd", id, seed, maxTokens });
}

export function arePairsMissing(questions: readonly TaskQuestion[], { pairs }: PairsKept, maker: Maker): boolean {
  return questions.some((question) => pairs.get(keyFor(maker, question)) === undefined);
}

/** Makes the pairs that are missing. Of a prompt to which both answers are the same, or one is empty, there is none: it is tried again the next time. */
export async function makePairs(engine: Engine, questions: readonly TaskQuestion[], { pairs }: PairsKept, maker: Maker): Promise<void> {
  for (const [index, question] of questions.entries()) {
    const key = keyFor(maker, question);
    if (pairs.get(key) !== undefined) continue;
    const meter = new Meter();
    const simulator = engineSimulator(engine, { maxTokens: maker.maxTokens, meter });
    for await (const outcome of preferencePairs([question.turns], { simulator, family: "harmless", seed: question.seed })) {
      if (outcome.kind !== "pair") continue;
      const [chosen, rejected] = [outcome.pair.chosen, outcome.pair.rejected].map((side) => side.at(-1)?.content ?? "") as [string, string];
      const emitted = [chosen, rejected].flatMap((text) => engine.tokenizer.tokenize(text)).length;
      pairs.append({ key, chosen, rejected, emitted, forward: meter.forward });
    }
    if (index % 20 === 19) process.stderr.write(`${maker.model} pairs: ${index + 1} of ${questions.length} made\n`);
  }
}

/** @param judge another model's */
export async function judgePairs(judge: TurnJudge, questions: readonly TaskQuestion[], kept: PairsKept, maker: Maker): Promise<void> {
  for (const question of questions) {
    const pair = kept.pairs.get(keyFor(maker, question));
    if (pair === undefined || kept.preferences.get(pair.key) !== undefined) continue;
    const value = (text: string) => judge.value([...question.turns, { role: "assistant", text }], HARMLESS);
    kept.preferences.append({ key: pair.key, chosen: await value(pair.chosen), rejected: await value(pair.rejected) });
  }
}

/** `rate`: the share of pairs whose label the judge shares. `undefined`: none was judged. */
export function pairCell(questions: readonly TaskQuestion[], { pairs, preferences }: PairsKept, maker: Maker) {
  const rows = questions.flatMap((question) => {
    const key = keyFor(maker, question);
    const [pair, preference] = [pairs.get(key), preferences.get(key)];
    return pair === undefined || preference === undefined ? [] : [{ ...pair, isShared: preference.chosen > preference.rejected }];
  });
  if (rows.length === 0) return undefined;
  const sum = (part: "forward" | "emitted") => rows.reduce((total, row) => total + row[part], 0);
  const shared = rows.filter(({ isShared }) => isShared).length;
  const { low, high } = wilson(shared, rows.length);
  const cost = sum("forward") / Math.max(1, sum("emitted"));
  return { task: "rlcd", model: maker.model, mode: "affixes", n: rows.length, rate: shared / rows.length, low, high, cost };
}
