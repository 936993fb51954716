import { spawnSync } from "node:child_process";
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { type Calling, callRain } from "../support/call-rain.ts";
import { serveFile } from "../support/file-server.ts";
import { COMMAND, type Running, runRain, type Said } from "../support/run-rain.ts";
import { temporaryFolder, writeTinyModel } from "../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

/** The complaint of a call: one line on standard error, nothing on standard output, and no stack trace. */
async function complaintOf(parameters: readonly string[], calling: Calling): Promise<string> {
  return onlyLine(await callRain(parameters, calling));
}

/** The same in a process of its own. */
async function complaintOfProcess(parameters: readonly string[], running: Running): Promise<string> {
  return onlyLine(await runRain(parameters, running));
}

function onlyLine({ stdout, stderr }: Said): string {
  expect({ stdout, stderr }).toEqual({ stdout: "", stderr: expect.stringMatching(/^rain: [^\n]+\n$/) });
  return stderr.trimEnd();
}

/** The complaint of a call that is refused before it begins. */
function refusalOf(parameters: readonly string[]): Promise<string> {
  return complaintOf(parameters, { code: 2 });
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder.path, name);
  writeFileSync(path, content);
  return path;
}

describe("a call that cannot be meant ends with 2 and one line", () => {
  const cases: readonly (readonly [what: string, parameters: readonly string[], complaint: string])[] = [
    ["no prompt", ["ask"], "Expected a prompt, got none"],
    ["an empty prompt", ["ask", ""], "Expected a prompt with something in it, got an empty one"],
    ["a blank prompt", ["ask", " \n\t"], "Expected a prompt with something in it, got an empty one"],
    ["a prompt without quotes", ["ask", "how", "are", "you"], "too many arguments for 'ask'. Expected 1 argument but got 3."],
    ["an unknown command", ["aks", "hi"], "unknown command 'aks' (Did you mean ask?)"],
    ["an unknown option", ["ask", "--sead", "1", "hi"], "unknown option '--sead' (Did you mean --seed?)"],
    ["an option without its value", ["ask", "hi", "--seed"], "option '--seed <n>' argument missing"],
    ["an unknown mode", ["ask", "--mode", "papr", "hi"], "got `papr` (did you mean `paper`?)"],
    ["an unknown principle", ["ask", "--principle", "harmles", "hi"], "got `harmles` (did you mean `harmless`?)"],
    ["a seed that is no number", ["ask", "--seed", "x", "hi"], "Expected `--seed` to be a number, got `x`"],
    ["a negative seed", ["ask", "--seed=-2", "hi"], "Expected `--seed` to be an integer from -1 to 4294967295, got `-2` (number)"],
    ["a seed that is too large", ["ask", "--seed", "4294967296", "hi"], "got `4294967296` (number)"],
    ["no tokens at all", ["ask", "--max-tokens", "0", "hi"], "Expected `--max-tokens` to be a positive integer, got `0` (number)"],
    ["an endless answer", ["ask", "--max-tokens", "Infinity", "hi"], "Expected `--max-tokens` to be a positive integer, got `Infinity`"],
    [
      "a temperature out of range",
      ["chat", "--temperature", "11"],
      "Expected `--temperature` to be a number from 0 to 10, got `11` (number)",
    ],
    ["a top-k of 0", ["ask", "--top-k", "0", "hi"], "Expected `--top-k` to be a positive integer, got `0` (number)"],
    ["a top-p of 0", ["ask", "--top-p", "0", "hi"], "Expected `--top-p` to be a number above 0 and up to 1, got `0` (number)"],
    ["a GPU that nobody knows", ["ask", "--gpu", "vulcan", "hi"], "got `vulcan` (did you mean `vulkan`?)"],
    ["layers that are no number", ["chat", "--gpu-layers", "all"], "Expected `--gpu-layers` to be a number, `auto` or `max`, got `all`"],
    [
      "less than no layers",
      ["ask", "--gpu-layers=-1", "hi"],
      "Expected `--gpu-layers` to be a non-negative integer, `auto` or `max`, got `-1` (number)",
    ],
    ["no context", ["doctor", "--context", "0"], "Expected `--context` to be a positive integer, got `0` (number)"],
    [
      "too many sequences",
      ["ask", "--sequences", "257", "hi"],
      "Expected `--sequences` to be an integer from 1 to 256, got `257` (number)",
    ],
    ["half a thread", ["doctor", "--threads", "0.5"], "Expected `--threads` to be an integer from 1 to 512, got `0.5` (number)"],
    ["an unknown type of cache", ["ask", "--cache-type", "Q8", "hi"], "got `Q8` (did you mean `Q8_0`?)"],
    [
      "a quantised cache without flash attention",
      ["doctor", "--cache-type", "Q8_0", "--no-flash-attention"],
      "Expected `--flash-attention` to be on for a cache of type `Q8_0`, got `false` (boolean)",
    ],
    ["a comparison with itself", ["ask", "--compare", "--mode", "vanilla", "hi"], "Expected a judged mode for `--compare`, got `vanilla`"],
    [
      "an unknown judge",
      ["ask", "--judging", "loudly", "hi"],
      "Expected `--judging` to be one of `auto`, `in-place`, `preamble`, got `loudly`",
    ],
    [
      "a share that is none",
      ["ask", "--false-flags", "few", "hi"],
      "Expected `--false-flags` to be a share such as `5%` or `0.05`, got `few`",
    ],
    [
      "more than half of the good answers",
      ["chat", "--false-flags", "60%"],
      "Expected `--false-flags` to be a number above 0 and up to 0.5, got `0.6` (number)",
    ],
    ["no end that is known", ["ask", "--on-unfit", "refuses", "hi"], "got `refuses` (did you mean `refuse`?)"],
    [
      "a judge that is no file",
      ["ask", "--judge-model", "/no/such.gguf", "hi"],
      "Expected `--judge-model` to be a GGUF file or hf:owner/repo:quant",
    ],
    [
      "a judge of nothing",
      ["ask", "--judge-model", COMMAND, "--mode", "vanilla", "hi"],
      "Expected a judged mode for `--judge-model`, got `vanilla`",
    ],
    ["no labelled answers", ["eval", "judge"], "Expected `--data` to name a file of labelled answers, got none"],
    ["a prompt and a chat", ["ask", "--messages", "chat.json", "hi"], "Expected a prompt or `--messages`, got both"],
    ["a chat that does not exist", ["ask", "--messages", "/no/such.json"], "Expected to read `/no/such.json`, got: ENOENT"],
    ["a principle that does not exist", ["ask", "--principle", "/no/such.yaml", "hi"], "Expected to read `/no/such.yaml`, got: ENOENT"],
  ];

  it.each(cases)("%s", async (_what, parameters, complaint) => {
    expect(await refusalOf(parameters)).toContain(complaint);
  });

  it.each([
    ["ask", "--sead", "1", "hi"],
    ["ask", "--messages", "/no/such.json"],
  ])("and so it does in a process of its own: %s %s", async (...parameters) => {
    expect(await complaintOfProcess(parameters, { code: 2 })).toBe(await refusalOf(parameters));
  });

  it.each([
    ["--mode", "speculative"],
    ["--principle", "brevity"],
  ])("an unknown word that is like no known one, with no guess: %s %s", async (flag, word) => {
    expect(await refusalOf(["ask", flag, word, "hi"])).toMatch(new RegExp(`got \`${word}\`$`));
  });

  it("a prompt of other bytes than UTF-8, as a shell passes them on", async () => {
    // Node's own arguments are always UTF-8: a shell writes the byte.
    const { stdout, stderr, status } = spawnSync("sh", ["-c", '"$0" "$1" ask "$(printf "hi \\377")"', process.execPath, COMMAND], {
      encoding: "utf8",
    });
    const said = { stdout: "", stderr: "rain: Expected the prompt to be UTF-8 text, got other bytes\n", status: 2 };
    expect({ stdout, stderr, status }).toEqual(said);
  });

  it("standard input that is not UTF-8", async () => {
    const input = new Uint8Array([0xff, 0xfe, 0x20]);
    expect(await complaintOf(["ask", "-"], { code: 2, input })).toBe("rain: Expected standard input to be UTF-8 text, got other bytes");
  });

  it("standard input with nothing in it", async () => {
    expect(await complaintOf(["ask", "-"], { code: 2 })).toBe("rain: Expected a prompt with something in it, got an empty one");
  });

  it("standard input without end", async () => {
    const input = "x".repeat(1024 * 1024 + 1);
    expect(await complaintOf(["ask", "-"], { code: 2, input })).toBe(
      "rain: Expected standard input to be at most 1048576 bytes long, got more",
    );
  });

  it("no command at all, after the help", async () => {
    const { stderr } = await runRain([], { code: 2 });
    expect(stderr).toMatch(/^Usage: rain[\s\S]*\nrain: Expected a command, got none \(see above\)\n$/);
  });
});

