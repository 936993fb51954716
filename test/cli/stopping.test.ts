import { openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { callRain } from "../support/call-rain.ts";
import { runRain, script } from "../support/run-rain.ts";
import { temporaryFolder, writeTinyModel } from "../support/tiny-model.ts";

const folder = temporaryFolder();
// A model that was never trained finds no end.
const endless = writeTinyModel(join(folder.path, "endless.gguf"));
const searching = writeTinyModel(join(folder.path, "searching.gguf"), { contextSize: 2048 });
const ENDLESS = ["ask", "Hello", "--model", endless, "--max-tokens", "500", "--mode", "vanilla"];
const STOPPED = "rain: Stopped by Ctrl-C\n";
afterAll(() => folder[Symbol.dispose]());

function file(name: string, content: string): string {
  const path = join(folder.path, name);
  writeFileSync(path, content);
  return path;
}

describe("Ctrl-C ends with 130 and one line", () => {
  it("while an answer is written; what was printed until then was judged", async () => {
    // An untrained judge finds nothing good enough, so that every step takes the whole search: seconds pass behind the first word.
    const parameters = ["ask", "Hello", "--quiet", "--model", searching, "--mode", "paper", "--max-tokens", "12"];
    const whole = await callRain(parameters);
    const { stdout, stderr } = await runRain(parameters, {
      code: 130,
      onSaid: script([({ stdout: said }) => said !== "", ({ interrupt }) => interrupt()]),
    });
    expect(stderr).toBe(STOPPED);
    expect(stdout.trimEnd()).not.toBe("");
    expect(whole.stdout).not.toBe(stdout);
    expect(whole.stdout.startsWith(stdout.trimEnd())).toBe(true);
  });

  it("while a prompt is typed", async () => {
    // More than a pipe holds, so that it is being read when it was taken.
    const input = "x".repeat(900_000);
    const said = await runRain(["ask", "-"], { code: 130, input, onInputTaken: ({ interrupt }) => interrupt() });
    expect(said).toMatchObject({ stdout: "", stderr: STOPPED });
  });

  it.each([
    [
      "while llama.cpp is tried in a process of its own, which Ctrl-C ends, too",
      'if (!process.argv[1].endsWith("main.js")) process.kill(0, "SIGINT");',
    ],
    ["as soon as anybody listens", 'process.on("newListener", (name) => name === "SIGINT" && process.kill(process.pid, name));'],
    [
      "at the moment when the command takes over who listens",
      'const { off } = process; process.off = function (...all) { process.kill(process.pid, "SIGINT"); return off.apply(this, all); };',
    ],
  ])("%s", async (_when, code) => {
    const environment = { NODE_OPTIONS: `--import ${pathToFileURL(file("first.mjs", code))}` };
    expect(await runRain(["ask", "hi"], { code: 130, environment })).toMatchObject({ stdout: "", stderr: STOPPED });
  });
});

it("Ctrl-C is told also where something could not be freed behind it", async () => {
  const library = pathToFileURL(join(import.meta.dirname, "../../node_modules/node-llama-cpp/dist/index.js"));
  const code = `import { writeSync } from "node:fs";
  if (process.argv[1].endsWith("main.js")) {
    const { LlamaContext } = await import("${library}");
    LlamaContext.prototype.dispose = () => { writeSync(2, "not freed\\n"); throw new Error("Expected to free the context"); };
  }`;
  const { stderr } = await runRain(ENDLESS, {
    code: 130,
    environment: { NODE_OPTIONS: `--import ${pathToFileURL(file("unfreed.mjs", code))}` },
    onSaid: script([({ stdout: said }) => said !== "", ({ interrupt }) => interrupt()]),
  });
  // The library tries once more as the process ends.
  expect(stderr).toBe(`not freed\n${STOPPED}not freed\n`);
});

describe("output that nobody takes", () => {
  it("ends the work quietly when the reader has read enough", async () => {
    const { stderr } = await runRain(ENDLESS, { onSaid: ({ closeOutput }) => closeOutput() });
    expect(stderr).toBe("");
  });

  const readOnly = openSync(endless, "r");

  it.each([
    ["an answer", ["ask", "Hello", "--mode", "vanilla", "--max-tokens", "8", "--quiet"]],
    ["the help", ["ask", "--help"]],
  ])("is an error in one line where it cannot be written: %s", async (_what, parameters) => {
    const { stderr } = await runRain(parameters, { code: 1, output: readOnly });
    expect(stderr).toMatch(/^rain: Expected to write what there is to say, got: EBADF[^\n]*\n$/);
  });

  it.each([
    ["an object", ["ask", "Hello", "--mode", "vanilla", "--max-tokens", "8", "--json"]],
    ["a diagnosis", ["doctor", "--principle", "harmless"]],
    ["a summary", ["pairs", "--data", file("prompts.txt", "Hello\n"), "--out", join(folder.path, "pairs.jsonl"), "--quiet"]],
  ])("and so it is at the end of each command: %s", async (_what, parameters) => {
    const { stderr } = await callRain(parameters, { code: 1, isOutputLost: true });
    expect(stderr).toBe("rain: Expected to write what there is to say, got: no space left\n");
  });
});
