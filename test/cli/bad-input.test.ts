import { copyFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { runRain } from "../support/run-rain.ts";
import { temporaryFolder, writeTinyModel } from "../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

/** One line on standard error, nothing on standard output, and no stack trace. */
async function complaintOf(parameters: readonly string[], input: string | Uint8Array = ""): Promise<{ code: number; line: string }> {
  const { code, stdout, stderr } = await runRain(parameters, { input });
  expect(stdout).toBe("");
  expect(stderr).toMatch(/^rain: [^\n]+\n$/);
  return { code, line: stderr.trimEnd() };
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
    ["a negative seed", ["ask", "--seed=-1", "hi"], "Expected `--seed` to be an integer from 0 to 4294967295, got `-1` (number)"],
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
    ["an unknown judge", ["ask", "--judging", "loudly", "hi"], "Expected `--judging` to be one of `in-place`, `preamble`, got `loudly`"],
    ["a prompt and a chat", ["ask", "--messages", "chat.json", "hi"], "Expected a prompt or `--messages`, got both"],
    ["a chat that does not exist", ["ask", "--messages", "/no/such.json"], "Expected to read `/no/such.json`, got: ENOENT"],
    ["a principle that does not exist", ["ask", "--principle", "/no/such.yaml", "hi"], "Expected to read `/no/such.yaml`, got: ENOENT"],
  ];

  it.each(cases)("%s", async (_what, parameters, complaint) => {
    const { code, line } = await complaintOf(parameters);
    expect(line).toContain(complaint);
    expect(code).toBe(2);
  });

  it("standard input that is not UTF-8", async () => {
    expect(await complaintOf(["ask", "-"], new Uint8Array([0xff, 0xfe, 0x20]))).toEqual({
      code: 2,
      line: "rain: Expected standard input to be UTF-8 text, got other bytes",
    });
  });

  it("standard input with nothing in it", async () => {
    expect(await complaintOf(["ask", "-"])).toEqual({ code: 2, line: "rain: Expected a prompt with something in it, got an empty one" });
  });

  it("standard input without end", async () => {
    const { line } = await complaintOf(["ask", "-"], "x".repeat(1024 * 1024 + 1));
    expect(line).toBe("rain: Expected standard input to be at most 1048576 bytes long, got more");
  });

  it("no command at all, after the help", async () => {
    const { code, stderr } = await runRain([]);
    expect(stderr).toMatch(/^Usage: rain[\s\S]*\nrain: Expected a command, got none \(see above\)\n$/);
    expect(code).toBe(2);
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
  ];

  it.each(cases)("%s", async (_what, content, complaint) => {
    const { code, line } = await complaintOf(["ask", "--messages", file("chat.json", content)]);
    expect(line).toContain(complaint);
    expect(code).toBe(2);
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
    const { code, line } = await complaintOf(["ask", "--principle", file("principle.yaml", content), "hi"]);
    expect(line).toContain(complaint);
    expect(code).toBe(2);
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

  const models: readonly (readonly [what: string, model: string])[] = [
    ["missing", join(folder.path, "missing.gguf")],
    ["a folder", folder.path],
    ["not a GGUF file", file("text.gguf", "This is a text.")],
    ["empty", file("empty.gguf", "")],
    ["truncated", damaged("truncated.gguf", (path) => truncateSync(path, readFileSync(path).length / 2))],
    ["corrupt", damaged("corrupt.gguf", (path) => writeFileSync(path, readFileSync(path).fill(0xff, 8, 64)))],
    [
      "of an unsupported architecture",
      writeTinyModel(join(folder.path, "unknown.gguf"), { metadata: { "general.architecture": "no-such-architecture" } }),
    ],
  ];

  it.each(models)("%s", async (_what, model) => {
    const { code, line } = await complaintOf(["ask", "--model", model, "hi"]);
    expect(line).toMatch(/Expected .*, got.*/);
    expect(code).toBe(1);
  });

  it("a name on the network, while there is none", async () => {
    // A port that nobody listens on stands in for a network that is down.
    const { code, stderr } = await runRain(["ask", "--model", "hf:nobody/nothing:Q4_K_M", "hi"], {
      environment: { HF_ENDPOINT: "http://127.0.0.1:9/" },
    });
    expect(stderr).toMatch(/^rain: Expected to download `model` `hf:nobody\/nothing:Q4_K_M` \([^\n]*path[^\n]*\), got: [^\n]*\n$/);
    expect(code).toBe(1);
  });

  it("a conversation that is longer than the model's context", async () => {
    const { code, line } = await complaintOf(["ask", "--model", whole, "--mode", "vanilla", "rain ".repeat(400)]);
    expect(line).toContain("Expected at most 511 tokens of context");
    expect(code).toBe(1);
  });

  it("a conversation that is longer than the context that was asked for", async () => {
    const options = ["--model", whole, "--gpu", "none", "--context", "256", "--mode", "vanilla"];
    const asked = await complaintOf(["ask", ...options, "rain ".repeat(300)]);
    expect(asked).toEqual({ code: 1, line: expect.stringContaining("Expected at most 255 tokens of context") });
    const chatted = await complaintOf(["chat", "--quiet", ...options], `${"rain ".repeat(300)}\n`);
    expect(chatted).toEqual({ code: 0, line: expect.stringContaining("Expected at most 255 tokens of context") });
  });
});