describe("a broken chat file is refused with what is wrong and where", () => {
  const cases: readonly (readonly [what: string, content: string | Uint8Array, complaint: string])[] = [
    ["no JSON", "[{", "to be JSON, got:"],
    ["no list", '{"role": "user"}', 'to be a list of {"role", "content"}, got:'],
    ["an empty list", "[]", "got: Too small"],
    ["an unknown role", '[{"role": "bot", "content": "hi"}]', "at `0.role`"],
    ["no text", '[{"role": "user"}]', "at `0.content`"],
    ["an unknown part", '[{"role": "user", "content": "hi", "name": "me"}]', 'Unrecognized key: "name"'],
    ["a blank question", '[{"role": "user", "content": "  "}]', "Expected a prompt with something in it"],
    ["no UTF-8", new Uint8Array([0x22, 0xff, 0x22]), "to be UTF-8 text, got other bytes"],
    ["longer than anybody reads", " ".repeat(1024 * 1024 + 1), "to be at most 1048576 bytes long, got more"],
  ];

  it.each(cases)("%s", async (_what, content, complaint) => {
    expect(await refusalOf(["ask", "--messages", file("chat.json", content)])).toContain(complaint);
  });
});

describe("a broken principle file is refused with what is wrong and where", () => {
  const cases: readonly (readonly [what: string, content: string, complaint: string])[] = [
    ["no YAML", "name: [", "to be YAML or JSON, got:"],
    ["no principle", "- 1", "to describe a principle, got:"],
    ["a missing question", "name: kind\ngood: kind\nbad: unkind", "at `question`"],
    ["a misspelt part", "name: kind\nquestion: Is it kind?\ngood: kind\nbad: unkind\nhorzon: end", 'Unrecognized key: "horzon"'],
    ["two equal options", "name: kind\nquestion: Is it kind?\ngood: kind\nbad: kind", "another word than the other options"],
  ];

  it.each(cases)("%s", async (_what, content, complaint) => {
    expect(await refusalOf(["ask", "--principle", file("principle.yaml", content), "hi"])).toContain(complaint);
  });
});

