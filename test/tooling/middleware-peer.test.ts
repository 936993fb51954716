import { spawnSync } from "node:child_process";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ROOT } from "../support/run-module.ts";
import { temporaryFolder } from "../support/tiny-model.ts";

/** What is built, in a place from where no package can be found. */
const folder = temporaryFolder();
cpSync(join(ROOT, "dist"), join(folder.path, "dist"), { recursive: true });
writeFileSync(join(folder.path, "package.json"), '{"type": "module"}');
afterAll(() => folder[Symbol.dispose]());

describe("an entry point whose peer is not installed", () => {
  it.each([["middleware.js", "langchain"]])("says so, by name: %s", (entry, peer) => {
    const program = `import(${JSON.stringify(join(folder.path, "dist", entry))}).catch(({ name, peer }) => console.log(name, peer))`;
    const { stdout } = spawnSync(process.execPath, ["-e", program], { cwd: folder.path, encoding: "utf8" });
    expect(stdout).toBe(`MissingPeerError ${peer}\n`);
  });
});
