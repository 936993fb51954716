import { readFileSync, statSync } from "node:fs";
import { loadLlamaEngine } from "rain-align/llama";
import { connectEngine } from "rain-align/remote";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { AWKWARD_TEXTS } from "../support/awkward-texts.ts";
import { serveFile } from "../support/file-server.ts";
import { serveLikeVllm } from "../support/model-server.ts";
import { realModel } from "../support/real-models.ts";
import { temporaryFolder } from "../support/tiny-model.ts";

const home = temporaryFolder();
beforeAll(() => {
  vi.stubEnv("HOME", home.path);
  vi.stubEnv("USERPROFILE", home.path);
});
afterAll(() => {
  vi.unstubAllEnvs();
  home[Symbol.dispose]();
});

describe.each(["smollm2-135m", "gemma3-270m"].map(realModel))("Of a real model $path", ({ path, isThere, reason }) => {
  it.skipIf(!isThere)(`the header alone is the same vocabulary${reason}`, { timeout: 120_000 }, async () => {
    await using whole = await loadLlamaEngine({ model: path, gpu: false, threads: 1, contextSize: 512 });
    await using server = await serveFile("model.gguf", readFileSync(path));
    await using served = await serveLikeVllm(whole);
    await using engine = await connectEngine({ url: served.url, vocabulary: server.url });
    expect(statSync(engine.facts.vocabulary).size).toBeLessThan(server.sent());
    expect(server.sent()).toBeLessThan(statSync(path).size / 5);
    expect(engine.facts.parameters).toBe(whole.facts.parameters);
    const [here, there] = [engine.tokenizer, whole.tokenizer];
    for (const [, text] of AWKWARD_TEXTS) {
      expect(here.tokenize(text)).toEqual(there.tokenize(text));
      expect(here.render([{ role: "user", text }])).toEqual(there.render([{ role: "user", text }]));
    }
    for (let token = 0; token < whole.facts.vocabularySize; token++) {
      if (here.detokenize([token]) !== there.detokenize([token]) || here.isEnd(token) !== there.isEnd(token))
        throw new Error(`Expected token ${token} to be ${there.nameOf(token)}, got ${here.nameOf(token)}`);
    }
  });
});
