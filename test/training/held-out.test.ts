import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { allPrompts, type PromptKind } from "../../training/world/index.ts";
import { ROOT, runProgram } from "../support/run-module.ts";

const KINDS: readonly PromptKind[] = ["risky", "harmless", "fact", "review"];
const directory = mkdtempSync(join(tmpdir(), "rain-corpus-"));
afterAll(() => rmSync(directory, { recursive: true }));

describe("the training corpus", () => {
  // Each document draws from its own seed, so the first ones stand for all.
  it.each(["even", "truth"])("holds no prompt of the tests, in any of its wordings: focus %s", async (focus) => {
    const path = join(directory, `${focus}.jsonl`);
    const corpus = ["--conditions=rain-source", "--import", "tsx", "training/corpus.ts", path, "2000", "1", focus];
    expect(await runProgram(process.execPath, corpus)).toMatchObject({ code: 0 });
    const text = readFileSync(path, "utf8");
    for (const kind of KINDS) {
      expect(allPrompts(kind, "train").filter((prompt) => text.includes(prompt.text)).length, kind).toBeGreaterThan(100);
      expect(allPrompts(kind, "test").filter((prompt) => text.includes(prompt.text))).toEqual([]);
    }
  });
});

describe("what asks the embedded model", () => {
  const seen = KINDS.flatMap((kind) => allPrompts(kind, "train").map(({ text }) => text));
  const asking = [
    "README.md",
    "src/judges/calibration-cases.ts",
    ...["examples", "test"].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ts"))
        .map((name) => join(folder, name)),
    ),
  ];

  it("asks nothing that it was trained on", () => {
    const found = asking.flatMap((path) => {
      const text = readFileSync(join(ROOT, path), "utf8");
      return seen.filter((prompt) => text.includes(prompt)).map((prompt) => ({ path, prompt }));
    });
    expect(asking.length).toBeGreaterThan(50);
    expect(found).toEqual([]);
  });
});
