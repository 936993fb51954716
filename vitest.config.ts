import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

// What is kept between runs is kept here only: a judge that an earlier run has fitted would hide that it can no longer be fitted.
const cache = mkdtempSync(join(tmpdir(), "rain-cache-"));
process.env["XDG_CACHE_HOME"] = cache;
process.on("exit", () => rmSync(cache, { recursive: true, force: true }));

// The first one leads from the package's own name to its source, so that no build is needed; the others are Vite's defaults.
const conditions = ["rain-source", "module", "node", "development|production"];

/** Tests of what is built: they run the command, pack the package, run what README says. */
const built = ["test/cli/**/*.test.ts", "test/tooling/**/*.test.ts", "test/*.test.ts", "test/real/eval-resume.test.ts"];

/** Some ten seconds each, or more: attacks at scale, processes that are killed, downloads, real weights, a database server. */
const slow = [
  "test/bench/**/*.test.ts",
  "test/bots/discord/leaks.test.ts",
  "test/bots/store-faults.test.ts",
  "test/bots/store-postgres.test.ts",
  "test/engines/json-format/random-schemas.test.ts",
  "test/engines/llama/{damaged-header,many-answers,rewinds,urial}.test.ts",
  "test/engines/remote/{ahead,chat-rain,connect,fail-closed,vocabulary}.test.ts",
  "test/contracts/{architectures,llama-server}.test.ts",
  "test/training/{embedded-model,held-out}.test.ts",
  "test/integrations/langchain/many-invokes.test.ts",
  "test/bots/guard/guild-judges.test.ts",
  "test/judges/{calibrate,find-judge}.test.ts",
  "test/server/leaks.test.ts",
  "test/real/{same-text,smollm2}.test.ts",
];

const slowBuilt = [
  ...["bad-input", "calibrate", "discord-endings", "discord-process", "doctor", "download", "eval", "eval-judge"],
  ...["judge-warning", "pairs", "shift", "stopping", "urial"],
]
  .map((name) => `test/cli/${name}.test.ts`)
  .concat("test/examples.test.ts", "test/real/eval-resume.test.ts", "test/tooling/{native,newest-langchain,peers,release}.test.ts");

/** They load a model, or go through many layers at once. */
const integration = [
  "test/bots/*.test.ts",
  "test/bots/discord/**/*.test.ts",
  "test/bots/guard/{inference,respond}.test.ts",
  "test/contracts/{chat-rain,llama-engine,remote-engine}.test.ts",
  "test/engines/{llama,remote}/**/*.test.ts",
  "test/evaluation/{pairs/world-pairs,readers/readers,run/evaluate,shift/measure,shift/page}.test.ts",
  "test/integrations/langchain/{chat-rain,embedded-model,engine-judge,ways-around}.test.ts",
  "test/judges/{another-model,places}.test.ts",
  "test/server/{openai,page}.test.ts",
  "test/tools/families.test.ts",
  "test/trace/trace-page.test.ts",
];

/** Takes LangChain from a folder in which another one is installed than the pinned one. */
const otherLangChain = (folder: string): Plugin => ({
  name: "other-langchain",
  enforce: "pre",
  async resolveId(name) {
    if (!/^(@langchain\/|langchain(\/|$))/.test(name)) return undefined;
    const found = await this.resolve(name, join(folder, "package.json"), { skipSelf: true });
    if (found === null || !found.id.startsWith(folder)) throw new Error(`Expected ${name} in ${folder}, got none`);
    return found;
  },
});

const { RAIN_LANGCHAIN: folder } = process.env;

const shared = {
  plugins: folder === undefined ? [] : [otherLangChain(folder)],
  resolve: { conditions },
  ssr: { resolve: { conditions } },
};

const source = {
  // Importing LangChain, discord.js and node-llama-cpp takes longer than most files' tests: a worker does it once.
  isolate: false,
  testTimeout: 60_000,
  hookTimeout: 60_000,
};

const program = { globalSetup: ["test/support/build.ts"], testTimeout: 120_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    reporters: ["default", ["json", { outputFile: "test-report.json" }]],
    maxWorkers: 2,
    projects: [
      { ...shared, test: { ...source, name: "unit", include: ["test/**/*.test.ts"], exclude: [...built, ...slow, ...integration] } },
      { ...shared, test: { ...source, name: "integration", include: integration, exclude: slow } },
      { ...shared, test: { ...source, name: "slow", include: slow } },
      {
        ...shared,
        test: {
          name: "types",
          include: [],
          // A type test that is left out of this tsconfig is green whatever it says: a test in test/tooling sees one go red.
          typecheck: { enabled: true, only: true, include: ["test/**/*.test-d.ts"], tsconfig: "tsconfig.type-tests.json" },
        },
      },
      { ...shared, test: { ...program, name: "built", include: built, exclude: slowBuilt } },
      { ...shared, test: { ...program, name: "slow-built", include: slowBuilt } },
    ],
  },
});
