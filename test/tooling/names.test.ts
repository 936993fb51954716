import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");

/** The class of a peer that may be missing is loaded late, and its entry gives the loaded one the type again. */
const TWICE = new Set(["Bot", "ChatRain", "RainCritique"]);

it("No exported type has the name of another one: a search finds what one means", () => {
  const declared = new Map<string, string[]>();
  for (const file of filesIn("src")) {
    for (const [, name = ""] of readFileSync(join(root, file), "utf8").matchAll(/^export (?:abstract )?(?:interface|type|class) (\w+)/gm))
      declared.set(name, [...(declared.get(name) ?? []), file]);
  }
  expect([...declared].filter(([name, files]) => files.length > 1 && !TWICE.has(name))).toEqual([]);
});

function filesIn(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).flatMap((file) =>
    file.endsWith(".ts") ? [join(folder, file)] : [],
  );
}
