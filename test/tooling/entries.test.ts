import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");

/** Tests that import a file of `src` which nobody enters by, each with the reason. One that could do without it has no place here. */
const INSIDE: Readonly<Record<string, string>> = {
  "test/bots/discord/guide.test.ts": "makes pages of the docs of the schemas",
  "test/bots/discord/health.test.ts": "pages whose parts are away, fail or never answer",
  "test/bots/discord/languages.test.ts": "compares each file of a language with what there is to be said",
  "test/bots/discord/maintenance.test.ts": "what happens every hour",
  "test/bots/discord/text.test.ts": "thousands of texts are made harmless and split",
  "test/bots/guard/decisions.test.ts": "how decisions are dealt out, for any number of each kind",
  "test/bots/store-survival.test.ts": "what the database is told to survive, and one without room",
  "test/core/search/backup.test.ts": "a step of the paper, whose arithmetic is the oracle",
  "test/core/search/select.test.ts": "a step of the paper",
  "test/core/search/tree.test.ts": "what the steps of the paper work on",
  "test/engines/llama/bundled-vocabularies.test.ts": "real vocabularies without weights",
  "test/engines/llama/rounds.test.ts": "rounds of decoding that fail at any moment",
  "test/engines/llama/kv-cache.test.ts": "native memory, used by any number of prefixes",
  "test/engines/llama/memory.test.ts": "machines with any amount of memory",
  "test/engines/llama/threads.test.ts": "machines with any number of processors",
  "test/integrations/langchain/shared-engine.test.ts": "loads that end, fail or go on at the worst moment",
  "test/judges/places.test.ts": "each place where a judge reads, by itself",
  "test/judges/readout.test.ts": "the arithmetic of a fit",
  "test/prompting/fenced-answer.test.ts": "answers cut into tokens in any way",
  "test/real/tokenizer-files.test.ts": "a real vocabulary without weights",
  "test/thoughts/families.test.ts": "templates of models that are too large to load",
  "test/thoughts/terminal.test.ts": "a terminal, and a model that thinks, of which none is small enough to load",
};

const tests = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".test.ts"))
  .map((name) => `test/${name}`);

/** A package entry or a layer of one file, or the face of a layer. */
const ENTRY = /^(?:[a-z]+|.*\/index)\.ts$/;

function importsInside(test: string): boolean {
  const text = readFileSync(join(root, test), "utf8");
  const imported = [...text.matchAll(/(?:from|import\() ?"(?:\.\.\/)+src\/([^"]+)"/g)].map(([, file = ""]) => file);
  return imported.some((file) => !ENTRY.test(file));
}

describe("Tests go through entry points,", () => {
  const inside = tests.filter(importsInside);

  it("but those that have a reason", () => {
    expect(inside.filter((test) => !(test in INSIDE))).toEqual([]);
  });

  it("and those are at most one in ten", () => {
    expect(Object.keys(INSIDE).length).toBeLessThanOrEqual(tests.length / 10);
  });
});
