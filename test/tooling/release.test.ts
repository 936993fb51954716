import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT, runProgram } from "../support/run-module.ts";

const MINUTE = 60_000;

/** What people run Node.js in, each from the package of its own. */
const NODES = { 20: "node@20", 22: "node@22", 24: "node@24" } as const;

const QUESTION = "How do I paint the house?";

const PROGRAM = `import { answer } from "rain-align";
import { loadLlamaEngine } from "rain-align/llama";
const engine = await loadLlamaEngine();
const { text } = await answer(engine, [{ role: "user", text: "${QUESTION}" }]);
console.log(text);
await engine[Symbol.asyncDispose]();
`;

/** As somebody gets it who has nothing but npm: what a release would upload, installed with all that it depends on from the registry. */
describe("A release", () => {
  const folder = mkdtempSync(join(tmpdir(), "rain-release-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  const npm = async (place: string, ...parameters: readonly string[]) => {
    const { code, stderr } = await runProgram("npm", [...parameters, "--prefix", place, "--no-audit", "--no-fund"]);
    expect(code, stderr).toBe(0);
  };

  beforeAll(async () => {
    await npm(ROOT, "pack", "--ignore-scripts", "--pack-destination", folder);
    const packed = readdirSync(folder).find((name) => name.endsWith(".tgz")) as string;
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "somebody", private: true, type: "module" }));
    await npm(folder, "install", join(folder, packed), ...Object.entries(NODES).map(([version, name]) => `node-${version}@npm:${name}`));
  }, 5 * MINUTE);

  it.each(Object.keys(NODES))(
    "answers on Node.js %s: the command, and the library",
    async (version) => {
      const node = join(folder, `node_modules/node-${version}/bin/node`);
      expect((await runProgram(node, ["--version"])).stdout).toMatch(new RegExp(`^v${version}\\.`));
      const rain = join(folder, "node_modules/rain-align/dist/cli/main.js");
      const asked = await runProgram(node, [rain, "ask", "--quiet", QUESTION]);
      expect(asked, asked.stderr).toMatchObject({ code: 0, stdout: expect.stringMatching(/\w/) });
      writeFileSync(join(folder, "program.mjs"), PROGRAM);
      const ran = await runProgram(node, [join(folder, "program.mjs")]);
      expect(ran, ran.stderr).toMatchObject({ code: 0, stdout: asked.stdout });
    },
    2 * MINUTE,
  );
});
