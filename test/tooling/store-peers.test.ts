import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ROOT, runProgram } from "../support/run-module.ts";
import { temporaryFolder } from "../support/tiny-model.ts";

/** What is built, beside what it depends on, and no database driver. */
const folder = temporaryFolder();
cpSync(join(ROOT, "dist"), join(folder.path, "dist"), { recursive: true });
writeFileSync(join(folder.path, "package.json"), '{"type": "module"}');
mkdirSync(join(folder.path, "node_modules"));
symlinkSync(join(ROOT, "node_modules/zod"), join(folder.path, "node_modules/zod"));
afterAll(() => folder[Symbol.dispose]());

describe("The store, where the driver of its database is not installed,", () => {
  it.each([
    ["file:rain.db", "npm install @libsql/client@^0.18.0"],
    ["postgres://localhost/rain", "npm install pg@^8.16.0"],
  ])("says for %s what to do: %s", async (url, command) => {
    const program = `
      import { openStore } from ${JSON.stringify(join(folder.path, "dist/bots/guard/store/open-store.js"))};
      await openStore(${JSON.stringify(url)}).catch((error) => console.log(String(error)));
    `;
    const { stdout, stderr } = await runProgram(process.execPath, ["--input-type=module", "--eval", program]);
    expect(stdout + stderr).toMatch(/^MissingPeerError: Expected the package/);
    expect(stdout).toContain(command);
  });
});
