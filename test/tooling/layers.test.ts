import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");

/** From the bottom up: a layer imports from those above it in this list, and from none of its own row but itself. */
const LAYERS: readonly (readonly string[])[] = [
  ["src/core"],
  [
    "src/statistics.ts",
    "src/version.ts",
    "src/jinja.ts",
    "src/peers",
    "src/prompting",
    "src/thoughts",
    "src/tools",
    "src/engines/json-format",
  ],
  ["src/evaluation/readers"],
  ["src/judges"],
  ["src/rain.ts", "src/engines/llama"],
  ["src/engines/remote"],
  ["src/llama.ts", "src/remote.ts", "src/serving", "src/pairs", "src/trace"],
  ["src/integrations/judging"],
  ["src/evaluation", "src/integrations/ai", "src/integrations/langchain", "src/bots/guard", "src/server"],
  ["src/bots/discord"],
  ["src/index.ts", "src/ai.ts", "src/langchain.ts", "src/middleware.ts", "src/server.ts", "src/discord.ts"],
  ["src/cli"],
];

/** What runs models is written against the parts of core, and sees each of them. */
const INSIDE: readonly string[] = ["src/engines/llama", "src/engines/remote", "src/engines/json-format"];

/** Files under 30 lines with one importer, that would be part of it but for the reason. */
const SMALL: Readonly<Record<string, string>> = {
  "src/core/search/addition.ts": "a step of the paper is a file",
  "src/integrations/langchain/chat-simulator.ts": "the only one of its layer that knows preference pairs",
  "src/ai.ts": "an entry",
  "src/server.ts": "an entry",
  "src/judges/cache-folder.ts": "reads the environment, which nothing else of its layer may",
  "src/judges/places/behind-answer.ts": "a place where a judge reads is a file, so that another one is one more",
  "src/judges/places/behind-line.ts": "a place",
  "src/judges/places/behind-options.ts": "a place",
  "src/judges/places/places.ts": "the list of places",
  "src/judges/places/quoted.ts": "a place",
};

const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => join("src", file));

const imports = files.flatMap((file) => {
  const text = readFileSync(join(root, file), "utf8");
  const specifiers = [...text.matchAll(/(?:from|import\() ?"(\.{1,2}\/[^"]+)"/g)].map(([, specifier = ""]) => specifier);
  return [...new Set(specifiers)].map((specifier) => ({ file, imported: normalize(join(dirname(file), specifier)) }));
});

describe("The layers", () => {
  it("hold every file", () => {
    expect(files.filter((file) => layerOf(file) === undefined)).toEqual([]);
  });

  it("import downwards only", () => {
    const upwards = imports.filter(({ file, imported }) => {
      const [own, other] = [layerOf(file), layerOf(imported)];
      return own !== other && rowOf(own) <= rowOf(other);
    });
    expect(upwards).toEqual([]);
  });

  it("are entered through their index.ts, where they have one", () => {
    const aside = imports.filter(({ file, imported }) => {
      const [own, other] = [layerOf(file), layerOf(imported)];
      return own !== other && !INSIDE.includes(own ?? "") && files.includes(`${other}/index.ts`) && imported !== `${other}/index.ts`;
    });
    expect(aside).toEqual([]);
  });

  it("keep a small private file apart for a reason only", () => {
    const small = files.filter((file) => {
      const importers = imports.filter(({ imported }) => imported === file);
      const lines = readFileSync(join(root, file), "utf8").split("\n").length - 1;
      return lines < 30 && importers.length === 1 && basename(file) !== "index.ts" && basename(importers[0]?.file ?? "") !== "index.ts";
    });
    expect(small.filter((file) => !(file in SMALL))).toEqual([]);
  });
});

/** The longest folder or file in the list that holds it. */
function layerOf(file: string): string | undefined {
  const holding = LAYERS.flat().filter((layer) => file === layer || file.startsWith(`${layer}/`));
  return holding.toSorted((left, right) => right.length - left.length)[0];
}

function rowOf(layer: string | undefined): number {
  return LAYERS.findIndex((row) => layer !== undefined && row.includes(layer));
}
