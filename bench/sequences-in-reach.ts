import { type Engine, Meter } from "rain-align";

const TOKENS = 16;
/** Where not even one sequence is in reach, nobody would ever begin. */
const PATIENCE_MS = 60_000;

/**
 * How many calls an idle engine serves at the same time: as many as it has sequences, if none is lost. So many are made, and each
 * is long enough that the first is not over before the last has begun.
 */
export async function sequencesInReach(engine: Engine): Promise<number> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const underWay = new Set<number>();
  let most = 0;
  const calls = Array.from({ length: engine.facts.sequences ?? 1 }, async (_, index) => {
    const until = () => {
      underWay.add(index);
      most = Math.max(most, underWay.size);
      return false;
    };
    const sampling = { temperature: 0, topK: 1, topP: 1, seed: 1 };
    const prefix = engine.renderText(`${index} rivers and the house by the`);
    await engine.sampleMany([{ prefix, sampling, maxTokens: TOKENS, until }], { purpose: "draft", meter: new Meter(), signal });
    underWay.delete(index);
  });
  await Promise.allSettled(calls);
  return most;
}
