import { defineConfig } from "vitest/config";

// The first one leads from the package's own name to its source, so that no build is needed; the others are Vite's defaults.
const conditions = ["rain-source", "module", "node", "development|production"];

/** Tests of what is built: they run the command, pack the package, run what README says. */
const built = ["test/cli/**/*.test.ts", "test/tooling/**/*.test.ts", "test/*.test.ts"];

const shared = {
  resolve: { conditions },
  ssr: { resolve: { conditions } },
};

export default defineConfig({
  test: {
    reporters: ["default", ["json", { outputFile: "test-report.json" }]],
    maxWorkers: 2,
    projects: [
      {
        ...shared,
        test: {
          name: "source",
          include: ["test/**/*.test.ts"],
          exclude: built,
          // Importing LangChain, discord.js and node-llama-cpp takes longer than most files' tests: a worker does it once.
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...shared,
        test: {
          name: "types",
          include: [],
          // A type test that is left out of this tsconfig is green whatever it says: a test in test/tooling sees one go red.
          typecheck: { enabled: true, only: true, include: ["test/**/*.test-d.ts"], tsconfig: "tsconfig.type-tests.json" },
        },
      },
      {
        ...shared,
        test: { name: "built", include: built, globalSetup: ["test/support/build.ts"], testTimeout: 120_000, hookTimeout: 120_000 },
      },
    ],
  },
});
