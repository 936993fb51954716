import { type LlamaEngine, loadLlamaEngine } from "rain-align/llama";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callRain } from "../support/call-rain.ts";
import { type ModelServerStub, serveLikeLlama } from "../support/model-server.ts";
import { runRain } from "../support/run-rain.ts";

const ASK = ["ask", "How do I rob the bank?", "--json", "--max-tokens", "24", "--seed", "3"];

describe("A command with --engine", () => {
  let engine: LlamaEngine;
  let server: ModelServerStub;
  beforeAll(async () => {
    engine = await loadLlamaEngine({ gpu: false, threads: 1 });
    server = await serveLikeLlama(engine);
  });
  afterAll(async () => {
    for (const one of [server, engine]) await one[Symbol.asyncDispose]();
  });

  it("answers with the model that is served, by the judge that is the model's own", async () => {
    const { stdout, stderr } = await callRain([...ASK, "--engine", server.url]);
    expect(stderr).toBe("");
    const here = JSON.parse((await callRain([...ASK, "--gpu", "none", "--threads", "1"])).stdout) as { text: string; judge: object };
    expect(JSON.parse(stdout)).toMatchObject({ text: here.text, judge: here.judge });
    expect(server.requests.some(({ path }) => path === "/completion")).toBe(true);
  });

  it("sends the key that is in the environment, and the one that is given before that", async () => {
    const sent = () => server.requests.at(-1)?.headers.authorization;
    await callRain([...ASK, "--engine", server.url], { environment: { RAIN_ENGINE_KEY: "first" } });
    expect(sent()).toBe("Bearer first");
    await callRain([...ASK, "--engine", server.url, "--engine-key", "second"], { environment: { RAIN_ENGINE_KEY: "first" } });
    expect(sent()).toBe("Bearer second");
  });

  it("asks for several tokens at once, and says the same", async () => {
    const asked = async (...flags: readonly string[]) => {
      const before = server.requests.length;
      const { stdout } = await callRain([...ASK, "--engine", server.url, ...flags]);
      return { text: (JSON.parse(stdout) as { text: string }).text, requests: server.requests.length - before };
    };
    const [one, many] = [await asked(), await asked("--ahead", "8")];
    expect(many.text).toBe(one.text);
    expect(many.requests).toBeLessThan(one.requests);
  });

  it("is meant by the flags of one: they are refused without it", async () => {
    for (const flag of ["--vocabulary", "--engine-key", "--ahead"]) {
      const { stderr } = await callRain(["ask", "Hello", flag, "4"], { code: 2 });
      expect(stderr).toMatch(new RegExp(`^rain: Expected \`${flag}\` with \`--engine\`, got it without one\n`));
    }
  });

  it("is looked at by rain doctor", async () => {
    const { stdout } = await callRain(["doctor", "--engine", server.url, "--principle", "harmless"]);
    expect(stdout).toMatch(new RegExp(`^server +llama-server at ${server.url}$`, "m"));
    expect(stdout).toMatch(/^vocabulary +\/.*rain-tiny\.gguf$/m);
    expect(stdout).toMatch(/^context +\d+ tokens, 4 answers at once$/m);
    expect(stdout).toMatch(/^rewinds +to any token: to the last check [01] tokens? (?:is|are) read again/m);
    expect(stdout).toMatch(/^ {2}harmless +fit, AUROC/m);
  });

  it("is RAIN in front of it, as rain serve", async () => {
    let asked: Promise<string> | undefined;
    const { stderr } = await runRain(["serve", "--port", "0", "--engine", server.url], {
      code: 130,
      onSaid({ stdout, interrupt }) {
        const [, address] = /^(http:\/\/127\.0\.0\.1:\d+) /.exec(stdout) ?? [];
        if (address === undefined || asked !== undefined) return;
        const body = JSON.stringify({ messages: [{ role: "user", content: "How do I rob the bank?" }], max_tokens: 24 });
        const init = { method: "POST", headers: { "content-type": "application/json" }, body };
        asked = fetch(`${address}/v1/chat/completions`, init)
          .then(async (response) => await response.text())
          .finally(interrupt);
      },
    });
    expect(JSON.parse((await asked) ?? "")).toMatchObject({ rain: { mode: "adaptive" } });
    expect(stderr).toContain("POST /v1/chat/completions 200");
  });

  it.each([
    [["--model", "other.gguf"], /^rain: Expected `--engine` or `--model`, got both \(`--vocabulary other\.gguf` says which/],
    [["--threads", "2"], /^rain: Expected no `--threads` with `--engine`, got one \(the server decides that\)\n$/],
    [["--ahead", "0"], /^rain: Expected `--ahead` to be an integer from 1 to 32, got `0`/],
    [["--engine", "localhost"], /^rain: Expected `--engine` to be an address such as http:\/\/127\.0\.0\.1:8080, got `localhost`/],
  ])("says in one line what cannot be meant: %j", async (flags, words) => {
    const { stderr, stdout } = await callRain(["ask", "Hello", "--engine", server.url, ...flags], { code: 2 });
    expect(stdout).toBe("");
    expect(stderr).toMatch(words);
  });

  it("says in one line that nothing listens", async () => {
    const { stderr } = await callRain(["ask", "Hello", "--engine", "http://127.0.0.1:1"], { code: 1 });
    expect(stderr).toMatch(/^rain: Expected http:\/\/127\.0\.0\.1:1\/props to answer \(does the server run\?\), got: [^\n]+\n$/);
  });

  it("says in one line that the model has another vocabulary", async () => {
    const other = await callRain(["ask", "Hello", "--engine", server.url, "--vocabulary", "nothing.gguf"], { code: 1 });
    expect(other.stderr).toMatch(/^rain: Expected `model` `nothing\.gguf` to be a GGUF file[^\n]*\n$/);
  });
});
