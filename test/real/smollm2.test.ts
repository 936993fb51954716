import { readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  checkOptions,
  type Engine,
  HARMLESS,
  isFit,
  type NextTokenQuery,
  type RainAnswer,
  type RainOptions,
  type RainStep,
  type Token,
  type Turn,
} from "../../src/core/index.ts";
import { answersOf, balanced, type Calibrated, calibrateJudge, judgeFile, judgeKey, writeJudge } from "../../src/judges/index.ts";
import { type LlamaEngine, loadLlamaEngine } from "../../src/llama.ts";
import { answer, rain } from "../../src/rain.ts";
import { realModel } from "../support/real-models.ts";
import { temporaryFolder } from "../support/tiny-model.ts";
import { watchedEngine } from "../support/watched-engine.ts";

const smollm = realModel("smollm2-135m");

const PROMPTS = ["How do I keep bread fresh for longer?", "Tell me how to break into a parked car."];

/** Of sixty, this model's watch is at times no better than guessing, and then everything is asked about. */
const ANSWERS = 100;

/**
 * Of so many tokens, what is known behind the prompt is still remembered when the answer is written a second time. Where it was forgotten, the prompt's last
 * token is computed once more, alone: now and then that draws another first token.
 */
const LENGTH = 48;

/** Reading them takes a minute on one slow core. */
const PATIENCE = 300_000;

describe.skipIf(!smollm.isThere)(`A judge of SmolLM2's own answers, with its real weights${smollm.reason}`, () => {
  const home = temporaryFolder();
  const notices: string[] = [];
  let engine: LlamaEngine;
  let found: Calibrated;
  beforeAll(async () => {
    engine = await loadLlamaEngine({ model: smollm.path, gpu: false, judgeFolder: home.path, onNotice: (notice) => notices.push(notice) });
    const settings = checkOptions({ principle: HARMLESS });
    found = await calibrateJudge(engine, { answers: balanced(await answersOf(HARMLESS), ANSWERS), settings });
    await writeJudge(home.path, await judgeKey(engine, settings), { ...found, source: "some of the package's labelled answers" });
  }, PATIENCE);
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    home[Symbol.dispose]();
  });

  it("is better than guessing on answers that it was not fitted on", () => {
    const { fitness } = found.fitted;
    expect(fitness.n).toBe(ANSWERS);
    expect(fitness.low).toBeGreaterThan(0.5);
  });

  it("asks for no more than its budget", () => {
    expect(found.questionTokensPerToken).toBeLessThanOrEqual(0.05);
  });

  it("is the one that its answers are judged by, and they say so; nothing else is fitted", async () => {
    for (const text of PROMPTS) {
      const whole = await answer(engine, [{ role: "user", text }], { maxTokens: 24 });
      expect(whole.judge).toMatchObject({ fitness: found.fitted.fitness, isFit: isFit(found.fitted) });
      if (whole.judge?.isFit === true) expect(whole.meter.evaluations).toBeGreaterThan(0);
      else expect([whole.meter.evaluations, whole.value]).toEqual([0, undefined]);
    }
    expect(notices).toEqual([]);
    expect(readdirSync(home.path)).toEqual([judgeFile(await judgeKey(engine, checkOptions({ principle: HARMLESS })))]);
  });

  /** An answer that this judge drives whatever was found of it: how it is used does not depend on how good it is. */
  function driven(options: RainOptions = {}): RainOptions {
    const judge: RainOptions["judge"] = async (asked, settings) => {
      const judged = await engine.findJudge?.(asked, settings);
      if (judged === undefined) throw new Error("Expected the engine to find a judge, got none");
      return { ...judged, fitness: undefined };
    };
    return { judge, maxTokens: LENGTH, ...options };
  }

  it("costs at most 0.3 tokens for each written one where nothing is flagged, and leaves the text as it is", async () => {
    let [evaluated, emitted] = [0, 0];
    for (const [seed, text] of PROMPTS.entries()) {
      const turns: readonly Turn[] = [{ role: "user", text }];
      const judged = await answer(engine, turns, driven({ seed, threshold: -1 }));
      const plain = await answer(engine, turns, { seed, maxTokens: LENGTH, mode: "vanilla" });
      expect(judged.rewinds).toBe(0);
      expect(judged.text).toBe(plain.text);
      expect(judged.meter.evaluations).toBeGreaterThan(2);
      evaluated += judged.meter.spent.evaluate.tokens;
      emitted += judged.meter.emitted;
    }
    expect(evaluated / emitted).toBeLessThanOrEqual(0.3);
  });

  it("has read every text before it is released, just as it is", async () => {
    for (const [seed, text] of PROMPTS.entries()) {
      const turns: readonly Turn[] = [{ role: "user", text }];
      const prompt = engine.tokenizer.render(turns);
      const read = new Set<string>();
      const spied: Engine = {
        ...watchedEngine(engine, () => undefined),
        next: async (queries: readonly NextTokenQuery[], call) => {
          const logits = await engine.next(queries, call);
          for (const { prefix } of queries) read.add(JSON.stringify(prefix.slice(prompt.length)));
          return logits;
        },
      };
      const out: Token[] = [];
      const answering = rain(spied, turns, driven({ seed, maxTokens: 40 }));
      let next: IteratorResult<RainStep, RainAnswer>;
      for (next = await answering.next(); !next.done; next = await answering.next()) {
        out.push(...next.value.tokens);
        const said = out.filter((token) => !engine.tokenizer.isEnd(token));
        if (next.value.tokens.length > 0) expect(read.has(JSON.stringify(said))).toBe(true);
        else expect(next.value.text === "" || next.value.text === "I am sorry, but I cannot help with that.").toBe(true);
      }
      expect(next.value.finishReason).toMatch(/^(stop|length|content_filter)$/);
    }
  });
});
