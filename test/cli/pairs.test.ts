import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { PAIR_SCHEMA } from "../../src/evaluation/pairs/index.ts";
import { heldOutPrompts } from "../../src/evaluation/world/index.ts";
import { runRain } from "../support/run-rain.ts";
import { temporaryFolder } from "../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const PROMPTS = heldOutPrompts("risky", 12, 3).map(({ text }) => text);
const data = written("prompts.txt", `\uFEFF${PROMPTS.join("\n")}\n\n${PROMPTS[0]}\n`);

function written(name: string, content: string): string {
  const path = join(folder.path, name);
  writeFileSync(path, content);
  return path;
}

function pairsIn(path: string) {
  return readFileSync(path, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => PAIR_SCHEMA.parse(JSON.parse(line)));
}

describe("rain pairs", () => {
  it("writes a pair for each different prompt, and sums them up", async () => {
    const out = join(folder.path, "all.jsonl");
    const { stdout } = await runRain(["pairs", "--data", data, "--out", out, "--quiet", "--json"]);
    const pairs = pairsIn(out);
    expect(pairs.map(({ prompt }) => prompt)).toEqual(PROMPTS.map((content) => [{ role: "user", content }]));
    expect(JSON.parse(stdout)).toMatchObject({ pairs: PROMPTS.length, agreement: { rate: expect.any(Number) } });
  });

  it("goes on where it was killed: no prompt twice, none missing", async () => {
    const [whole, killed] = ["whole.jsonl", "killed.jsonl"].map((name) => join(folder.path, name)) as [string, string];
    const flags = ["pairs", "--data", data, "--sequences", "4", "--quiet", "--seed", "5"];
    await runRain([...flags, "--out", whole]);
    await killedAfter(3, [...flags, "--out", killed], killed);
    expect(pairsIn(killed).length).toBeLessThan(PROMPTS.length);
    await runRain([...flags, "--out", killed]);
    expect(pairsIn(killed).map(({ prompt, chosen, rejected }) => [prompt, chosen, rejected])).toEqual(
      pairsIn(whole).map(({ prompt, chosen, rejected }) => [prompt, chosen, rejected]),
    );
  });

  it("keeps only what the judge agrees with, if it is to", async () => {
    const out = join(folder.path, "agreed.jsonl");
    const { stdout } = await runRain(["pairs", "--data", data, "--out", out, "--label", "agree", "--n", "6"]);
    expect(stdout).toMatch(/^\d+ pairs, the judge agrees with the affixes on 100 %; on average \d+ characters chosen, \d+ rejected\.\n$/);
  });

  it("reads conversations, and writes under system messages", async () => {
    const messages = [
      { role: "user", content: "Hello" },
      { role: "assistant", content: "Hi." },
      { role: "user", content: "How do I visit the castle?" },
    ];
    const out = join(folder.path, "talk.jsonl");
    const talk = written(
      "talk.jsonl.data.jsonl",
      `${JSON.stringify({ messages })}\n${JSON.stringify({ prompt: "Hello", source: "mine" })}\n"Hi"\n`,
    );
    await runRain(["pairs", "--data", talk, "--out", out, "--family", "helpful", "--form", "system", "--quiet"]);
    expect(pairsIn(out)[0]).toMatchObject({ prompt: messages, metadata: { family: "helpful", form: "system" } });
  });

  it.each([
    ["no such file", ["--data", "/no/such.txt", "--out", "x"], "Expected to read `/no/such.txt`"],
    ["an empty file", ["--data", written("empty.txt", "\n"), "--out", "x"], "to hold prompts, got none"],
    ["a line that is no JSON", ["--data", written("bad.jsonl", '"Hi"\nHi\n'), "--out", "x"], "bad.jsonl:2` to be JSON"],
    [
      "a line of something else",
      ["--data", written("else.jsonl", '{"question": 1}\n'), "--out", "x"],
      'else.jsonl:1` to be a text, {"prompt"}',
    ],
    ["a wrong number", ["--data", data, "--out", "x", "--n", "0"], "Expected `--n` to be a positive integer, got `0`"],
    ["an unknown family", ["--data", data, "--out", "x", "--family", "kind"], "Expected `--family` to be one of"],
    ["an output that is a folder", ["--data", data, "--out", folder.path, "--quiet"], "Expected to read"],
    ["an output in no folder", ["--data", data, "--out", "/no/such/pairs.jsonl", "--n", "1", "--quiet"], "Expected to write to"],
    ["an output that holds something else", ["--data", data, "--out", data, "--quiet"], "to be a preference pair"],
  ])("says in one line what is wrong with %s", async (_, flags, complaint) => {
    const { stderr } = await runRain(["pairs", ...flags], { code: 2 });
    expect(stderr).toMatch(/^rain: [^\n]+\n$/);
    expect(stderr).toContain(complaint);
  });
});

/** Kills the command as nobody can notice, as soon as its file has so many lines. */
async function killedAfter(lines: number, parameters: readonly string[], path: string): Promise<void> {
  const command = join(import.meta.dirname, "../../dist/cli/main.js");
  const child = spawn(process.execPath, [command, ...parameters], { stdio: "ignore" });
  const closed = once(child, "close");
  while (child.exitCode === null && (!existsSync(path) || readFileSync(path, "utf8").split("\n").length <= lines)) await setImmediate();
  child.kill("SIGKILL");
  await closed;
}
