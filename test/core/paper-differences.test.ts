import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const rows = readFileSync(join(root, "docs/paper-differences.md"), "utf8").matchAll(/^\| ([a-z]) \|.*\| `([^`]+)` \|$/gm);
const places = [...rows].map(([, letter = "", file = ""]) => [letter, file] as const);

describe("Where paper and code differ, the place in the source says so:", () => {
  it("all seven points are listed", () => {
    expect(places.map(([letter]) => letter)).toEqual([..."abcdefg"]);
  });

  it.each(places)("(%s) in %s", (_letter, file) => {
    expect(readFileSync(join(root, "src/core", file), "utf8")).toMatch(/^ *(\/\*\*| \*|\/\/).*\b(published code|paper's example)\b/m);
  });
});
