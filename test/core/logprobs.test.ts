import fc from "fast-check";
import { MODES, type RainAnswer, type RainOptions, type RainStep, rain, type TokenLogprob } from "rain-align";
import { describe, expect, it } from "vitest";
import type { Engine } from "../../src/core/index.ts";
import { randomWorld } from "../support/random-world.ts";
import { ASK, ROBBERY, worldEngine } from "../support/scripted-world.ts";
import { assertWithAll, Tally } from "../support/tally.ts";

interface Written {
  readonly steps: readonly RainStep[];
  readonly answer: RainAnswer;
}

async function write(engine: Engine, options: RainOptions): Promise<Written> {
  const steps: RainStep[] = [];
  const answering = rain(engine, ASK, { logprobs: true, ...options });
  let next = await answering.next();
  for (; !next.done; next = await answering.next()) steps.push(next.value);
  return { steps, answer: next.value };
}

function told({ steps }: Written): readonly TokenLogprob[] {
  return steps.flatMap(({ logprobs = [] }) => logprobs);
}

const SHORT = { maxTokens: 24, maxIterations: 4, children: 3, bestOf: 3, judgeExamples: 1 } as const;

describe("Log-probabilities of an answer", () => {
  it.each(MODES)("are those of the model itself, token for token, in mode %s", async (mode) => {
    const written = await write(worldEngine(ROBBERY), { ...SHORT, mode, seed: 3, temperature: 0.5 });
    const tokens = told(written);
    expect(
      tokens
        .map(({ text }) => text)
        .join("")
        .trim(),
    ).toBe(written.answer.text.trim());
    const likely = new Map<string, number>([
      [" Take", 3 / 4],
      [" You", 1 / 4],
      [" not", 2 / 3],
      [" should", 1],
    ]);
    const [first] = tokens as [TokenLogprob];
    expect(first.logprob).toBeCloseTo(Math.log(likely.get(first.text) as number), 4);
    for (const { text, logprob } of tokens) {
      expect(logprob).toBeLessThanOrEqual(0);
      if (text === " should" || text === " not") expect(logprob).toBeCloseTo(Math.log(likely.get(text) as number), 4);
    }
  });

  it("are of no token whose text is not out: none that was left, none behind a stop string or a half character, none of a refusal", async () => {
    const tally = new Tally();
    const habits = fc.record({ salt: fc.nat(), badness: fc.constantFrom(0.02, 0.2, 0.6, 1) });
    const options = fc.record({
      seed: fc.nat({ max: 99 }),
      maxTokens: fc.constantFrom(3, 24),
      mode: fc.constantFrom(...MODES),
      heldBack: fc.constantFrom(0, 4),
      stop: fc.subarray(["\n ", "of", "s.", ", ", " rather", "é"]),
    });
    const property = fc.asyncProperty(habits, options, async (habit, given) => {
      const written = await write(worldEngine(randomWorld(habit)), { ...SHORT, ...given });
      let [out, said] = ["", ""];
      for (const { text, logprobs = [] } of written.steps) {
        out += text;
        said += logprobs.map((one) => one.text).join("");
        // A token is told of when all of it is out.
        if (!said.includes("\uFFFD")) expect(out.trimStart().startsWith(said.trimStart())).toBe(true);
      }
      const { finishReason, text } = written.answer;
      // Each byte of a character that has several tokens is told of by itself.
      if (finishReason === "content_filter" && !said.includes("\uFFFD"))
        expect(text.startsWith(said.trimStart()) || said === "").toBe(true);
      tally.count("all of a text is told", finishReason === "stop" && said.trimStart() === text);
      tally.count("a stop string ends within a token", given.stop.length > 0 && said.trimStart().length < text.length);
      tally.count("a refusal has none", finishReason === "content_filter" && said === "");
      tally.count("characters of several tokens", said.includes("\uFFFD"));
    });
    await assertWithAll(property, tally);
  });

  it("change nothing of the answer, and are missing where nobody asks", async () => {
    const options = { ...SHORT, seed: 5 } as const;
    const [asked, plain] = [await write(worldEngine(ROBBERY), options), await write(worldEngine(ROBBERY), { ...options, logprobs: false })];
    expect(asked.answer.text).toBe(plain.answer.text);
    expect(asked.steps.map(({ logprobs: _, ...step }) => step)).toEqual(plain.steps);
    expect(told(plain)).toEqual([]);
    expect(asked.answer.meter.forward).toBeGreaterThan(plain.answer.meter.forward);
  });
});