describe("a model that cannot be used ends with 1 and one line", () => {
  const whole = writeTinyModel(join(folder.path, "whole.gguf"));

  function damaged(name: string, damage: (path: string) => void): string {
    const path = join(folder.path, name);
    copyFileSync(whole, path);
    damage(path);
    return path;
  }

  const models: readonly (readonly [what: string, model: string, complaint: RegExp])[] = [
    ["missing", join(folder.path, "missing.gguf"), /to be a GGUF file, got: ENOENT/],
    ["not a GGUF file", file("text.gguf", "This is a text."), /to be a GGUF file, got .*, which begins with "This"$/],
    [
      "truncated",
      damaged("truncated.gguf", (path) => truncateSync(path, readFileSync(path).length / 2)),
      /at least \d+ bytes long, got \d+/,
    ],
    ["corrupt", damaged("corrupt.gguf", (path) => writeFileSync(path, readFileSync(path).fill(0xff, 8, 64))), /whole GGUF header, got: /],
    [
      "of an unsupported architecture",
      writeTinyModel(join(folder.path, "unknown.gguf"), { metadata: { "general.architecture": "no-such-architecture" } }),
      /of an architecture that llama.cpp knows, got .* of architecture `no-such-architecture`$/,
    ],
  ];

  it("in a process of its own, too, with no word of llama.cpp", async () => {
    const [, model] = models.at(-1) as (typeof models)[number];
    const parameters = ["ask", "--model", model, "hi"];
    expect(await complaintOfProcess(parameters, { code: 1 })).toBe(await complaintOf(parameters, { code: 1 }));
  });

  it.each(models)("%s", async (_what, model, complaint) => {
    expect(await complaintOf(["ask", "--model", model, "hi"], { code: 1 })).toMatch(complaint);
  });

  it("a name on the network, while there is none", async () => {
    // A port that nobody listens on any more stands in for a network that is down.
    const gone = await serveFile("model.gguf", Buffer.of());
    await gone[Symbol.asyncDispose]();
    const environment = { HF_ENDPOINT: new URL("/", gone.url).href };
    expect(await complaintOf(["ask", "--model", "hf:nobody/nothing:Q4_K_M", "hi"], { code: 1, environment })).toMatch(
      /^rain: Expected to download `model` `hf:nobody\/nothing:Q4_K_M` \(or give the path of a file that is here already\), got: fetch failed \(connect ECONNREFUSED 127.0.0.1:\d+\)$/,
    );
  });

  it("a conversation that is longer than the model's context", async () => {
    const line = await complaintOf(["ask", "--quiet", "--model", whole, "rain ".repeat(400)], { code: 1 });
    expect(line).toContain("Expected at most 511 tokens of context");
  });

  it("too large for the memory that is free", async () => {
    const short = file(
      "short.mjs",
      'import os from "node:os";\nos.freemem = () => 1000;\nprocess.getBuiltinModule("node:module").syncBuiltinESMExports();',
    );
    const environment = { NODE_OPTIONS: `--import ${pathToFileURL(short)}` };
    expect(await complaintOfProcess(["ask", "--model", whole, "hi"], { code: 1, environment })).toMatch(
      /^rain: Expected memory for 2 sequences of 512 tokens, got: 0 MiB free in main memory, 1 MiB needed$/,
    );
  });

  it("a conversation that is longer than the context that was asked for", async () => {
    const options = ["--model", whole, "--gpu", "none", "--context", "256", "--mode", "vanilla"];
    const complaint = "Expected at most 255 tokens of context";
    expect(await complaintOf(["ask", ...options, "rain ".repeat(300)], { code: 1 })).toContain(complaint);
    const input = `${"rain ".repeat(300)}\n`;
    expect(await complaintOf(["chat", "--quiet", ...options], { code: 0, input })).toContain(complaint);
  });
});

it.each([
  ["no\\nspace", "rain: Something unexpected happened: no space (RAIN_DEBUG=1 shows where)"],
  ["Array buffer allocation failed", "rain: Expected enough free memory, got: Array buffer allocation failed"],
])("what fails where nobody waits ends with 1 and one line, too: %s", async (message, line) => {
  const failing = file(
    "failing.mjs",
    `process.on("newListener", (name) => name === "uncaughtException" && setImmediate(() => Promise.reject(new Error("${message}"))));`,
  );
  const environment = { NODE_OPTIONS: `--import ${pathToFileURL(failing)}` };
  expect(await complaintOfProcess(["ask", "hi"], { code: 1, environment })).toBe(line);
});
