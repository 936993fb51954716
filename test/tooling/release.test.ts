import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
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

/** What compiles it, each from the package of its own. */
const COMPILERS = { "5.9": "typescript@5.9", 7: "typescript@7" } as const;

const AGENT = `import { createAgent, tool } from "langchain";
import { ChatRain, RainCritique, rainMetadata } from "rain-align/langchain";
import { rainGuardrail } from "rain-align/middleware";
import { z } from "zod";

const model = new ChatRain({ model: "embedded", maxTokens: 64, onNotice: () => undefined });
const schema = z.object({ animal: z.string() });
const legs = tool(({ animal }: { animal: string }) => \`\${animal}: 4\`, { name: "legs", description: "Counts legs.", schema });
const agent = createAgent({ model, tools: [legs], middleware: [rainGuardrail({ judge: model })] });
const { messages } = await agent.invoke({ messages: [{ role: "user", content: "${QUESTION}" }] });
const { message } = await new RainCritique({ model }).invoke("${QUESTION}");
const seed: number | undefined = rainMetadata(await model.invoke("${QUESTION}"))?.seed;
console.log(messages.length, message.text !== "", typeof seed);
await model.dispose();
`;

const ENTRIES = Object.keys(manifest.exports).filter((entry) => !entry.endsWith(".json"));

/** Every entry, and one use that no true declaration allows. */
const DECLARED = `${ENTRIES.map((entry, index) => `import * as e${index} from "${join("rain-align", entry)}";`).join("\n")}
// @ts-expect-error
const wrong: number = e0.rain;
console.log(wrong, ${ENTRIES.map((_, index) => `e${index}`).join(", ")});
`;

/** Strict; but for \`skipLibCheck\`, as declarations of node-llama-cpp have errors of their own. */
const STRICT = {
  compilerOptions: {
    ...{ strict: true, skipLibCheck: true, module: "nodenext", target: "es2022" },
    ...{ lib: ["es2023", "esnext.disposable", "dom"], types: ["node"], outDir: "out" },
  },
  files: ["agent.ts"],
};

const QUIET_NPM = { npm_config_audit: "false", npm_config_fund: "false" };

describe("The guide of the Discord bot", () => {
  it(
    "installs it, by one line, in a folder of its own that need not be there",
    async () => {
      const place = mkdtempSync(join(tmpdir(), "rain-guide-"));
      const clone = join(place, "clone");
      mkdirSync(clone);
      for (const name of ["package.json", "README.md", "dist", "labelled", "models"])
        cpSync(join(ROOT, name), join(clone, name), { recursive: true });
      const guide = readFileSync(join(ROOT, "docs/discord.md"), "utf8");
      const line = /In a folder of its own, out of a clone: `([^`]+)`/.exec(guide)?.[1] ?? "false";
      // What is built is there: the copy has nothing to build it with.
      const installed = await runProgram("bash", ["-c", `cd ${clone} && ${line}`], { ...QUIET_NPM, npm_config_ignore_scripts: "true" });
      expect(installed, installed.stderr).toMatchObject({ code: 0 });
      const token = "AAAAAAAAAAAAAAAAAAAAAAAAAA.BBBBBB.CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC";
      const checked = await runProgram("bash", ["-c", `cd ${place}/bot && npx --no-install rain discord check`], {
        RAIN_DISCORD_TOKEN: token,
      });
      expect(checked, checked.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining("The configuration is fine") });
      rmSync(place, { recursive: true });
    },
    6 * MINUTE,
  );
});

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
    const nodes = Object.entries(NODES).map(([version, name]) => `node-${version}@npm:${name}`);
    const compilers = Object.entries(COMPILERS).map(([version, name]) => `typescript-${version}@npm:${name}`);
    const langchain = ["langchain", "@langchain/core", "@langchain/langgraph", "zod"].map((name) => `${name}@latest`);
    const peers = Object.entries(manifest.peerDependencies).filter(([name]) => !name.includes("langchain"));
    const others = peers.map(([name, range]) => `${name}@${range}`);
    await npm(folder, "install", join(folder, packed), ...nodes, ...compilers, ...langchain, ...others, "@types/node@20");
  }, 6 * MINUTE);

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

  it.each(Object.keys(COMPILERS))(
    "has declarations of its own without an error under TypeScript %s, where all are checked",
    async (version) => {
      writeFileSync(join(folder, "declared.ts"), DECLARED);
      const compilerOptions = { ...STRICT.compilerOptions, skipLibCheck: false, noEmit: true, pretty: false };
      writeFileSync(join(folder, "tsconfig.declared.json"), JSON.stringify({ compilerOptions, files: ["declared.ts"] }));
      const tsc = join(folder, `node_modules/typescript-${version}/bin/tsc`);
      const { stdout } = await runProgram(process.execPath, [tsc, "-p", join(folder, "tsconfig.declared.json")]);
      const faults = stdout.split("\n").filter((line) => line.includes("error TS"));
      // Those of dependencies are theirs: node-llama-cpp has some.
      expect(faults.filter((line) => !/node_modules\/(?!rain-align\/)/.test(line.split("(")[0] as string))).toEqual([]);
    },
    2 * MINUTE,
  );

  it.each(Object.keys(COMPILERS))(
    "compiles beside today's langchain under TypeScript %s, and runs",
    async (version) => {
      writeFileSync(join(folder, "agent.ts"), AGENT);
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(STRICT));
      const tsc = join(folder, `node_modules/typescript-${version}/bin/tsc`);
      const compiled = await runProgram(process.execPath, [tsc, "-p", folder]);
      expect(compiled, compiled.stdout).toMatchObject({ code: 0 });
      const ran = await runProgram(process.execPath, [join(folder, "out/agent.js")]);
      expect(ran, ran.stderr).toMatchObject({ code: 0, stdout: "2 true number\n" });
    },
    2 * MINUTE,
  );
});
