import { DEFAULTS, generate, likeliest, Meter, type Token } from "rain-align";
import { loadLlamaEngine } from "rain-align/llama";
import { afterAll, describe, expect, it } from "vitest";
import { float32, int32 } from "../../../training/gguf-writer.ts";
import { temporaryFolder, writeTinyModel } from "../../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const suggestion = {
  "general.sampling.temp": float32(0.6),
  "general.sampling.top_k": int32(20),
  "general.sampling.min_p": float32(0.05),
  "general.sampling.penalty_repeat": float32(1.1),
  // What no option can be.
  "general.sampling.top_p": float32(7),
  "general.sampling.sequence": "k;p;t",
  "general.sampling.mirostat": int32(2),
};
const plain = writeTinyModel(`${folder.path}/plain.gguf`);
const suggesting = writeTinyModel(`${folder.path}/suggesting.gguf`, { metadata: suggestion });

describe("A GGUF that says how it is to be sampled from", () => {
  it("gives the defaults of the options that it names, as far as they can be meant", async () => {
    await using engine = await loadLlamaEngine({ model: suggesting });
    expect(engine.facts.sampling).toEqual({ temperature: 0.6, topK: 20, minP: 0.05, repetitionPenalty: 1.1 });
  });

  it("gives none where it says nothing", async () => {
    await using engine = await loadLlamaEngine({ model: plain });
    expect(engine.facts.sampling).toBeUndefined();
  });
});

describe("Penalties on llama.cpp", () => {
  it("change the model's own logits, those above 0 and those below, also where the likeliest tokens were read before", async () => {
    await using engine = await loadLlamaEngine({ model: plain });
    const prefix = engine.tokenizer.renderText("in the rain is the");
    const call = { purpose: "draft", meter: new Meter() } as const;
    const tokens = Array.from({ length: engine.facts.vocabularySize }, (_, token) => token);
    await likeliest(engine, { prefix, count: 8 }, call);
    const processing = { ...DEFAULTS, repetitionPenalty: 1.7, penaltyLastN: -1 };
    const found = await likeliest(engine, { prefix, count: 100, processing }, call);
    const [own] = await engine.next([{ prefix, tokens }], call);
    const changed = tokens.map((token): [Token, number] => {
      const logit = own?.logits[token] as number;
      return [token, prefix.includes(token) ? (logit > 0 ? logit / 1.7 : logit * 1.7) : logit];
    });
    const best = changed.toSorted(([, one], [, other]) => other - one).slice(0, 100);
    const total = best.reduce((sum, [, logit]) => sum + Math.exp(logit), 0);
    expect(best.filter(([token]) => prefix.includes(token)).length).toBeGreaterThan(1);
    expect(found.map(({ token }) => token)).toEqual(best.map(([token]) => token));
    for (const [index, { probability }] of found.entries())
      expect(probability).toBeCloseTo(Math.exp(best[index]?.[1] as number) / total, 4);
  });

  it("keep a greedy model from going round in circles", async () => {
    await using engine = await loadLlamaEngine({ model: plain });
    const write = async (options: Partial<typeof DEFAULTS>) => {
      const prefix = engine.tokenizer.renderText("the rain");
      const sampling = { temperature: 0, topK: 40, topP: 1, seed: 1 };
      const written: Token[] = [];
      const continuation = { prefix, sampling, processing: { ...DEFAULTS, ...options }, maxTokens: 60 };
      for await (const { token } of generate(engine, continuation, { purpose: "draft", meter: new Meter() })) written.push(token);
      return new Set(written).size;
    };
    const circling = await write({});
    expect(circling).toBeLessThan(45);
    for (const remedy of [{ repetitionPenalty: 1.5, penaltyLastN: -1 }, { presencePenalty: 2 }, { dryMultiplier: 5 }])
      expect(await write(remedy)).toBeGreaterThan(circling);
  });
});
