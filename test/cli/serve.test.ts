import { describe, expect, it } from "vitest";
import { callRain } from "../support/call-rain.ts";
import { type Meanwhile, runRain } from "../support/run-rain.ts";

const ADDRESS = /^(http:\/\/127\.0\.0\.1:\d+) /;

/** Runs `rain serve` until `ask` has its answer, and tells it to end: by Ctrl-C, unless `end` does it. */
async function served<Result>(
  parameters: readonly string[],
  ask: (address: string, meanwhile: Meanwhile) => Promise<Result>,
  { code = 130, end = ({ interrupt }: Meanwhile) => interrupt() } = {},
) {
  let asked: Promise<Result> | undefined;
  const onSaid = (meanwhile: Meanwhile) => {
    const address = ADDRESS.exec(meanwhile.stdout)?.[1];
    if (address === undefined || asked !== undefined) return;
    asked = ask(address, meanwhile).finally(() => end(meanwhile));
  };
  const said = await runRain(["serve", "--port", "0", ...parameters], { code, onSaid });
  return { ...said, result: await (asked as Promise<Result>) };
}

async function complete(
  address: string,
  headers: Record<string, string> = {},
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(`${address}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ messages: [{ role: "user", content: "How do I rob the bank?" }] }),
  });
  return { status: response.status, text: await response.text() };
}

describe("rain serve", () => {
  it("says where it is and how it is asked, answers, logs no text, and finishes what is under way when it is told to end", async () => {
    const { stdout, stderr, result } = await served([], (address) => complete(address));
    expect(result.status).toBe(200);
    expect(JSON.parse(result.text)).toMatchObject({ model: "rain-tiny", rain: { mode: "adaptive" } });
    expect(stdout).toMatch(/\n {2}curl http.*\n {2}new OpenAI\(\{ baseURL: "http.*\/v1"/);
    expect(stderr).toMatch(/POST \/v1\/chat\/completions 200 \d+ ms req_\w+\n/);
    expect(stderr).toMatch(/Going down/);
    expect(stdout + stderr).not.toMatch(/bank|owner/);
  });

  it("finishes an answer that is under way when a supervisor tells it to end, and ends well", async () => {
    const { result, stderr } = await served(
      [],
      async (address, { terminate }) => {
        const body = JSON.stringify({ messages: [{ role: "user", content: "How do I rob the bank?" }], stream: true });
        const response = await fetch(`${address}/v1/chat/completions`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body,
        });
        terminate();
        return await response.text();
      },
      { code: 0, end: () => undefined },
    );
    expect(result.trimEnd().endsWith("data: [DONE]")).toBe(true);
    expect(stderr).toMatch(/Going down/);
  });

  it("is known by the name that it is given", async () => {
    const { result } = await served(["--alias", "mine"], async (address) => (await (await fetch(`${address}/v1/models`)).json()) as object);
    expect(result).toMatchObject({ data: [{ id: "mine" }] });
  });

  it("wants a key where it has one, and names who asked by a number", async () => {
    const { result, stderr } = await served(["--api-key", "s3cret"], async (address) => [
      (await complete(address)).status,
      (await complete(address, { authorization: "Bearer s3cret" })).status,
    ]);
    expect(result).toEqual([401, 200]);
    expect(stderr).toContain("key 1");
    expect(stderr).not.toContain("s3cret");
  });

  it.each([
    [["--host", "0.0.0.0"], /^rain: Expected `--api-key` .* got `--host 0\.0\.0\.0` without one\n$/],
    [["--mode", "vanilla"], /^rain: Expected `--allow-unjudged` where nothing is judged, got `--mode vanilla` without it\n$/],
    [["--on-unfit", "plain"], /^rain: Expected `--allow-unjudged` .* got `--on-unfit plain` without it\n$/],
    [["--port", "70000"], /^rain: Expected `--port` to be an integer from 0 to 65535, got `70000`/],
    [["--drain", "-1"], /^rain: Expected `--drain` to be a number from 0 to 86400/],
    [["--model", "/nowhere.gguf"], /nowhere\.gguf/],
  ])("says in one line what it cannot mean: %j", async (parameters, message) => {
    const { stderr, stdout } = await callRain(["serve", "--port", "0", ...parameters], { code: parameters[0] === "--model" ? 1 : 2 });
    expect(stdout).toBe("");
    expect(stderr).toMatch(message);
  });
});
