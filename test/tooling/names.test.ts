import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../../src");

/**
 * Exported under one name in two files; the list only shrinks. The class of a peer that may be missing is loaded late, and its entry gives the
 * loaded one the type again.
 */
const TWICE = ["Bot", "ChatRain", "RainCritique", "RainEmbeddings"];

it("No exported type has the name of another one: a search finds what one means", () => {
  const declared = new Map<string, number>();
  for (const file of readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"))) {
    const source = readFileSync(join(root, file), "utf8");
    for (const [, name = ""] of source.matchAll(/^export (?:declare )?(?:abstract )?(?:interface|type|class) (\w+)/gm))
      declared.set(name, (declared.get(name) ?? 0) + 1);
  }
  expect([...declared.keys()].filter((name) => declared.get(name) !== 1).sort()).toEqual(TWICE);
});

it("The names that each entry exports are those that were reviewed", async () => {
  const { exports } = JSON.parse(readFileSync(join(root, "../package.json"), "utf8")) as {
    exports: Record<string, { "rain-source"?: string }>;
  };
  const entries = Object.values(exports).flatMap((entry) => entry["rain-source"] ?? []);
  const lines = entries.flatMap((file) => exportedNames(readFileSync(join(root, "..", file), "utf8")).map((name) => `${file} ${name}`));
  await expect(`${lines.toSorted().join("\n")}\n`).toMatchFileSnapshot("../golden/public-names.txt");
});

function exportedNames(text: string): readonly string[] {
  const listed = [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, names = ""]) => names.split(","));
  const declared = [...text.matchAll(/^export (?:async )?(?:const|function|class|type) (\w+)/gm)].map(([, name = ""]) => name);
  const names = listed.map((name) => name.replace(/^\s*type /, "").trim()).filter((name) => name !== "");
  return [...new Set([...names, ...declared])];
}
