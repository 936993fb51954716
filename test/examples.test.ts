import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT, runModule } from "./support/run-module.ts";

const names = readdirSync(join(ROOT, "examples")).filter((name) => name.endsWith(".ts"));

describe("the examples", () => {
  it("are numbered from 01, without a gap", () => {
    expect(names.map((name) => name.slice(0, 3))).toEqual(names.map((_, index) => `${String(index + 1).padStart(2, "0")}-`));
    expect(names).not.toEqual([]);
  });

  it.each(names)("%s is short", (name) => {
    expect(readFileSync(join(ROOT, "examples", name), "utf8").split("\n").length).toBeLessThan(60);
  });

  it.each(names)("%s runs as it is written", async (name) => {
    const { code, stdout, stderr } = await runModule(join(ROOT, "examples", name));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).not.toBe("");
  });
});
